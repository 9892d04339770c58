// Prints what is little and at once there, as help is: whoever has more to say, or waits for something meanwhile, watches the reader (reader-watch.ts).

import { EXIT_CODES } from '../command-line/exit-codes.ts';

/** Ends the process, quietly, when `head` has seen enough of it. */
export function print(text: string): void {
  process.stdout.off('error', endWithReader).on('error', endWithReader).write(text);
}

function endWithReader({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') process.exit(EXIT_CODES.done);
  process.stderr.write(`moldau: standard output takes no more: ${message}\n`);
  process.exit(EXIT_CODES.failed);
}
