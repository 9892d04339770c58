// Times as Java's SimpleDateFormat writes them, in the zone of this machine.

const pad = (value: number, width: number): string => String(value).padStart(width, '0');
const named = (at: Date, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en', options).format(at);

/** By their letter, with how often it stands there. */
const FIELDS: Readonly<Record<string, (at: Date, count: number) => string>> = {
  y: (at, count) =>
    count === 2 ? pad(at.getFullYear() % 100, 2) : pad(at.getFullYear(), Math.max(count, 4)),
  M: (at, count) => {
    if (count > 2) return named(at, { month: count > 3 ? 'long' : 'short' });
    return pad(at.getMonth() + 1, count);
  },
  d: (at, count) => pad(at.getDate(), count),
  E: (at, count) => named(at, { weekday: count > 3 ? 'long' : 'short' }),
  a: (at) => (at.getHours() < 12 ? 'AM' : 'PM'),
  H: (at, count) => pad(at.getHours(), count),
  h: (at, count) => pad(at.getHours() % 12 || 12, count),
  m: (at, count) => pad(at.getMinutes(), count),
  s: (at, count) => pad(at.getSeconds(), count),
  S: (at, count) => pad(at.getMilliseconds(), count),
  Z: (at) => offsetText(at, ''),
  X: (at) => (at.getTimezoneOffset() === 0 ? 'Z' : offsetText(at, ':')),
};

/** What is no field stays as it is; texts may be quoted. */
export function javaDate(pattern: string, ms: number): string {
  const at = new Date(ms);
  return pattern.replace(/'([^']*)'|([a-zA-Z])\2*/g, (whole, quoted: string | undefined, letter: string) => {
    if (quoted !== undefined) return quoted === '' ? "'" : quoted;
    return FIELDS[letter]?.(at, whole.length) ?? whole;
  });
}

function offsetText(at: Date, between: string): string {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}${between}${pad(size % 60, 2)}`;
}
