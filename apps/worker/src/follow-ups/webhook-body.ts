/** What `webhook.post` sends; docs/webhooks.md is the receiver's side of it. */
import type { ExportEnd, FollowUpInput, JsonValue } from '@parcelpost/shared/export-result.js';

/**
 * A message as Standard Webhooks shapes it: `{type, timestamp, data}`, a type for each shape of `data` and for each
 * outcome. The same bytes at every try: nothing in it is of the moment.
 * @param input what the follow-up got
 * @param end how the export ended
 * @param note of the signature; handed back as `data.note`
 */
export function webhookBody(input: FollowUpInput, end: ExportEnd, note: string | undefined): string {
  const { type, timestamp, data } = message(input, end);
  return JSON.stringify({ type, timestamp, data: note === undefined ? data : { ...data, note } });
}

function message(input: FollowUpInput, end: ExportEnd): { type: string; timestamp: string; data: object } {
  switch (input.kind) {
    case 'success':
    case 'failure':
      return ended(input);
    case 'value':
      return ended(end, input.value);
    case 'fault': {
      const { fault } = input;
      return { type: 'follow_up.failed', timestamp: fault.finishedAt, data: { fault, export: outcomeOf(end) } };
    }
    case 'none': {
      const { exportId, finishedAt } = outcomeOf(end);
      return { type: 'export.ended', timestamp: finishedAt, data: { exportId } };
    }
  }
}

function ended(end: ExportEnd, input?: JsonValue): { type: string; timestamp: string; data: object } {
  const data = outcomeOf(end);
  return {
    type: `export.${data.outcome}`,
    timestamp: data.finishedAt,
    data: input === undefined ? data : { ...data, input },
  };
}

function outcomeOf(end: ExportEnd) {
  return end.kind === 'success' ? end.result : end.report;
}
