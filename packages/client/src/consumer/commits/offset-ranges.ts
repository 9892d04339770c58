// Ranges of offsets: in order, apart from each other.

export interface OffsetRange {
  readonly from: number;
  /** The first offset that does not belong to it. */
  readonly to: number;
}

/** What of the ranges is at `offset` or beyond. */
export function rangesFrom(ranges: readonly OffsetRange[], offset: number): OffsetRange[] {
  const beyond: OffsetRange[] = [];
  for (const { from, to } of ranges) if (to > offset) beyond.push({ from: Math.max(from, offset), to });
  return beyond;
}

/** What is in either, with neighbours as one. */
export function unionOf(left: readonly OffsetRange[], right: readonly OffsetRange[]): OffsetRange[] {
  if (left.length === 0 || right.length === 0) return [...left, ...right];
  const union: OffsetRange[] = [];
  for (const range of [...left, ...right].sort((one, other) => one.from - other.from)) {
    const last = union.at(-1);
    if (last === undefined || range.from > last.to) union.push(range);
    else if (range.to > last.to) union[union.length - 1] = { from: last.from, to: range.to };
  }
  return union;
}

export function isInRanges(ranges: readonly OffsetRange[], offset: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.to <= offset) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range.from <= offset;
}
