/**
 * What has to become of each node of a canvas, told from the signatures as they were asked for and from what the endpoint
 * refuses. Written from the rules in docs/signatures.md, and sharing nothing with the code that is judged by it.
 */
import { type Asked, isRefused } from './recipes.js';

export type NodeEnd = 'done' | 'failed' | 'skipped';

export interface ExpectedNode {
  end: NodeEnd;
  /** Where its webhook goes; undefined where it is none. */
  url: string | undefined;
  /** Places of those that must be done before it begins. */
  after: string[];
}

/** The nodes of one list by their places, such as `onSuccess/0/chain/1`. */
export function expectedNodes(list: readonly Asked[], hook: 'onSuccess' | 'onFailure'): Map<string, ExpectedNode> {
  const nodes = new Map<string, ExpectedNode>();

  const skip = (asked: Asked, place: string): void => {
    nodes.set(place, { end: 'skipped', url: asked.args?.url, after: [] });
    for (const [at, child] of childrenOf(asked)) skip(child, `${place}/${at}`);
  };

  /** @returns whether it succeeds */
  const run = (asked: Asked, place: string, after: string[]): boolean => {
    const node: ExpectedNode = { end: 'done', url: asked.args?.url, after };
    nodes.set(place, node);
    let good = true;
    if (asked.chain) {
      let before = after;
      asked.chain.forEach((step, index) => {
        const at = `${place}/chain/${index}`;
        if (good) good = run(step, at, before);
        else skip(step, at);
        before = [at];
      });
    } else if (asked.group || asked.chord) {
      const kind = asked.group ? 'group' : 'chord';
      const members = (asked.group ?? asked.chord ?? []).map(
        (member, index) => [member, `${place}/${kind}/${index}`] as const,
      );
      for (const [member, at] of members) if (!run(member, at, after)) good = false;
      if (asked.body) {
        const at = `${place}/body`;
        if (good)
          good = run(
            asked.body,
            at,
            members.map(([, member]) => member),
          );
        else skip(asked.body, at);
      }
    } else {
      good = !(asked.args?.url && isRefused(asked.args.url));
    }
    if (!good) node.end = 'failed';
    for (const [name, wanted] of [
      ['onSuccess', good],
      ['onFailure', !good],
    ] as const) {
      asked[name]?.forEach((callback, index) => {
        const at = `${place}/${name}/${index}`;
        if (wanted) run(callback, at, good ? [place] : []);
        else skip(callback, at);
      });
    }
    return good;
  };

  for (const [index, asked] of list.entries()) run(asked, `${hook}/${index}`, []);
  return nodes;
}

/** Every node right below one, by the rest of its place. */
function childrenOf(asked: Asked): [string, Asked][] {
  const lists = ['chain', 'group', 'chord', 'onSuccess', 'onFailure'] as const;
  return [
    ...lists.flatMap((name) => (asked[name] ?? []).map((child, index): [string, Asked] => [`${name}/${index}`, child])),
    ...(asked.body ? [['body', asked.body] as [string, Asked]] : []),
  ];
}
