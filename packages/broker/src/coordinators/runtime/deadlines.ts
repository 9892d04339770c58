// Owns the points in time at which a shard has something to do by itself. Knows no clock: whoever drives the shard asks
// for the next one and says how late it is.
//
// Postponing, which every heartbeat does, writes one number: an entry keeps its place in the heap and is put back when
// it comes up too early. Cancelled entries stay until they come up or make up more than half of the heap.

export interface Deadline {
  /** When to run, in monotonic milliseconds. */
  atMs: number;
  /** The place in the heap; never after atMs. */
  queuedMs: number;
  /** Null once run or cancelled. */
  run: (() => void) | null;
}

const COMPACTION_MIN = 64;

export class Deadlines {
  #heap: Deadline[] = [];
  #cancelledCount = 0;

  schedule(atMs: number, run: () => void): Deadline {
    const deadline = { atMs, queuedMs: atMs, run };
    this.#push(deadline);
    return deadline;
  }

  /** Safe to call twice, after it ran, and with null. */
  cancel(deadline: Deadline | null): void {
    if (deadline?.run == null) return;
    deadline.run = null;
    this.#cancelledCount++;
    if (this.#cancelledCount < COMPACTION_MIN || this.#cancelledCount * 2 < this.#heap.length) return;
    // A sorted array is a heap.
    this.#heap = this.#heap.filter((entry) => entry.run !== null).sort((a, b) => a.queuedMs - b.queuedMs);
    this.#cancelledCount = 0;
  }

  /** Moves a deadline that has not run, earlier or later. */
  move(deadline: Deadline, atMs: number): Deadline {
    const { run } = deadline;
    if (run === null) return deadline;
    if (atMs >= deadline.queuedMs) {
      deadline.atMs = atMs;
      return deadline;
    }
    this.cancel(deadline);
    return this.schedule(atMs, run);
  }

  /** When advance() should be called next; Infinity when never. May be too early, is never too late. */
  nextMs(): number {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return Number.POSITIVE_INFINITY;
      if (first.run !== null) return first.queuedMs;
      this.#pop();
      this.#cancelledCount--;
    }
  }

  /** Runs all that is due, in order of time. */
  advance(nowMs: number): void {
    while (this.nextMs() <= nowMs) {
      const deadline = this.#pop();
      if (deadline.atMs > nowMs) {
        deadline.queuedMs = deadline.atMs;
        this.#push(deadline);
        continue;
      }
      const run = deadline.run;
      deadline.run = null;
      run?.();
    }
  }

  #push(deadline: Deadline): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(deadline);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.queuedMs <= deadline.queuedMs) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = deadline;
  }

  #pop(): Deadline {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    const count = heap.length;
    if (count === 0) return first;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= count) break;
      if (child + 1 < count && heap[child + 1]!.queuedMs < heap[child]!.queuedMs) child++;
      if (heap[child]!.queuedMs >= last.queuedMs) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}
