// Rules about single files: each opens with what it owns, is short enough to be read, and leaves nothing for later.

import { type Finding, lineOf, type SourceFile } from './source-file.ts';

const MAXIMUM_LINES = 600;

/** Tables and messages are as long as what they list. */
const TABLES = [/^packages\/protocol\/src\/(messages|data)\//, /\/definitions\//, /\/errors\.ts$/];

// Spelled in two parts, so that this file does not find itself.
const LATER = new RegExp(`\\b(${'TO'}${'DO'}|${'FIX'}${'ME'}|X${'XX'})\\b`, 'g');

export function checkFileShape(file: SourceFile): Finding[] {
  const findings: Finding[] = [];
  const report = (line: number, rule: string, advice: string) =>
    findings.push({ path: file.path, line, rule, advice });
  const opening = file.text.replace(/^#![^\n]*\n/, '').trimStart();
  if (!file.path.endsWith('.test.ts') && !opening.startsWith('//') && !opening.startsWith('/*')) {
    report(1, 'opening', 'say in a comment at the top what this file owns and the invariants it keeps');
  }
  const lines = file.text.split('\n').length - 1;
  if (lines > MAXIMUM_LINES && !TABLES.some((table) => table.test(file.path))) {
    report(
      MAXIMUM_LINES,
      'length',
      `${lines} lines, at most ${MAXIMUM_LINES}: ask what two things this file is, and part them`,
    );
  }
  for (const match of file.comments.matchAll(LATER)) {
    report(
      lineOf(file.comments, match.index),
      'unfinished',
      `finish it or drop it: ${match[0]} tells the reader nothing`,
    );
  }
  return findings;
}
