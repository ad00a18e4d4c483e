import { fileURLToPath } from 'node:url';

const here = import.meta.url;

/** Whether this code runs as `tsc -b` built it (a process that a test starts, the bench), and not from its sources. */
const BUILT = here.endsWith('.js') && here.includes('/test/dist/');

/** The repository's folder, with a slash at its end, wherever this file was built to. */
export const ROOT = fileURLToPath(new URL(BUILT ? '../../../../' : '../../', here));
