// Patterns that brokers can match (subscribedTopicRegex of KIP-848): they speak RE2, and the pattern has to cover the whole name. Whatever might mean
// something else there than it does in JavaScript is left to the client.

const SUPPORTED_FLAGS = /^[dgims]*$/;
/** The letters that mean the same after a backslash: classes, word boundaries, control characters. */
const SAME_ESCAPES = new Set('dDwWsSbBtnrf');
const MAX_REPETITIONS = 1_000;

/** One pattern for all of them; undefined when one of them is for the client to match. */
export function serverPattern(patterns: readonly RegExp[]): string | undefined {
  if (patterns.length === 0 || !patterns.every(isPortable)) return undefined;
  const parts = patterns.map(({ source, ignoreCase }) => `.*(?${ignoreCase ? 'i' : ''}:${source}).*`);
  return parts.length === 1 ? parts[0] : parts.map((part) => `(?:${part})`).join('|');
}

function isPortable({ source, flags }: RegExp): boolean {
  if (!SUPPORTED_FLAGS.test(flags)) return false;
  let isInClass = false;
  for (let position = 0; position < source.length; position++) {
    const rest = source.slice(position);
    const char = rest[0]!;
    if (char.charCodeAt(0) > 0x7e || char.charCodeAt(0) < 0x20) return false;
    if (char === '\\') {
      if (!isPortableEscape(rest, isInClass)) return false;
      position++;
    } else if (isInClass) {
      if (char === '[' || rest.startsWith('&&')) return false;
      isInClass = char !== ']';
    } else if (char === '[') {
      // [] and [^] are JavaScript's alone.
      if (/^\[\^?\]/.test(rest)) return false;
      isInClass = true;
      if (rest[1] === '^') position++;
    } else if (char === '(' ? /^\(\?(?!:)/.test(rest) : char === '{' && !isPortableCount(rest)) {
      return false;
    }
  }
  return true;
}

function isPortableEscape(rest: string, isInClass: boolean): boolean {
  const escaped = rest[1]!;
  if (/[a-zA-Z0-9]/.test(escaped)) return SAME_ESCAPES.has(escaped) && !(isInClass && /[bB]/.test(escaped));
  return escaped.charCodeAt(0) < 0x7f;
}

function isPortableCount(rest: string): boolean {
  const count = /^\{(\d+)(,(\d*))?\}/.exec(rest);
  return count !== null && Math.max(Number(count[1]), Number(count[3] ?? 0)) <= MAX_REPETITIONS;
}
