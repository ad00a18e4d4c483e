/** What the command ends with, for scripts. A number, once given out, keeps its meaning. */

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notAllowed: 3,
  unreachable: 4,
  notThere: 5,
  checksum: 6,
  file: 7,
  partial: 8,
  fault: 70,
  interrupted: 130,
} as const;

/** As `--help` lists them. */
export const EXIT_TEXTS: readonly [code: number, text: string][] = [
  [EXIT.done, 'what was asked for is done'],
  [EXIT.failed, 'the export failed or was cancelled; or verify found faults'],
  [EXIT.usage, 'the command, a setting, or a field of the request is wrong'],
  [EXIT.notAllowed, 'the token is missing or refused, or you have no right to this'],
  [EXIT.unreachable, 'the service could not be reached, is too busy, or took longer than --timeout'],
  [EXIT.notThere, 'there is no such project or export, it has no files (any more), or its state forbids this'],
  [EXIT.checksum, 'what was downloaded is not what the service says it is'],
  [EXIT.file, 'a file on this machine: it exists already, cannot be read or written, the disk is full'],
  [EXIT.partial, 'the bundle is there but lacks parts, which --allow-partial permitted'],
  [EXIT.fault, 'a fault of this program'],
  [EXIT.interrupted, 'Ctrl-C (143: SIGTERM, 129: SIGHUP); the export goes on'],
];
