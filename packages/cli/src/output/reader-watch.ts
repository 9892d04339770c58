// Notices that nobody reads standard output any more: `moldau consume orders | head -1` is to end when head has seen enough, also when no other record comes.
//
// Whoever writes is told by an error; the kernel is asked only while nothing is written, so that a busy command never pays for it.

import { nodeHasReader, type Timers } from '@moldau/io';

/** Commands that are quick do without. */
const FIRST_LOOK_MS = 500;
const LOOK_EVERY_MS = 200;

type Output = NodeJS.WriteStream & { readonly fd: number; readonly bytesWritten?: number };

/** Calls back once. Other errors of the stream than that are thrown. */
export function watchReader(stdout: Output, timers: Timers, whenGone: () => void): void {
  let isGone = false;
  const gone = (): void => {
    if (isGone) return;
    isGone = true;
    whenGone();
  };
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    gone();
  });
  let written: number | undefined;
  const look = (): void => {
    if (isGone) return;
    const isQuiet = written === stdout.bytesWritten;
    written = stdout.bytesWritten;
    if (isQuiet && !nodeHasReader(stdout.fd)) gone();
    else timers.after(LOOK_EVERY_MS, look);
  };
  timers.after(FIRST_LOOK_MS, look);
}
