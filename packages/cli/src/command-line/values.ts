// Reading the values of options: numbers, sizes, durations and times as people write them. Each throws a UsageError that says what is expected.

import { UsageError } from './errors.ts';

export function wholeNumber(text: string): number {
  return numberFrom(0, text);
}

export function positiveNumber(text: string): number {
  return numberFrom(1, text);
}

function numberFrom(least: number, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`expected a whole number from ${least} on, not ${text}`);
}

export function oneOf<const Choice extends string>(choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const found = choices.find((choice) => choice === text.toLowerCase());
    if (found !== undefined) return found;
    throw new UsageError(`expected one of ${choices.join(', ')}, not ${text}`);
  };
}

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/** 200, 10MB, 64KiB: bytes. */
export function byteSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const factor = BYTES[(unit ?? '').toLowerCase()];
  if (number !== undefined && factor !== undefined) return Math.round(Number(number) * factor);
  throw new UsageError(`expected a size as in 200, 10MB or 64KiB, not ${text}`);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** 90s, 5m, 1h30m, 7d: milliseconds. */
export function durationMs(text: string): number {
  let total = 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text) {
    for (const [, number, unit] of parts) total += Number(number) * UNIT_MS[unit!]!;
    return Math.round(total);
  }
  throw new UsageError(`expected a duration as in 90s, 5m, 1h30m or 7d, not ${text}`);
}

/** A time as ISO 8601 has it (local without a zone), as milliseconds since 1970 (@1700000000000), or so long ago (-2h). In ms since 1970. */
export function timeMs(text: string, nowMs: number): number {
  if (text.startsWith('@') && /^@\d+$/.test(text)) return Number(text.slice(1));
  if (text.startsWith('-')) return nowMs - durationMs(text.slice(1));
  const parsed = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text);
  // ISO's, or what `date` prints. Date.parse takes 'start:3' for a day in March.
  if (/^(\d{4}-|[A-Z][a-z]{2},? )/.test(text) && Number.isFinite(parsed)) return parsed;
  throw new UsageError(
    `expected a time as in 2026-11-21T10:00:00, @1700000000000 (ms since 1970) or -2h (so long ago), not ${text}`,
  );
}

/** 'name=value' pairs. */
export function pair(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`expected name=value, not ${text}`);
}

/** 0-3,7: the numbers, in order. */
export function numberRanges(text: string): readonly number[] {
  const numbers = new Set<number>();
  for (const part of text.split(',')) {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    if (from === undefined || Number(to ?? from) < Number(from))
      throw new UsageError(`expected numbers as in 0,2,5-7, not ${text}`);
    for (let number = Number(from); number <= Number(to ?? from); number++) numbers.add(number);
  }
  return [...numbers].sort((left, right) => left - right);
}

export function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Partitions of a topic; undefined: all of them. */
export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[] | undefined;
}

/** orders, or orders:0,2-5. */
export function topicPartitions(text: string): TopicPartitions {
  const at = text.indexOf(':');
  if (at === 0 || text === '')
    throw new UsageError(`expected a topic as in orders or orders:0,2-5, not ${text}`);
  if (at < 0) return { topic: text, partitions: undefined };
  return { topic: text.slice(0, at), partitions: numberRanges(text.slice(at + 1)) };
}
