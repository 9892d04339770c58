// Compares clients: each a process of its own, at the same work against the same broker, in turn. Prints a table and what became of the goals.
//
//   npm run bench:clients                                   every workload and client, Moldau and then Apache Kafka
//   npm run bench:clients -- --only kafka --rounds 3 'produce 100 B'
//   npm run bench:clients -- --scale 0.1                    a tenth of the records, to see whether all works
//   npm run bench:clients -- --clients 'moldau post,kcat' 'produce 100 B' 'consume 100 B'

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Kafka } from '@moldau/client';
import type { BrokerName, MeasuredBroker } from './brokers.ts';
import { type BenchClient, benchClients } from './client-commands.ts';
import { runClient } from './client-process.ts';
import { aligned, type ClientRun, type ComparedWorkload, clientTable } from './client-table.ts';
import { type ClientWorkload, clientWorkloads, Payloads } from './client-workloads.ts';
import type { Work } from './clients/perf/work.ts';
import { MEGABYTE, withBroker } from './workload.ts';

const RUN_TIMEOUT_MS = 180_000;
const BROKER_SETTINGS = [
  ...['group.initial.rebalance.delay.ms=0', 'auto.create.topics.enable=false'],
  'log.segment.delete.delay.ms=1000',
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    only: { type: 'string' },
    clients: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const brokers: BrokerName[] = values.only === undefined ? ['moldau', 'kafka'] : [values.only as BrokerName];
const workloads = chosen(clientWorkloads, positionals, 'workloads').map((workload) => ({
  ...workload,
  records: Math.ceil(workload.records * Number(values.scale)),
}));
const clients = chosen(benchClients, values.clients?.split(',') ?? [], 'clients');
const folder = mkdtempSync(join(tmpdir(), 'moldau-bench-clients-'));
const payloads = new Payloads(folder);
const missing = new Map<string, string>();

try {
  for (const client of clients) await installed(client);
  for (const broker of brokers) {
    const compared: ComparedWorkload[] = [];
    for (const workload of workloads) {
      compared.push(await withBroker(broker, BROKER_SETTINGS, (running) => compare(workload, running)));
      process.stderr.write(aligned(clientTable(compared.slice(-1)).rows));
    }
    const { rows, goals } = clientTable(compared);
    const title = broker === 'kafka' ? 'Apache Kafka' : 'Moldau';
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ broker, rows, goals })}\n`
        : `against ${title}\n\n${aligned(rows)}\n${aligned(goals)}\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function chosen<Named extends { readonly name: string }>(
  all: readonly Named[],
  names: readonly string[],
  what: string,
): readonly Named[] {
  const found = all.filter(({ name }) => names.length === 0 || names.includes(name));
  if (found.length >= names.length) return found;
  process.stderr.write(`${what} are: ${all.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

/** One that cannot be installed is left out, with the reason in its place. */
async function installed(client: BenchClient): Promise<void> {
  process.stderr.write(`installing ${client.name} (once)\n`);
  try {
    await client.install();
  } catch (error) {
    missing.set(client.name, 'cannot be installed here');
    process.stderr.write(`${client.name}: ${(error as Error).message.slice(0, 500)}\n`);
  }
}

async function compare(workload: ClientWorkload, broker: MeasuredBroker): Promise<ComparedWorkload> {
  await using kafka = new Kafka({ brokers: broker.bootstrap });
  const runs = new Map<string, ClientRun[] | string>();
  const able = clients.filter(
    ({ kinds, name }) => kinds.includes(workload.kind) && workload.without?.includes(name) !== true,
  );
  for (const { name } of able) runs.set(name, missing.get(name) ?? []);
  const filled = workload.kind === 'consume' ? await fill(workload, broker, kafka) : undefined;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    // Each round they go the other way round, so that none always meets the warmer machine.
    for (const client of round % 2 === 0 ? able : able.toReversed()) {
      const found = runs.get(client.name);
      if (!Array.isArray(found)) continue;
      process.stderr.write(`${workload.name}: ${client.name} (${broker.name}, round ${round + 1})\n`);
      try {
        found.push(await measure(client, workload, broker, kafka, filled));
      } catch (error) {
        runs.set(client.name, `failed: ${(error as Error).message.trim().split('\n').at(-1)?.slice(0, 100)}`);
        process.stderr.write(`${client.name} failed: ${(error as Error).message}\n`);
      }
    }
  }
  return { name: workload.name, goals: workload.goals, runs };
}

async function measure(
  client: BenchClient,
  workload: ClientWorkload,
  broker: MeasuredBroker,
  kafka: Kafka,
  filled: string | undefined,
): Promise<ClientRun> {
  const topic = filled ?? (await newTopic(workload, kafka));
  const share = workload.kind === 'latency' ? 1 : client.share;
  const work = workOf(workload, broker, topic, Math.ceil(workload.records * share));
  const command = await client.command(work, () => payloads.lines(workload, work.records));
  const run = await runClient(command, RUN_TIMEOUT_MS);
  const { seconds, records = work.records, cpuSeconds = run.cpuSeconds, p50Ms, p99Ms } = client.read(run);
  if (filled === undefined) await kafka.admin().topics.delete(topic);
  return {
    recordsPerSecond: records / seconds,
    megabytesPerSecond: (records * workload.bytes) / seconds / MEGABYTE,
    cpuSeconds: cpuSeconds / share,
    peakMegabytes: run.peakBytes / MEGABYTE,
    ...(workload.kind === 'latency' ? { p50Ms, p99Ms } : {}),
  };
}

function workOf(workload: ClientWorkload, broker: MeasuredBroker, topic: string, records: number): Work {
  const { kind, compression, ratePerSecond } = workload;
  const place = { brokers: broker.bootstrap, topic };
  return { kind, ...place, records, compression, payloads: payloads.values(workload), ratePerSecond };
}

async function newTopic({ partitions }: ClientWorkload, kafka: Kafka): Promise<string> {
  const name = `bench-${randomUUID()}`;
  await kafka.admin().topics.create({ name, partitions, replicationFactor: 1 });
  return name;
}

/** A topic with the records that all clients read. */
async function fill(workload: ClientWorkload, broker: MeasuredBroker, kafka: Kafka): Promise<string> {
  const topic = await newTopic(workload, kafka);
  const kcat = benchClients.find(({ name }) => name === 'kcat')!;
  await kcat.install();
  const work: Work = { ...workOf(workload, broker, topic, workload.records), kind: 'produce' };
  await runClient(await kcat.command(work, () => payloads.lines(workload, work.records)), RUN_TIMEOUT_MS);
  return topic;
}
