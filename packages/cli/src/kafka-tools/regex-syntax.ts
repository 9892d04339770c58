// Whether a regular expression has RE2's syntax, which is what groups subscribe by.

/** undefined: it has; else what is wrong with it, in RE2's words where it has some. */
export function syntaxProblem(expression: string): string | undefined {
  const unsupported = /(?<!\\)(?:\\\\)*(\(\?(?:[=!]|<[=!])|\\[1-9]|[*+?}][+])/.exec(expression)?.[1];
  if (unsupported?.startsWith('(?') === true) return 'invalid or unsupported Perl syntax';
  if (unsupported?.startsWith('\\') === true) return 'invalid escape sequence';
  if (unsupported !== undefined) return 'invalid nested repetition operator';
  try {
    new RegExp(javascriptOf(expression), 'u');
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    return PROBLEMS.find(([told]) => told.test(message))?.[1] ?? 'invalid or unsupported Perl syntax';
  }
}

/** What RE2 writes otherwise: flags at the start, names of groups, classes of POSIX. */
function javascriptOf(expression: string): string {
  return expression
    .replace(/^\(\?[imsU]+\)/, '')
    .replaceAll('(?P<', '(?<')
    .replace(/\[\[:\^?\w+:\]\]/g, '\\w')
    .replace(/\\[AzQE]/g, '');
}

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/Unterminated character class/, 'missing closing ]'],
  [/Unterminated group/, 'missing closing )'],
  [/Unmatched '\)'/, 'regexp/syntax: internal error'],
  [/Nothing to repeat/, 'missing argument to repetition operator'],
  [/Range out of order in character class/, 'invalid character class range'],
  [/numbers out of order/, 'invalid repeat count'],
  [/escape/, 'invalid escape sequence'],
  [/\\ at end/, 'trailing backslash at end of expression'],
];
