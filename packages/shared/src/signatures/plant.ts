/** From the signatures of a hook to the nodes of its canvas. */
import type { JsonValue } from '../export-result.js';
import type { CanvasNode, NodeRole } from './canvas.js';
import { type CanvasHook, kindOf, outboxId, partsOf } from './place.js';
import type { SealedTokens, Signature, SignatureOptions } from './signature.js';

/** A node with all that its row needs. */
export interface PlantedNode extends CanvasNode {
  place: string;
  hook: CanvasHook;
  /** Name of the task; `canvas.chain`, `canvas.group`, `canvas.chord` where others are joined. */
  task: string;
  args: Record<string, JsonValue>;
  options: SignatureOptions;
  immutable: boolean;
  mac: string | null;
  routed: boolean;
  /** Of an `export.project`: the sealed token of the export that it starts. */
  sealed: SealedTokens[string] | null;
}

/**
 * Every node of a hook's list, `waiting`: depth first, parents before their children.
 * @param sealed tokens of the exports that the list is to start, by place
 */
export function plant(
  list: readonly Signature[],
  { exportId, generation, hook }: { exportId: string; generation: number; hook: CanvasHook },
  sealed: SealedTokens = {},
): PlantedNode[] {
  const nodes: PlantedNode[] = [];
  const add = (signature: Signature, place: string, role: NodeRole, position: number, parentId: string | null) => {
    const id = outboxId({ exportId, generation, place });
    const call = 'task' in signature ? signature : undefined;
    const kind = kindOf(signature);
    nodes.push({
      id,
      parentId,
      role,
      position,
      kind,
      state: 'waiting',
      place,
      hook,
      task: call?.task ?? `canvas.${kind}`,
      args: call?.args ?? {},
      options: call?.options ?? {},
      immutable: call?.immutable ?? false,
      mac: call?.mac ?? null,
      routed: call?.routed ?? false,
      sealed: (Object.hasOwn(sealed, place) && sealed[place]) || null,
    });
    for (const part of partsOf(signature)) {
      add(part.signature, `${place}/${part.segment}`, part.role, part.position, id);
    }
  };
  list.forEach((signature, index) => {
    add(signature, `${hook}/${index}`, 'root', index, null);
  });
  return nodes;
}
