// What is to be sent on a connection. All of one turn of the event loop goes out with one write, in which runs of small chunks are copied together: a
// call into the kernel, or one more buffer of a vectored write, costs more than copying a few hundred bytes. Large chunks are never copied.

import type { Connection } from '@moldau/io';

/** Larger ones stay what they are. */
const SMALL_BYTES = 2 * 1024;

export class Outbox {
  #transport: Connection | undefined;
  #chunks: Uint8Array[] = [];
  #isFlushing = false;
  #full: PromiseWithResolvers<void> | undefined;

  open(transport: Connection): void {
    this.#transport = transport;
  }

  /** Resolves when there is room for more; at once when there is. */
  get drained(): Promise<void> {
    return this.#full?.promise ?? Promise.resolve();
  }

  send(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#chunks.push(chunk);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // After the promises of this turn have run, which may ask for more.
    process.nextTick(this.#flush);
  }

  onDrained(): void {
    this.#full?.resolve();
    this.#full = undefined;
  }

  /** Whoever waits for room need not, and nothing more is sent. */
  close(): void {
    this.#transport = undefined;
    this.#chunks = [];
    this.onDrained();
  }

  readonly #flush = (): void => {
    this.#isFlushing = false;
    const chunks = this.#chunks;
    this.#chunks = [];
    if (this.#transport?.write(gathered(chunks)) === false) this.#full ??= Promise.withResolvers<void>();
  };
}

/** The same bytes in fewer chunks: runs of small ones are copied together. */
function gathered(chunks: Uint8Array[]): Uint8Array[] {
  if (chunks.length < 2) return chunks;
  const result: Uint8Array[] = [];
  let runStart = 0;
  let runBytes = 0;
  const endRun = (end: number): void => {
    if (end - runStart > 1) result.push(together(chunks, runStart, end, runBytes));
    else if (end > runStart) result.push(chunks[runStart]!);
    runBytes = 0;
  };
  for (let index = 0; index < chunks.length; index++) {
    const chunk = chunks[index]!;
    if (chunk.length <= SMALL_BYTES) {
      runBytes += chunk.length;
      continue;
    }
    endRun(index);
    result.push(chunk);
    runStart = index + 1;
  }
  endRun(chunks.length);
  return result;
}

function together(chunks: readonly Uint8Array[], start: number, end: number, sizeBytes: number): Buffer {
  const whole = Buffer.allocUnsafe(sizeBytes);
  let position = 0;
  for (let index = start; index < end; index++) {
    whole.set(chunks[index]!, position);
    position += chunks[index]!.length;
  }
  return whole;
}
