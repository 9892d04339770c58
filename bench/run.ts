// Measures Moldau beside Apache Kafka with the same clients in the same run, alternating, and prints a table.
//
//   npm run bench                      every workload, one round
//   npm run bench -- --rounds 3 delivery restart
//   npm run bench -- 'tls 200 KB' 'tls 100 B' 'access rules' logins
//   npm run bench -- --only moldau     without Kafka, to compare with an earlier table
//   npm run bench -- --chart FILE      also draws the figures as an SVG

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mavenJars, pythonPackages } from '../test/interop/harness/install.ts';
import type { BrokerName } from './brokers.ts';
import { type Bar, chart } from './chart.ts';
import { type Figure, median, type Workload } from './workload.ts';
import { workloads } from './workloads.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '1' },
    only: { type: 'string' },
    chart: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const brokers: BrokerName[] = values.only === undefined ? ['moldau', 'kafka'] : [values.only as BrokerName];
const chosen =
  positionals.length === 0 ? workloads : workloads.filter(({ name }) => positionals.includes(name));
if (chosen.length < positionals.length) {
  process.stderr.write(`workloads are: ${workloads.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const interop = resolve(import.meta.dirname, '../test/interop');
const folders = { root: interop, cache: join(interop, '.cache') };
process.stderr.write('installing clients and Kafka (once)\n');
await pythonPackages(folders, 'confluent-kafka');
await mavenJars(folders);

const bars: Bar[] = [];
const rows: string[][] = [['workload', 'figure', ...brokers, 'ratio', 'goal', '']];
let failed = 0;
for (const workload of chosen) {
  try {
    const compared = await compare(workload);
    for (const row of compared) process.stderr.write(`  ${row.filter((cell) => cell !== '').join('  ')}\n`);
    rows.push(...compared);
  } catch (error) {
    // The other workloads' figures are worth having all the same.
    failed += 1;
    process.stderr.write(`${workload.name} failed: ${(error as Error).message}\n`);
    rows.push([workload.name, 'failed', ...brokers.map(() => ''), '', '', 'MISSED']);
  }
}
if (values.chart !== undefined) writeFileSync(values.chart, chart('Moldau beside Apache Kafka', bars));
process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : table(rows));
if (failed > 0) process.exitCode = 1;

async function compare(workload: Workload): Promise<string[][]> {
  const figures = new Map<BrokerName, Figure[][]>(brokers.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    // Each round the other goes first, so that neither always meets the warmer machine.
    for (const name of round % 2 === 0 ? brokers : brokers.toReversed()) {
      process.stderr.write(`${workload.name}: ${workload.about} (${name}, round ${round + 1})\n`);
      figures.get(name)!.push(await workload.run(name));
    }
  }
  const medians = brokers.map((name) => medianFigures(figures.get(name)!));
  return medians[0]!.map((figure, index) => {
    const all = medians.map((of) => of[index]!.value);
    const [ours, theirs] = all;
    const ratio = theirs === undefined ? undefined : ours! / theirs;
    if (theirs !== undefined)
      bars.push({ label: `${workload.name}: ${figure.name}`, moldau: ours!, kafka: theirs });
    const numbers = all.map((value) => value.toPrecision(4));
    return [
      index === 0 ? workload.name : '',
      figure.name,
      ...numbers,
      ratio?.toFixed(2) ?? '',
      ...verdict(figure, ratio),
    ];
  });
}

function medianFigures(rounds: readonly Figure[][]): Figure[] {
  return rounds[0]!.map((figure, index) => ({
    ...figure,
    value: median(rounds.map((round) => round[index]!.value)),
  }));
}

function verdict({ goal, value, better }: Figure, ratio: number | undefined): [string, string] {
  if (goal === undefined) return ['', ''];
  const sign = better === 'low' ? '<=' : '>=';
  const [wanted, got, text] =
    'ratio' in goal
      ? [goal.ratio, ratio, `${sign} ${goal.ratio.toFixed(2)} x`]
      : [goal.value, value, `${sign} ${goal.value}`];
  if (got === undefined) return [text, ''];
  return [text, (better === 'low' ? got <= wanted : got >= wanted) ? 'reached' : 'MISSED'];
}

function table(lines: readonly string[][]): string {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
