// Rule: time, timers, randomness, files and sockets come from the ports of packages/io, so that a simulator can replace them.

import { type Finding, isSupportFile, lineOf, type SourceFile } from './source-file.ts';

const IMPURE_MODULES = [
  'child_process',
  'cluster',
  'dgram',
  'dns',
  'fs',
  'http',
  'http2',
  'https',
  'net',
  'perf_hooks',
  'timers',
  'tls',
  'worker_threads',
];

/** What stands for an impure call, and the port to use in its place. */
const IMPURE_CALLS: readonly [pattern: RegExp, port: string][] = [
  [/\bDate\.now\b/g, 'Clock.wallMs'],
  [/\bnew Date\(\s*\)/g, 'Clock.wallMs'],
  [/\bperformance\.(now|timeOrigin|mark|measure)\b/g, 'Clock.monotonicMs'],
  [/\bprocess\.hrtime\b/g, 'Clock.monotonicMs'],
  [/\bMath\.random\b/g, 'Random.next'],
  [/\b(?:randomBytes|randomFillSync|randomFill|randomInt|randomUUID|getRandomValues)\s*\(/g, 'Random.bytes'],
  [
    /(?<![.\w])(?:setTimeout|setInterval|setImmediate|clearTimeout|clearInterval|clearImmediate)\b/g,
    'Timers',
  ],
];

/** What belongs to the process, which only its owner, the command, may touch. */
const PROCESS_CALLS =
  /\bprocess\.(env|argv|exit|exitCode|on|once|kill|chdir|cwd|stdout|stderr|stdin|abort)\b/g;

/** The ports themselves; they are what the others are pure by. */
const IMPURE_PACKAGE = 'packages/io/';
/** Replaces the ports in tests, and is never part of a broker. */
const TESTING_PACKAGE = 'packages/testing/';
const PROCESS_OWNERS = ['packages/cli/', TESTING_PACKAGE];

export function checkPurity(file: SourceFile): Finding[] {
  if (isSupportFile(file.path) || file.path.startsWith(IMPURE_PACKAGE)) return [];
  const findings: Finding[] = [];
  const report = (line: number, advice: string) =>
    findings.push({ path: file.path, line, rule: 'impure', advice });
  for (const { specifier, line } of file.imports) {
    const name = specifier.replace(/^node:/, '').split('/')[0]!;
    if (IMPURE_MODULES.includes(name) && !file.path.startsWith(TESTING_PACKAGE))
      report(
        line,
        `import ${specifier} belongs into packages/io: take a port of @moldau/io through the constructor`,
      );
  }
  for (const [pattern, port] of IMPURE_CALLS) {
    for (const match of file.code.matchAll(pattern)) {
      report(
        lineOf(file.code, match.index),
        `${match[0].replace(/\s*\($/, '')} belongs into packages/io: use ${port} of @moldau/io`,
      );
    }
  }
  if (PROCESS_OWNERS.some((owner) => file.path.startsWith(owner))) return findings;
  for (const match of file.code.matchAll(PROCESS_CALLS)) {
    report(
      lineOf(file.code, match.index),
      `${match[0]} belongs into packages/cli: take what is needed through the constructor`,
    );
  }
  return findings;
}
