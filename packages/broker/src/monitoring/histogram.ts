// How values are spread, for quantiles: a few hundred plain counters, so that a value costs some nanoseconds and no memory.
//
// Slots are an eighth of a power of two wide, so a quantile is off by 6 % at most. Quantiles are of the last one to two windows, as long as somebody
// calls rotate(); count and sum are of all time.

const SUB_BITS = 3;
const SUB_COUNT = 1 << SUB_BITS;
const MAX_UNITS = 2 ** 31 - 1;
const SLOT_COUNT = (31 - SUB_BITS) * SUB_COUNT + SUB_COUNT;
/** A thousandth of a value is the finest that is told apart. */
const UNITS = 1000;

export class Histogram {
  count = 0;
  sum = 0;
  // Made at the first value: most histograms never get one.
  #current: Uint32Array | undefined;
  #previous: Uint32Array | undefined;

  record(value: number): void {
    this.count += 1;
    this.sum += value;
    this.#current ??= new Uint32Array(SLOT_COUNT);
    const scaled = value * UNITS;
    const units = scaled >= MAX_UNITS ? MAX_UNITS : scaled > 0 ? Math.trunc(scaled) : 0;
    const slot = slotOf(units);
    this.#current[slot] = this.#current[slot]! + 1;
  }

  /** A window has passed. */
  rotate(): void {
    if (this.#current === undefined) return;
    const emptied = this.#previous ?? new Uint32Array(SLOT_COUNT);
    this.#previous = this.#current;
    this.#current = emptied.fill(0);
  }

  /** NaN, as in Prometheus, where there was no value lately. */
  quantiles(wanted: readonly number[]): number[] {
    const current = this.#current;
    const previous = this.#previous;
    if (current === undefined) return wanted.map(() => Number.NaN);
    let total = 0;
    for (let slot = 0; slot < SLOT_COUNT; slot += 1) total += current[slot]! + (previous?.[slot] ?? 0);
    if (total === 0) return wanted.map(() => Number.NaN);
    let seen = 0;
    let slot = -1;
    // They come in ascending order, so one walk finds all.
    return wanted.map((quantile) => {
      const rank = Math.max(1, Math.ceil(quantile * total));
      while (seen < rank) {
        slot += 1;
        seen += current[slot]! + (previous?.[slot] ?? 0);
      }
      return middleOf(slot) / UNITS;
    });
  }
}

function slotOf(units: number): number {
  if (units < SUB_COUNT) return units;
  const exponent = 31 - Math.clz32(units);
  const sub = (units >>> (exponent - SUB_BITS)) & (SUB_COUNT - 1);
  return (exponent - SUB_BITS + 1) * SUB_COUNT + sub;
}

function middleOf(slot: number): number {
  if (slot < SUB_COUNT) return slot;
  const shift = Math.floor(slot / SUB_COUNT) - 1;
  const low = (SUB_COUNT + (slot % SUB_COUNT)) * 2 ** shift;
  return low + (2 ** shift - 1) / 2;
}
