// Times by a pattern as C's strftime has it, in UTC.

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
const name = (date: Date, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en', { timeZone: 'UTC', ...options }).format(date);

const CONVERSIONS: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => pad(date.getUTCFullYear(), 4),
  y: (date) => pad(date.getUTCFullYear() % 100),
  m: (date) => pad(date.getUTCMonth() + 1),
  d: (date) => pad(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2),
  H: (date) => pad(date.getUTCHours()),
  I: (date) => pad(date.getUTCHours() % 12 || 12),
  M: (date) => pad(date.getUTCMinutes()),
  S: (date) => pad(date.getUTCSeconds()),
  /** Milliseconds; f are microseconds. */
  L: (date) => pad(date.getUTCMilliseconds(), 3),
  f: (date) => `${pad(date.getUTCMilliseconds(), 3)}000`,
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  j: (date) => pad(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / 86_400_000) + 1, 3),
  a: (date) => name(date, { weekday: 'short' }),
  A: (date) => name(date, { weekday: 'long' }),
  b: (date) => name(date, { month: 'short' }),
  B: (date) => name(date, { month: 'long' }),
  F: (date) => strftime('%Y-%m-%d', date),
  T: (date) => strftime('%H:%M:%S', date),
  z: () => '+0000',
  Z: () => 'UTC',
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

/** What is no conversion stays as it is. */
export function strftime(pattern: string, date: Date): string {
  return pattern.replace(/%(.)/gs, (whole, letter: string) => CONVERSIONS[letter]?.(date) ?? whole);
}
