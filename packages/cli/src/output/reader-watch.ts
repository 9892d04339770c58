// Notices that nobody reads standard output any more: `moldau consume orders | head -1` is to end when head has seen enough, also when no other record comes.
//
// Whoever writes is told by an error; the kernel is asked only while nothing is written, so that a busy command never pays for it.

import { nodeHasReader, type Timers } from '@moldau/io';

/** Commands that are quick do without. */
const FIRST_LOOK_MS = 500;
const LOOK_EVERY_MS = 200;

type Output = NodeJS.WriteStream & { readonly fd: number; readonly bytesWritten?: number };

/** Calls back once. The error: it is not the reader that is gone but something else that fails, as a disk that is full. */
export function watchReader(stdout: Output, timers: Timers, whenGone: (error?: Error) => void): void {
  let isGone = false;
  const gone = (error?: Error): void => {
    if (isGone) return;
    isGone = true;
    whenGone(error);
  };
  stdout.on('error', (error: NodeJS.ErrnoException) => gone(error.code === 'EPIPE' ? undefined : error));
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
