// What fetching and reading records costs: a broker in a process of its own, filled once, and a loop that takes records and touches their values.
// Run: node --conditions=source packages/client/src/consumer/fetching/fetching.bench.ts [records of 100 B, in millions] [records of 200 KB]
// With MOLDAU_TEST_BROKERS=host:port against that broker.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { encodeBatch, produceRequest, produceResponse } from '@moldau/protocol';
import { startTestBroker } from '@moldau/testing';
import { Admin } from '../../admin/admin.ts';
import { Cluster } from '../../cluster/cluster.ts';
import { resolveClientOptions } from '../../options/client-options.ts';
import { nodePorts } from '../../options/ports.ts';
import { Fetcher } from './fetcher.ts';
import { FETCH_DEFAULTS } from './types.ts';

const PARTITIONS = 6;

interface Workload {
  readonly topic: string;
  readonly valueBytes: number;
  readonly perBatch: number;
  readonly total: number;
}

async function fill(cluster: Cluster, { topic, valueBytes, perBatch, total }: Workload): Promise<void> {
  const value = Buffer.alloc(valueBytes, 'moldau ');
  const timestamp = Date.now();
  const records = Array.from({ length: perBatch }, () => ({ timestamp, key: null, value }));
  const batch = encodeBatch({ records });
  const api = { request: produceRequest, response: produceResponse, maxVersion: 12 };
  let left = total;
  const worker = async (partition: number): Promise<void> => {
    while (left > 0) {
      left -= perBatch;
      const input = {
        ...{ acks: 1, timeoutMs: 10_000 },
        topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }],
      };
      await cluster.request(api, input, { to: { leaderOf: { topic, partition } }, purpose: 'produce' });
    }
  };
  await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => worker(partition)));
}

async function measure(cluster: Cluster, { topic, valueBytes, total }: Workload): Promise<void> {
  await using fetcher = new Fetcher(cluster, { ...FETCH_DEFAULTS, autoOffsetReset: 'earliest' });
  fetcher.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition })));
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  let count = 0;
  let sum = 0;
  while (count < total) {
    const taken = fetcher.take(1_000);
    if (taken === undefined) {
      await fetcher.whenReady();
      continue;
    }
    for (const { valueBytes: value } of taken.records) sum += value![0]!;
    count += taken.records.length;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = process.cpuUsage(startedCpu);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  console.log(
    `${valueBytes} B:`.padEnd(12),
    `${(count / seconds / 1e6).toFixed(3)} M records/s`.padStart(22),
    `${((count * valueBytes) / seconds / 1e6).toFixed(0)} MB/s`.padStart(12),
    `${((cpuSeconds / count) * 1e9).toFixed(0)} ns CPU each`.padStart(20),
    `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`.padStart(10),
    sum === 0 ? '?' : '',
  );
}

if (process.argv[2] === 'serve') {
  const broker = await startTestBroker();
  console.log(broker.port);
  process.stdin.resume();
  await once(process.stdin, 'end');
  await broker.stop();
} else {
  const [millions = 5, large = 3_000] = process.argv.slice(2).map(Number);
  const elsewhere = process.env.MOLDAU_TEST_BROKERS;
  const server =
    elsewhere === undefined
      ? spawn(process.execPath, ['--conditions=source', import.meta.filename, 'serve'], {
          stdio: ['pipe', 'pipe', 'inherit'],
        })
      : undefined;
  const port =
    server === undefined ? '' : String(((await once(server.stdout!, 'data')) as [Buffer])[0]).trim();
  const cluster = new Cluster(resolveClientOptions({ brokers: elsewhere ?? `127.0.0.1:${port}` }), nodePorts);
  const admin = new Admin(cluster);
  const workloads = [
    { topic: `small-${Date.now()}`, valueBytes: 100, perBatch: 150, total: millions * 1e6 },
    { topic: `large-${Date.now()}`, valueBytes: 200_000, perBatch: 1, total: large },
  ];
  for (const work of workloads) {
    if (work.total === 0) continue;
    await admin.topics.create({ name: work.topic, partitions: PARTITIONS });
    await fill(cluster, work);
    for (let round = 0; round < 3; round++) await measure(cluster, work);
    await admin.topics.delete(work.topic);
  }
  await cluster.close();
  server?.stdin?.end();
}
