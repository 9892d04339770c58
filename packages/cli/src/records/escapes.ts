// Texts of the command line with escapes, as kcat and rpk take them: \t, \n, \x00.

import { UsageError } from '../command-line/errors.ts';

const NAMED: Readonly<Record<string, string>> = {
  ...{ n: '\n', r: '\r', t: '\t', v: '\v', f: '\f', b: '\b', a: '\x07', '0': '\0', '\\': '\\' },
};

/** The bytes that the text stands for; a name that is none is kept with its backslash. */
export function unescaped(text: string): Buffer {
  const parts = text.split(/(\\x[\da-f]{2}|\\[\s\S])/i);
  return Buffer.concat(
    parts.map((part) => {
      if (/^\\x[\da-f]{2}$/i.test(part)) return Buffer.from(part.slice(2), 'hex');
      return Buffer.from(part.startsWith('\\') ? (NAMED[part.slice(1)] ?? part) : part);
    }),
  );
}

/** What stands between two things, so it cannot be nothing. @throws UsageError */
export function delimiter(text: string): Buffer {
  const bytes = unescaped(text);
  if (bytes.length > 0) return bytes;
  throw new UsageError('expected what stands between, as in : or \\t, not nothing');
}
