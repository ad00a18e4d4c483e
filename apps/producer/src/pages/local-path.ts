import { pathFault, splitTarget } from '@parcelpost/shared/tokens/raw-path.js';

/** Where to go after signing in: a path of this site as it was given, or its start for anything else. */
export function localPath(target: string | undefined): string {
  const fallback = '/';
  if (target === undefined || !/^[\x21-\x7e]+$/.test(target)) return fallback;
  return pathFault(splitTarget(target).path) === undefined ? target : fallback;
}
