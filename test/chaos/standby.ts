/**
 * A worker that is loaded and waits for its turn: what the packed worker begins with. It tells by single bytes on
 * descriptor 3 that it is loaded (`l`), takes a job into its hands (`+`) and has none of it any more (`-`), and begins
 * to work when it gets a byte there. It ends when whoever started it is gone.
 */
import { readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'bullmq';
import 'parcelpost:worker-parts';

const CONTROL = 3;

const { processJob } = Worker.prototype;
Worker.prototype.processJob = async function (...args: Parameters<typeof processJob>) {
  writeSync(CONTROL, '+');
  try {
    return await processJob.apply(this, args);
  } finally {
    writeSync(CONTROL, '-');
  }
};

writeSync(CONTROL, 'l');
// Nothing runs while it waits, so that the ones in reserve cost no more than their memory.
if (readSync(CONTROL, Buffer.alloc(1)) === 0) process.exit(0);
new Socket({ fd: CONTROL, readable: true, writable: false })
  .on('error', () => process.exit(1))
  .on('close', () => process.exit(1))
  .resume()
  .unref();
void import('parcelpost:worker');
