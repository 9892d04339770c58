// Places in partitions as people write them: start, end, an offset, the last N, a time.

import { UsageError } from '../command-line/errors.ts';
import { timeMs } from '../command-line/values.ts';

export type Place =
  | { readonly kind: 'start' | 'end' | 'stored' }
  | { readonly kind: 'offset'; readonly offset: number }
  /** So many before the end, or behind the start. */
  | { readonly kind: 'last' | 'skipping'; readonly count: number }
  | { readonly kind: 'time'; readonly timestampMs: number };

const NAMES: Readonly<Record<string, 'start' | 'end' | 'stored'>> = {
  ...{ start: 'start', beginning: 'start', earliest: 'start', oldest: 'start' },
  ...{ end: 'end', latest: 'end', newest: 'end', stored: 'stored' },
};

/** Times of at most so many digits are seconds, as rpk has it. */
const SECONDS_DIGITS = 10;

/** `flag` is what says so. @throws UsageError */
export function place(text: string, nowMs: number, flag: string): Place {
  const found = placeOf(text, nowMs);
  if (found !== undefined) return found;
  throw new UsageError(
    `${flag}: expected start, end, an offset, -10 (the last ten), +10 (behind the first ten), or a time as in 2026-11-21T10:00:00, @1700000000000 or -2h, not ${text}`,
  );
}

export interface PlaceRange {
  readonly from: Place | undefined;
  readonly until: Place | undefined;
}

/** Also two places, or one of them, as rpk has it: 1:3, :end, @2026-11-21:2026-11-22. @throws UsageError */
export function placeRange(text: string, nowMs: number, flag: string): PlaceRange {
  if (placeOf(text, nowMs) === undefined) {
    const [sign, range] = text.startsWith('@') ? ['@', text.slice(1)] : ['', text];
    const side = (part: string): { readonly at: Place | undefined } | undefined => {
      const at = placeOf(sign + part, nowMs) ?? placeOf(part, nowMs);
      return part === '' || at !== undefined ? { at } : undefined;
    };
    // Times have colons too.
    for (const { index } of range.matchAll(/:/g)) {
      const [from, until] = [side(range.slice(0, index)), side(range.slice(index + 1))];
      if (from !== undefined && until !== undefined) return { from: from.at, until: until.at };
    }
  }
  return { from: place(text, nowMs, flag), until: undefined };
}

function placeOf(text: string, nowMs: number): Place | undefined {
  const kind = NAMES[text.toLowerCase()];
  if (kind !== undefined) return { kind };
  if (/^\d+$/.test(text)) return { kind: 'offset', offset: Number(text) };
  if (/^-\d+$/.test(text)) return { kind: 'last', count: Number(text.slice(1)) };
  if (/^\+\d+$/.test(text)) return { kind: 'skipping', count: Number(text.slice(1)) };
  // kcat has s@ and e@, rpk @.
  const time = text.replace(/^[se]?@/, '');
  if (/^\d+$/.test(time))
    return { kind: 'time', timestampMs: Number(time) * (time.length <= SECONDS_DIGITS ? 1000 : 1) };
  try {
    return { kind: 'time', timestampMs: timeMs(time, nowMs) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return undefined;
  }
}
