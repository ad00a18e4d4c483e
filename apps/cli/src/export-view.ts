/** An export as the API tells of it: the fields that this program looks at. Others are passed on as they are. */
export interface ExportView {
  id: string;
  generation: number;
  state: 'waiting' | 'running' | 'completed' | 'partial' | 'failed' | 'cancelled' | 'expired';
  phase: string;
  outcome: 'completed' | 'partial' | 'failed' | 'cancelled' | null;
  organization: string;
  project: string;
  projectName: string;
  outputType: string;
  formats: string[];
  requestedBy: { id: string; name: string };
  requestedAt: string;
  finishedAt: string | null;
  expiresAt: string | null;
  cancelling: boolean;
  retryable: boolean;
  progress: { rows: number; rowsExpected: number | null; jobsDone: number; jobs: number };
  error: { code: string; message: string; step: string | null } | null;
  warnings: string[];
  missing: { step: string | null; message: string; file?: string }[];
  bundle: { name: string; bytes: number; sha256: string; expiresAt: string | null } | null;
  files: { name: string; rows: number | null; bytes: number }[];
  result: { unchanged?: boolean } | null;
  links: { page: string };
  /** Only of a single export, as the rest. */
  placeInQueue?: number | null;
  /** What one that has not begun waits for. */
  waitsFor?: 'turn' | 'queue' | 'worker' | null;
  followUps?: {
    hook: string;
    place: string;
    kind: string;
    task: string;
    state: string;
    error: { message: string | null } | null;
  }[];
}

/** What is known of an export under way: of its events, or of its state. */
export interface ExportProgress {
  id: string;
  state: string;
  phase: string;
  rows: number;
  rowsExpected: number | null;
  jobsDone: number;
  jobs: number;
  placeInQueue?: number | null;
  waitsFor?: string | null;
}

export function progressOf(view: ExportView): ExportProgress {
  const { id, state, phase, progress, placeInQueue, waitsFor } = view;
  return {
    id,
    state,
    phase,
    ...progress,
    ...(placeInQueue !== undefined && { placeInQueue }),
    ...(waitsFor !== undefined && { waitsFor }),
  };
}
