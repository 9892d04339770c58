// Reads the text of a server.properties file: the grammar of Java's Properties.

/** @returns the last value of each key, in order of first appearance. Never fails: the grammar takes any text. */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const { key, rest } = splitKey(line);
    properties.set(unescaped(key), unescaped(rest));
  }
  return properties;
}

/** Lines without comments and blank ones; a line that ends in an odd number of backslashes goes on in the next. */
function* logicalLines(text: string): Iterable<string> {
  let pending: string | undefined;
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const line = raw.replace(/^[ \t\f]+/, '');
    if (pending === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const joined: string = (pending ?? '') + line;
    const backslashes = /\\*$/.exec(line)![0].length;
    if (backslashes % 2 === 1) {
      pending = joined.slice(0, -1);
    } else {
      yield joined;
      pending = undefined;
    }
  }
  if (pending !== undefined && pending !== '') yield pending;
}

/** The key ends at the first blank, '=' or ':' that is not escaped; blanks around one separator are dropped. */
function splitKey(line: string): { key: string; rest: string } {
  let end = 0;
  while (end < line.length && !/[\s=:]/.test(line[end]!)) end += line[end] === '\\' ? 2 : 1;
  const key = line.slice(0, end);
  return { key, rest: line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '') };
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|([\s\S])|$)/g,
    (_all, hex: string | undefined, letter?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return letter === undefined ? '' : (ESCAPES[letter] ?? letter);
    },
  );
}
