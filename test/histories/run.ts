// Makes a history of many real clients at work while the broker is killed and restarted, and checks it:
//   node --conditions=source test/histories/run.ts [--kills N] [--seconds S] [--records N] [--seed X] [--broker moldau|kafka]
// Prints progress, the seed and a table; exits 1 with the anomalies and the folder that holds history, logs and data when there are any.
// More: --transactions no leaves them out, --clients a,b takes only these clients, --port N, --keep yes, --check FOLDER checks a kept history again.
//
// However long a run is, its history lies in files, a run of values a line; the checker streams them and keeps some 20 bytes a value.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seedOf } from '@moldau/testing';
import { ANOMALY_KINDS } from './checker/anomalies.ts';
import { checkHistories, type Verdict } from './checker/checker.ts';
import { readHistories, writeProcesses } from './checker/history.ts';
import { type ClientName, installClients } from './clients.ts';
import { Faults, sleep } from './faults.ts';
import { creator, isProducer, places, readers } from './places.ts';
import { Progress } from './progress.ts';
import { type BrokerName, RestartableBroker } from './restartable-broker.ts';
import { Run, Worker } from './worker.ts';

const CATCH_UP_MS = 60_000;
const PROGRESS_MS = 5_000;

interface Options {
  kills: number;
  seconds: number;
  records: number;
  seed: number;
  broker: BrokerName;
  hasTransactions: boolean;
  clients: ClientName[];
  port: number | undefined;
  isKept: boolean;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function readOptions(): Options | { check: string } {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '40' },
      records: { type: 'string', default: '100000' },
      seed: { type: 'string', default: String(seedOf()) },
      broker: { type: 'string', default: 'moldau' },
      transactions: { type: 'string', default: 'yes' },
      clients: { type: 'string', default: 'librdkafka,kafka-python,java,franz-go,moldau' },
      port: { type: 'string' },
      keep: { type: 'string', default: 'no' },
      check: { type: 'string' },
    },
  });
  if (values.check !== undefined) return { check: values.check };
  if (values.broker !== 'moldau' && values.broker !== 'kafka')
    throw new Error(`--broker is moldau or kafka, not ${values.broker}`);
  return {
    ...{ kills: Number(values.kills), seconds: Number(values.seconds), records: Number(values.records) },
    ...{ seed: Number(values.seed), broker: values.broker, hasTransactions: values.transactions === 'yes' },
    ...{ clients: values.clients.split(',') as ClientName[], isKept: values.keep === 'yes' },
    port: values.port === undefined ? undefined : Number(values.port),
  };
}

/** Runs the whole workload; resolves to what went wrong besides the history. */
async function makeHistory(
  options: Options,
  folder: string,
): Promise<{ run: Run; faults: Faults; troubles: string[] }> {
  const broker = await RestartableBroker.create(options.broker, join(folder, 'broker'), options.port);
  const history = join(folder, 'history');
  mkdirSync(history);
  const run = new Run(history, broker.bootstrap, new Progress());
  const troubles: string[] = [];
  const rate = options.records / options.seconds;
  const workers = places({ ...options, rate }).map((place) => new Worker(run, place));
  const faults = new Faults(options, broker, workers, join(folder, 'faults.log'));
  const stopAll = () => {
    for (const worker of workers) worker.kill();
    void broker.stop('SIGKILL');
  };
  process.once('exit', stopAll);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const progress = setInterval(() => say(progressLine(run.progress, faults)), PROGRESS_MS);
  try {
    await broker.start();
    await oneAfterTheOther(run, [creator()], troubles);
    for (const worker of workers) worker.start();
    await faults.run();
    await settle(run, workers, troubles);
    // The last word is that of a broker which has been killed once more.
    await faults.restartBroker('SIGKILL');
    await oneAfterTheOther(run, readers(options.clients), troubles);
    await broker.stop('SIGTERM');
  } catch (error) {
    troubles.push(error instanceof Error ? error.message : String(error));
  } finally {
    clearInterval(progress);
    process.off('exit', stopAll);
    stopAll();
    writeProcesses(history, run.processes);
  }
  troubles.push(
    ...run.surprises,
    ...broker.complaints().map((line) => `the broker logged: ${line.slice(0, 500)}`),
  );
  return { run, faults, troubles };
}

/** Ends producers, lets processors and then the others catch up, and ends them. */
async function settle(run: Run, workers: readonly Worker[], troubles: string[]): Promise<void> {
  say('settling');
  const finish = async (some: readonly Worker[]) => {
    await Promise.all(some.map((worker) => worker.finish()));
  };
  await Promise.all(workers.map((worker) => worker.finishReplaced()));
  await finish(workers.filter(({ place }) => isProducer(place)));
  const processors = workers.filter(({ place }) => place.role === 'process');
  const consumers = workers.filter(({ place }) => place.role === 'consume');
  for (const some of [processors, consumers]) {
    const groups = new Map(some.map(({ place }) => [String(place.settings.group), place.topics]));
    await Promise.all([...groups].map(([group, topics]) => catchUp(run, group, topics, troubles)));
    await finish(some);
  }
}

async function catchUp(
  run: Run,
  group: string,
  topics: readonly number[],
  troubles: string[],
): Promise<void> {
  let before = '';
  for (let deadlineMs = 0; ; await sleep(100)) {
    const behind = run.progress.behind(group, topics).join(', ');
    if (behind === '') return;
    if (behind !== before) deadlineMs = performance.now() + CATCH_UP_MS;
    before = behind;
    if (performance.now() > deadlineMs) {
      troubles.push(`group ${group} does not catch up, nothing came for ${CATCH_UP_MS} ms: ${behind}`);
      return;
    }
  }
}

async function oneAfterTheOther(
  run: Run,
  list: readonly ReturnType<typeof creator>[],
  troubles: string[],
): Promise<void> {
  for (const place of list) {
    const worker = new Worker(run, place);
    worker.start();
    const code = await worker.ended();
    if (code !== 0) troubles.push(`${worker.name} ended with ${code}: see ${run.folder}`);
  }
}

function progressLine(progress: Progress, faults: Faults): string {
  const { sent, acknowledged, polled, committed, aborted } = progress;
  return [
    `${sent} sent, ${acknowledged} acknowledged, ${polled} polled, ${committed} committed and ${aborted} aborted transactions,`,
    `${faults.kills} kills, ${faults.cleanRestarts} clean restarts, ${faults.clientFaults} client faults`,
  ].join(' ');
}

function report(verdict: Verdict, rows: readonly (readonly [string, number])[]): void {
  const { summary, anomalies } = verdict;
  const all: (readonly [string, number])[] = [
    ['records sent', summary.sent],
    ['acknowledged', summary.acknowledged],
    ['indeterminate', summary.indeterminate],
    ['in aborted transactions', summary.aborted],
    ['polled', summary.polled],
    ['transactions committed', summary.transactionsCommitted],
    ['transactions aborted', summary.transactionsAborted],
    ['transactions indeterminate', summary.transactionsIndeterminate],
    ...rows,
    ['anomalies', anomalies.total],
  ];
  for (const [name, value] of all) say(`${name.padEnd(30)}${String(value).padStart(12)}`);
  for (const [kind, count] of anomalies.counts()) say(`${count} x ${kind}: ${ANOMALY_KINDS[kind]}`);
  for (const { kind, detail } of anomalies.examples()) say(`  ${kind}: ${detail}`);
}

async function main(): Promise<void> {
  const options = readOptions();
  if ('check' in options) {
    const verdict = checkHistories(readHistories(join(options.check, 'history')));
    report(verdict, []);
    process.exitCode = verdict.anomalies.total === 0 ? 0 : 1;
    return;
  }
  await installClients(options.clients);
  const folder = mkdtempSync(join(tmpdir(), 'moldau-history-'));
  say(`seed ${options.seed}, ${options.broker}, in ${folder}`);
  const { run, faults, troubles } = await makeHistory(options, folder);
  say('checking');
  const startedMs = performance.now();
  const verdict = checkHistories(readHistories(run.folder));
  report(verdict, [
    ['kills of the broker', faults.kills],
    ['clean restarts', faults.cleanRestarts],
    ['faults of clients', faults.clientFaults],
    ['clients that gave up', run.givenUp],
    ['slowest start, ms', Math.round(faults.slowestStartMs)],
    ['check, ms', Math.round(performance.now() - startedMs)],
  ]);
  for (const trouble of troubles) say(`trouble: ${trouble}`);
  const isClean = verdict.anomalies.total === 0 && troubles.length === 0;
  if (!isClean) {
    writeFileSync(join(folder, 'verdict.json'), JSON.stringify(verdict.anomalies.examples(), null, 1));
    say(`kept in ${folder}; the same faults again: --seed ${options.seed}`);
  } else if (!options.isKept) rmSync(folder, { recursive: true, force: true });
  say(isClean ? '1 passed, 0 failed' : '0 passed, 1 failed');
  process.exit(isClean ? 0 : 1);
}

await main();
