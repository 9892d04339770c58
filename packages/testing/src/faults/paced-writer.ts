// Writes to a connection, as slowly as it is told to.

import { type Connection, nodeTimers, type Timer } from '@moldau/io';

/** How often a slow connection gets its next bytes. */
const TICK_MS = 20;

export class PacedWriter {
  readonly #connection: Connection;
  /** Infinity: as fast as it goes. */
  readonly #bytesPerSecond: () => number;
  #waiting: Uint8Array[] = [];
  #timer: Timer | undefined;
  #isEnding = false;

  constructor(connection: Connection, bytesPerSecond: () => number) {
    this.#connection = connection;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** False: the connection wants no more for now, and says when it does. */
  write(buffers: readonly Uint8Array[]): boolean {
    if (this.#isEnding) return true;
    if (this.#waiting.length === 0 && this.#bytesPerSecond() === Number.POSITIVE_INFINITY)
      return this.#connection.write(buffers);
    this.#waiting.push(...buffers);
    this.#timer ??= nodeTimers.after(TICK_MS, () => this.#tick());
    return true;
  }

  /** Closes when all has been written. */
  end(): void {
    this.#isEnding = true;
    if (this.#waiting.length === 0) this.#connection.close();
  }

  /** Drops what waits. */
  stop(): void {
    this.#timer?.cancel();
    this.#waiting = [];
    this.#isEnding = true;
  }

  #tick(): void {
    this.#timer = undefined;
    const piece = this.#take(Math.max(1, Math.ceil((this.#bytesPerSecond() * TICK_MS) / 1000)));
    this.#connection.write(piece);
    if (this.#waiting.length > 0) this.#timer = nodeTimers.after(TICK_MS, () => this.#tick());
    else if (this.#isEnding) this.#connection.close();
  }

  #take(atMostBytes: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (let left = atMostBytes; left > 0 && this.#waiting.length > 0; ) {
      const [first] = this.#waiting as [Uint8Array];
      const piece = first.subarray(0, left);
      taken.push(piece);
      left -= piece.length;
      if (piece.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(piece.length);
    }
    return taken;
  }
}
