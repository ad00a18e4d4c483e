/** `parcelpost verify`: the checks that every bundle has passed before its export was completed, and those of its GeoPackages. */
import { renderReport } from '@parcelpost/worker/verify/report.js';
import { verifyFile } from '@parcelpost/worker/verify/verify-bundle.js';
import type { Parsed } from '../arguments.js';
import type { Context } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { printable } from '../printable.js';
import { fileError } from '../target.js';

export async function runVerify({ output, io }: Context, parsed: Parsed): Promise<number> {
  let code: number = EXIT.done;
  for (const path of parsed.operands) {
    try {
      const verified = await verifyFile(path, { signal: io.signal });
      const sound = verified.faults.length === 0;
      if (!sound && code === EXIT.done) code = EXIT.failed;
      output.document({ bundle: path, sound, ...verified });
      output.line(`${path}\n`);
      for (const line of renderReport(verified).split('\n')) output.line(printable(line));
    } catch (error) {
      io.signal.throwIfAborted();
      // The others are looked at all the same.
      output.fail(fileError(error, path), { bundle: path });
      code = EXIT.file;
    }
  }
  return code;
}
