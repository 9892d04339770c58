// The comparison of clients as a table: for each workload a line a client, what of ours it is, and whether ours reach their goals.

import { median } from './workload.ts';

/** One run of one client. */
export interface ClientRun {
  readonly recordsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
}

export interface ClientGoal {
  /** Of the clients that are ours, whose goal it is. */
  readonly client: string;
  readonly figure: keyof ClientRun;
  /** At least so many times what that client has; or not above a value. */
  readonly wanted: { readonly atLeast: number; readonly times: string } | { readonly atMost: number };
}

export interface ComparedWorkload {
  readonly name: string;
  readonly goals: readonly ClientGoal[];
  /** By client, in the order in which they are shown; the reason in place of runs for one that could not run. */
  readonly runs: ReadonlyMap<string, readonly ClientRun[] | string>;
}

const HEADER = [
  'workload',
  'client',
  'records/s',
  'MB/s',
  'p50 ms',
  'p99 ms',
  'CPU s',
  'peak MB',
  'of the best',
];

/** The rows of the table, its header first; then a row for each goal. */
export function clientTable(workloads: readonly ComparedWorkload[]): { rows: string[][]; goals: string[][] } {
  const rows = [HEADER];
  const goals = [['workload', 'client', 'goal', 'reached', '']];
  for (const { name, runs, goals: wanted } of workloads) {
    const medians = new Map(
      [...runs].flatMap(([client, all]) =>
        typeof all === 'string' || all.length === 0 ? [] : [[client, medianRun(all)]],
      ),
    );
    const best = Math.max(...[...medians.values()].map((run) => run.recordsPerSecond));
    let isFirst = true;
    for (const [client, all] of runs) {
      const run = medians.get(client);
      const cells = run === undefined ? [typeof all === 'string' ? all : 'no run'] : cellsOf(run, best);
      rows.push([isFirst ? name : '', client, ...cells]);
      isFirst = false;
    }
    for (const goal of wanted) goals.push([name, ...goalRow(goal, medians)]);
  }
  return { rows, goals };
}

/** Columns as wide as they need to be. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => (row.length === rows[0]!.length ? (row[column] ?? '').length : 0))),
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function cellsOf(run: ClientRun, best: number): string[] {
  return [
    Math.round(run.recordsPerSecond).toLocaleString('en'),
    run.megabytesPerSecond.toFixed(1),
    run.p50Ms?.toFixed(2) ?? '',
    run.p99Ms?.toFixed(2) ?? '',
    run.cpuSeconds.toFixed(2),
    run.peakMegabytes.toFixed(0),
    (run.recordsPerSecond / best).toFixed(2),
  ];
}

function goalRow({ client, figure, wanted }: ClientGoal, medians: ReadonlyMap<string, ClientRun>): string[] {
  const ours = medians.get(client)?.[figure];
  if ('atMost' in wanted) {
    const goal = `${figure} <= ${wanted.atMost}`;
    return ours === undefined
      ? [client, goal, '', '']
      : [client, goal, ours.toFixed(0), ours <= wanted.atMost ? 'reached' : 'MISSED'];
  }
  const theirs = medians.get(wanted.times)?.[figure];
  const goal = `${figure} >= ${wanted.atLeast} x ${wanted.times}`;
  if (ours === undefined || theirs === undefined) return [client, goal, '', ''];
  const ratio = ours / theirs;
  return [client, goal, `${ratio.toFixed(2)} x`, ratio >= wanted.atLeast ? 'reached' : 'MISSED'];
}

function medianRun(runs: readonly ClientRun[]): ClientRun {
  const of = (figure: keyof ClientRun): number => median(runs.map((run) => run[figure] ?? Number.NaN));
  const optional = (figure: 'p50Ms' | 'p99Ms') => (runs[0]![figure] === undefined ? undefined : of(figure));
  return {
    recordsPerSecond: of('recordsPerSecond'),
    megabytesPerSecond: of('megabytesPerSecond'),
    cpuSeconds: of('cpuSeconds'),
    peakMegabytes: of('peakMegabytes'),
    p50Ms: optional('p50Ms'),
    p99Ms: optional('p99Ms'),
  };
}
