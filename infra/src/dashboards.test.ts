/** Dashboard and alerts name metrics that exist, with labels that they have. */
import { readFileSync } from 'node:fs';
import { createMetrics } from '@parcelpost/shared/metrics.js';
import { addDatabaseGauges } from '@parcelpost/shared/metrics-database.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const file = (name: string) => readFileSync(new URL(`../dashboards/${name}`, import.meta.url), 'utf8');

/** Labels of each metric by its name; those of every metric are added. */
async function knownMetrics(): Promise<Map<string, string[]>> {
  const known = new Map<string, string[]>();
  for (const role of ['producer', 'worker'] as const) {
    const { registry } = createMetrics(role);
    // biome-ignore lint/suspicious/noExplicitAny: one method of many
    if (role === 'producer') addDatabaseGauges(registry, { raw: (async () => ({ rows: [] })) as any });
    for (const metric of registry.getMetricsAsArray()) {
      const labels = (metric as unknown as { labelNames: string[] }).labelNames;
      const suffixes =
        (metric as unknown as { type: string }).type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      for (const suffix of suffixes) known.set(metric.name + suffix, [...labels, 'role', 'instance', 'le']);
    }
  }
  return known;
}

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string; description: string };
  labels: { severity: string };
}
interface Panel {
  id: number;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string; legendFormat: string }[];
}

const rules = (parse(file('alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(file('parcelpost.json')) as { panels: Panel[] };
const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => [title, expr] as const)),
];
const NAMES = /\b(?:parcelpost|nodejs|process)_\w+/g;

describe.each(expressions)('%s', (_, expr) => {
  it(`asks for what is there: ${expr}`, async () => {
    const known = await knownMetrics();
    const names = expr.match(NAMES) ?? [];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect([...known.keys()]).toContain(name);
    const labels = names.flatMap((name) => known.get(name) ?? []);
    const asked = [
      ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', ')),
      ...[...expr.matchAll(/[{,]\s*(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label),
    ];
    for (const label of asked) expect(labels).toContain(label);
    const { length: opened } = expr.match(/[([{]/g) ?? [];
    expect(expr.match(/[)\]}]/g) ?? []).toHaveLength(opened);
  });
});

it('every metric of ours is shown by the dashboard', async () => {
  const shown = new Set(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(NAMES) ?? [])));
  const forgotten = [...(await knownMetrics()).keys()].filter(
    (name) => name.startsWith('parcelpost_') && !/_(sum|count|bucket)$/.test(name) && !shown.has(name),
  );
  expect(forgotten).toEqual([]);
});

it('every legend names labels that its expression keeps', () => {
  for (const { targets } of panels) {
    for (const { expr, legendFormat } of targets) {
      const kept = /\bby \(([^)]*)\)/.test(expr)
        ? [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
        : ['role', 'instance'];
      for (const [, label] of legendFormat.matchAll(/{{(\w+)}}/g)) expect(kept).toContain(label);
    }
  }
});

it('panels do not lie upon each other', () => {
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

it('every alert says what happened, how bad it is, and what to do', () => {
  expect(rules.length).toBeGreaterThan(4);
  for (const { annotations, labels } of rules) {
    expect(annotations.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(annotations.description.length).toBeGreaterThan(20);
    expect(['warning', 'critical']).toContain(labels.severity);
  }
});
