/** The form by which people ask for an export: what it was filled in with, and the request that it makes. */
import { createHash } from 'node:crypto';
import type { FieldError } from '@parcelpost/shared/errors.js';
import { fieldErrors } from '@parcelpost/shared/field-errors.js';
import { knownLanguage } from '@parcelpost/shared/languages.js';
import { webhookArgs } from '@parcelpost/shared/signatures/tasks.js';
import type { z } from 'zod';
import type { ProjectWords } from '../words/project.js';

export const TYPES = ['shp', 'xls', 'res', 'all', 'custom'] as const;
export type Type = (typeof TYPES)[number];

/** A delimiter by the name that its choice bears: a form loses white space too easily. */
export const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const;
export const GEOMETRIES = ['ewkt', 'wkt', 'geojson', 'none'] as const;

/** Fields that are ticked or not, and whether they are when nobody has touched them. */
const TICKS = {
  bom: false,
  escapeFormulas: true,
  labels: false,
  shapefileAttributes: false,
  includeArchived: false,
  allowPartial: false,
  provenance: false,
  mailSuccess: true,
  mailFailure: true,
  webhookSuccess: true,
  webhookFailure: false,
} as const;
export type Tick = keyof typeof TICKS;

/** What a form is filled in with. The token of another platform is not kept: it is typed again. */
export interface FormValues extends Record<Tick, boolean> {
  what: string;
  formats: string[];
  delimiter: string;
  geometry: string;
  language: string;
  unchangedSince: string;
  webhookUrl: string;
}

export type Field =
  | Tick
  | 'what'
  | 'formats'
  | 'delimiter'
  | 'geometry'
  | 'language'
  | 'unchangedSince'
  | 'webhookUrl'
  | 'apiToken';

/** What is wrong with a field: the word for it, and where there is none for it, what a schema says. */
export type Faults = Partial<Record<Field, { word: keyof ProjectWords['faults']; detail?: string }>>;

/** A form that nobody has touched. */
export function emptyForm(language: string): FormValues {
  return {
    ...TICKS,
    what: 'shp',
    formats: [],
    delimiter: 'comma',
    geometry: 'ewkt',
    language,
    unchangedSince: '',
    webhookUrl: '',
  };
}

/** A form as a browser has sent it: a box that is not ticked is not in it. */
export function filledForm(body: Readonly<Record<string, unknown>>): FormValues & { apiToken: string; key: string } {
  const text = (name: string) => (typeof body[name] === 'string' ? body[name].trim() : '');
  const ticks = Object.fromEntries(Object.keys(TICKS).map((name) => [name, body[name] !== undefined]));
  const formats = [body.formats ?? []].flat().filter((one) => typeof one === 'string');
  return {
    ...(ticks as Record<Tick, boolean>),
    what: text('what'),
    formats: [...new Set(formats)],
    delimiter: text('delimiter'),
    geometry: text('geometry'),
    language: text('language'),
    unchangedSince: text('unchangedSince'),
    webhookUrl: text('webhookUrl'),
    apiToken: text('apiToken'),
    key: text('key'),
  };
}

/** The body of the request that a form asks for, as the API takes it; what is wrong with it is found by {@link faultsOf}. */
export function requestOf(form: FormValues & { apiToken: string }): Record<string, unknown> {
  const hook = { task: 'webhook.post', args: { url: form.webhookUrl } };
  const mail = { task: 'msg.email' };
  const follow = (mailed: boolean, called: boolean) => [
    ...(mailed ? [mail] : []),
    ...(called && form.webhookUrl !== '' ? [hook] : []),
  ];
  return {
    ...(form.what === 'custom' ? { formats: form.formats } : { outputType: form.what }),
    csv: {
      bom: form.bom,
      escapeFormulas: form.escapeFormulas,
      labels: form.labels,
      delimiter: Object.hasOwn(DELIMITERS, form.delimiter)
        ? DELIMITERS[form.delimiter as keyof typeof DELIMITERS]
        : form.delimiter,
      geometry: form.geometry,
    },
    shapefileAttributes: form.shapefileAttributes,
    includeArchived: form.includeArchived,
    allowPartial: form.allowPartial,
    provenance: form.provenance,
    ...(form.language !== '' && { language: form.language }),
    ...(form.unchangedSince !== '' && { unchangedSince: form.unchangedSince.toLowerCase() }),
    onSuccess: follow(form.mailSuccess, form.webhookSuccess),
    onFailure: follow(form.mailFailure, form.webhookFailure),
    ...(form.apiToken !== '' && { apiToken: form.apiToken }),
  };
}

/** What is wrong with a form that the request's own schema would not tell, or not in words for people. */
export function faultsOf(form: FormValues & { apiToken: string }, needsToken: boolean): Faults {
  const { what, formats, webhookUrl, webhookSuccess, webhookFailure } = form;
  const hookIdle = webhookUrl !== '' && !webhookSuccess && !webhookFailure;
  const hook = webhookArgs.safeParse({ url: webhookUrl });
  const hookWrong = webhookUrl !== '' && !hook.success && (webhookUrl.length > 2048 ? 'urlLong' : 'url');
  return {
    ...(!TYPES.includes(what as Type) && { what: { word: 'choice' } }),
    ...(what === 'custom' && formats.length === 0 && { formats: { word: 'formats' } }),
    ...(form.language !== '' && knownLanguage(form.language) === undefined && { language: { word: 'choice' } }),
    ...(hookWrong && { webhookUrl: { word: hookWrong } }),
    ...(hookIdle && { webhookSuccess: { word: 'hookWhen' } }),
    ...(needsToken && !/^[\x21-\x7e]{1,8192}$/.test(form.apiToken) && { apiToken: { word: 'token' } }),
  };
}

/** Which field of the form a field of the request comes from, and the word for what may be wrong with it. */
const FIELDS: readonly [pattern: RegExp, field: Field, word: keyof ProjectWords['faults']][] = [
  [/^\/outputType/, 'what', 'choice'],
  [/^\/formats/, 'formats', 'choice'],
  [/^\/csv\/delimiter/, 'delimiter', 'choice'],
  [/^\/csv\/geometry/, 'geometry', 'choice'],
  [/^\/language/, 'language', 'choice'],
  [/^\/unchangedSince/, 'unchangedSince', 'sha256'],
  [/^\/on(Success|Failure)\/\d+\/args\/url/, 'webhookUrl', 'url'],
  [/^\/on(Success|Failure)/, 'mailSuccess', 'other'],
  [/^\/apiToken/, 'apiToken', 'token'],
];

/** Wrong fields of a request as wrong fields of the form; those that no field stands for are not among them. */
export function faultsOfRequest(errors: readonly FieldError[], { webhookUrl }: Pick<FormValues, 'webhookUrl'>): Faults {
  const faults: Faults = {};
  for (const { pointer, detail } of errors) {
    const [, field, usual] = FIELDS.find(([pattern]) => pattern.test(pointer)) ?? [];
    if (field === undefined || usual === undefined) continue;
    const word = usual === 'url' && webhookUrl.length > 2048 ? 'urlLong' : usual;
    faults[field] ??= { word, detail };
  }
  return faults;
}

/** The same of what a schema complains of. */
export const faultsOfSchema = (issues: readonly z.core.$ZodIssue[], form: FormValues): Faults =>
  faultsOfRequest(fieldErrors(issues), form);

/**
 * The key of the request: of the form that was sent and of what it was filled in with. Who sends it twice asks once; who goes
 * back, changes something and sends it again asks for something else.
 * @param key the form's own
 */
export function formKey(key: string, request: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(JSON.stringify([key, request]))
    .digest('base64url');
}
