// What is measured: each workload drives one running broker with clients that are not ours and returns figures.

import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { measured } from './brokers.ts';
import { securityWorkloads } from './security-workloads.ts';
import {
  javaClient,
  javaTool,
  MEGABYTE,
  python,
  pythonClient,
  type Workload,
  withBroker,
} from './workload.ts';

const start: Workload = {
  name: 'start',
  about: 'process start to first answered request, and memory when idle',
  run: (name) =>
    withBroker(name, [], async (broker, firstStartMs) => {
      await broker.stop();
      const startMs = await broker.start();
      await new Promise((done) => setTimeout(done, 3000));
      return [
        { name: 'first start s', value: firstStartMs / 1000, better: 'low', goal: { value: 0.3 } },
        { name: 'start s', value: startMs / 1000, better: 'low', goal: { value: 0.3 } },
        {
          name: 'idle MB',
          value: broker.usage().residentBytes / MEGABYTE,
          better: 'low',
          goal: { value: 90 },
        },
      ];
    }),
};

interface Delivery {
  p50: number;
  p99: number;
  delivered: number;
  expected: number;
}

function delivery(name: string, rate: number, seconds: number, goals: boolean): Workload {
  return {
    name,
    about: `1 producer, 5 consumers, 100-500 KB at ${rate}/s for ${seconds} s, confluent-kafka-python`,
    run: (broker) =>
      withBroker(broker, ['group.initial.rebalance.delay.ms=0'], async (running) => {
        const { result, wallSeconds, cpuSeconds, peakBytes } = await measured(running, () =>
          pythonClient<Delivery>('delivery.py', running.bootstrap, rate, seconds, 5),
        );
        const cpuGoal = goals ? { goal: { ratio: 1 / 3 } } : {};
        const latencyGoal = goals ? { goal: { ratio: 1 / 2 } } : {};
        const memoryGoal = goals ? {} : { goal: { value: 300 } };
        return [
          {
            name: 'delivered %',
            value: (100 * result.delivered) / result.expected,
            better: 'high',
            goal: { value: 100 },
          },
          { name: 'broker CPU %', value: (100 * cpuSeconds) / wallSeconds, better: 'low', ...cpuGoal },
          { name: 'p50 ms', value: result.p50, better: 'low' },
          { name: 'p99 ms', value: result.p99, better: 'low', ...latencyGoal },
          { name: 'peak MB', value: peakBytes / MEGABYTE, better: 'low', ...memoryGoal },
        ];
      }),
  };
}

function headline(name: string, acks: string, ratio: number): Workload {
  const [count, size] = [3000, 200_000];
  return {
    name,
    about: `${count} x ${size / 1000} KB, acks=${acks}, confluent-kafka-python`,
    run: (broker) =>
      withBroker(broker, [], async (running) => {
        await pythonClient('headline.py', running.bootstrap, 300, size, acks);
        const { result, cpuSeconds, peakBytes } = await measured(running, () =>
          pythonClient<{ seconds: number }>('headline.py', running.bootstrap, count, size, acks),
        );
        return [
          {
            name: 'MB/s',
            value: (count * size) / MEGABYTE / result.seconds,
            better: 'high',
            goal: { ratio },
          },
          { name: 'broker CPU s', value: cpuSeconds, better: 'low' },
          { name: 'peak MB', value: peakBytes / MEGABYTE, better: 'low' },
        ];
      }),
  };
}

const smallRecords: Workload = {
  name: 'small records',
  about: "Kafka's own producer and consumer perf tools, 3 M x 100 B, 6 partitions, acks=1",
  run: (broker) =>
    withBroker(broker, ['num.partitions=6', 'group.initial.rebalance.delay.ms=0'], async (running) => {
      const perf = (records: number) =>
        javaTool(
          'org.apache.kafka.tools.ProducerPerformance',
          ...[
            '--topic',
            'perf',
            '--num-records',
            String(records),
            '--record-size',
            '100',
            '--throughput',
            '-1',
          ],
          ...['--producer-props', `bootstrap.servers=${running.bootstrap}`, 'acks=1'],
        );
      await perf(100_000);
      const produced = await measured(running, () => perf(3_000_000));
      const recordsPerSecond = Number(
        /([\d.]+) records\/sec/.exec(produced.result.trim().split('\n').at(-1)!)![1],
      );
      const consumed = await measured(running, () =>
        javaTool(
          'org.apache.kafka.tools.ConsumerPerformance',
          ...['--bootstrap-server', running.bootstrap, '--topic', 'perf', '--num-records', '3000000'],
        ),
      );
      const columns = consumed.result.trim().split('\n').at(-1)!.split(', ');
      return [
        { name: 'produce M rec/s', value: recordsPerSecond / 1e6, better: 'high', goal: { ratio: 1.2 } },
        { name: 'produce CPU s', value: produced.cpuSeconds, better: 'low' },
        { name: 'consume M rec/s', value: Number(columns[9]) / 1e6, better: 'high', goal: { ratio: 1.1 } },
        { name: 'consume CPU s', value: consumed.cpuSeconds, better: 'low' },
        {
          name: 'peak MB',
          value: Math.max(produced.peakBytes, consumed.peakBytes) / MEGABYTE,
          better: 'low',
        },
      ];
    }),
};

const manyTopics: Workload = {
  name: 'many topics',
  about: '10,000 topics made, a first record to each, acks=1',
  run: (broker) =>
    withBroker(broker, [], async (running) => {
      const { result, cpuSeconds, peakBytes } = await measured(running, () =>
        pythonClient<{ createSeconds: number; firstRecordSeconds: number }>(
          'topics.py',
          running.bootstrap,
          10_000,
          1,
        ),
      );
      return [
        { name: 'create s', value: result.createSeconds, better: 'low', goal: { ratio: 0.5 } },
        { name: 'first record s', value: result.firstRecordSeconds, better: 'low', goal: { ratio: 0.5 } },
        { name: 'broker CPU s', value: cpuSeconds, better: 'low' },
        { name: 'peak MB', value: peakBytes / MEGABYTE, better: 'low' },
      ];
    }),
};

const restart: Workload = {
  name: 'restart',
  about: 'clean stop and start with 12,000 partitions that hold records',
  run: (broker) =>
    withBroker(broker, [], async (running) => {
      await pythonClient('topics.py', running.bootstrap, 1200, 10);
      const { residentBytes, openFiles } = running.usage();
      const stopMs = await running.stop();
      const startMs = await running.start();
      return [
        { name: 'stop s', value: stopMs / 1000, better: 'low', goal: { value: 1.5 } },
        { name: 'start s', value: startMs / 1000, better: 'low', goal: { value: 2 } },
        { name: 'MB', value: residentBytes / MEGABYTE, better: 'low', goal: { value: 250 } },
        { name: 'open files', value: openFiles, better: 'low', goal: { value: 1000 } },
      ];
    }),
};

const crash: Workload = {
  name: 'crash',
  about: 'kill -9 and an immediate start, to the next record acknowledged to a waiting producer',
  run: (broker) =>
    withBroker(broker, [], async (running) => {
      const script = join(import.meta.dirname, 'clients/waiting-producer.py');
      const producer = spawn(python, [script, running.bootstrap], { stdio: ['ignore', 'pipe', 'ignore'] });
      try {
        const acknowledgedMs: number[] = [];
        producer.stdout.on('data', (chunk: Buffer) => {
          for (const line of chunk.toString().trim().split('\n')) acknowledgedMs.push(Number(line));
        });
        await until(() => acknowledgedMs.length > 50);
        const killedMs = Date.now();
        await running.stop('SIGKILL');
        await running.start();
        await until(() => acknowledgedMs.some((atMs) => atMs > killedMs + 5));
        const firstMs = acknowledgedMs.find((atMs) => atMs > killedMs + 5)!;
        return [{ name: 'gap s', value: (firstMs - killedMs) / 1000, better: 'low', goal: { value: 0.5 } }];
      } finally {
        producer.kill('SIGKILL');
      }
    }),
};

async function until(isTrue: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 120_000;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error('waited two minutes in vain');
    await new Promise((done) => setTimeout(done, 5));
  }
}

const idleConnections: Workload = {
  name: 'idle connections',
  about: '1,000 connections that ask nothing',
  run: (broker) =>
    withBroker(broker, [], async (running) => {
      const before = running.usage().residentBytes;
      const sockets = Array.from({ length: 1000 }, () => connect(running.port, '127.0.0.1'));
      await Promise.all(sockets.map((socket) => new Promise((done) => socket.once('connect', done))));
      await new Promise((done) => setTimeout(done, 1000));
      const grown = running.usage().residentBytes - before;
      for (const socket of sockets) socket.destroy();
      return [{ name: 'KB each', value: grown / 1000 / sockets.length, better: 'low' }];
    }),
};

interface Compaction {
  megabytes: number;
  seconds: number;
  idleP99Ms: number;
  besideP99Ms: number;
}

const compaction: Workload = {
  name: 'compaction',
  about: '300 MB of 100 B records with 10 % unique keys, and 200 records/s written beside it',
  run: (broker) =>
    withBroker(broker, ['log.cleaner.backoff.ms=50'], async (running) => {
      const { result, peakBytes } = await measured(running, () =>
        pythonClient<Compaction>('compaction.py', running.bootstrap, running.dataDirectory, 300),
      );
      return [
        { name: 'MB/s', value: result.megabytes / result.seconds, better: 'high', goal: { ratio: 1 } },
        { name: 'p99 beside ms', value: result.besideP99Ms, better: 'low', goal: { ratio: 1 } },
        { name: 'p99 before ms', value: result.idleP99Ms, better: 'low' },
        { name: 'peak MB', value: peakBytes / MEGABYTE, better: 'low' },
      ];
    }),
};

const shareLatency: Workload = {
  name: 'share group latency',
  about: "Kafka's share consumer, 1 record of 100 B at a time from its producer to a member, acks=all",
  run: (broker) =>
    withBroker(
      broker,
      ['share.coordinator.state.topic.replication.factor=1', 'share.coordinator.state.topic.min.isr=1'],
      async (running) => {
        const { result, cpuSeconds } = await measured(running, () =>
          javaClient<{ p50: number; p99: number }>('ShareLatency.java', running.bootstrap, 2000),
        );
        return [
          { name: 'p50 ms', value: result.p50, better: 'low', goal: { ratio: 1 / 2 } },
          { name: 'p99 ms', value: result.p99, better: 'low' },
          { name: 'broker CPU s', value: cpuSeconds, better: 'low' },
        ];
      },
    ),
};

const transactions: Workload = {
  name: 'transactions',
  about: 'of 100 x 1 KB over 6 partitions, one after the other, confluent-kafka-python',
  run: (broker) =>
    withBroker(broker, [], async (running) => {
      const { result, cpuSeconds } = await measured(running, () =>
        pythonClient<{ perSecond: number }>('transactions.py', running.bootstrap, 10),
      );
      return [
        { name: 'per second', value: result.perSecond, better: 'high', goal: { ratio: 1.5 } },
        { name: 'broker CPU s', value: cpuSeconds, better: 'low' },
      ];
    }),
};

const consumeTransformProduce: Workload = {
  name: 'consume-transform-produce',
  about: "exactly once with Kafka's clients, 1 KB records over 6 partitions, a transaction for each poll",
  run: (broker) =>
    withBroker(broker, [], async (running) => {
      const { result, cpuSeconds, peakBytes } = await measured(running, () =>
        javaClient<{ perSecond: number; transactionsPerSecond: number }>(
          'ConsumeTransformProduce.java',
          running.bootstrap,
          200_000,
        ),
      );
      return [
        { name: 'records/s', value: result.perSecond, better: 'high', goal: { ratio: 1 } },
        { name: 'transactions/s', value: result.transactionsPerSecond, better: 'high' },
        { name: 'broker CPU s', value: cpuSeconds, better: 'low' },
        { name: 'peak MB', value: peakBytes / MEGABYTE, better: 'low' },
      ];
    }),
};

function rebalance(protocol: 'classic' | 'consumer'): Workload {
  return {
    name: `rebalance ${protocol}`,
    about: `50 members join a group of the ${protocol} protocol over 500 partitions at once`,
    run: (broker) =>
      withBroker(broker, [], async (running) => {
        const { result, cpuSeconds } = await measured(running, () =>
          pythonClient<{ seconds: number }>('rebalance.py', running.bootstrap, 50, 500, protocol),
        );
        return [
          { name: 'settled s', value: result.seconds, better: 'low', goal: { ratio: 0.5 } },
          { name: 'broker CPU s', value: cpuSeconds, better: 'low' },
        ];
      }),
  };
}

export const workloads: readonly Workload[] = [
  start,
  delivery('delivery', 30, 20, true),
  delivery('fast delivery', 150, 15, false),
  headline('headline acks=1', '1', 1.2),
  headline('headline acks=all', 'all', 1),
  smallRecords,
  manyTopics,
  restart,
  crash,
  idleConnections,
  transactions,
  consumeTransformProduce,
  rebalance('classic'),
  rebalance('consumer'),
  compaction,
  shareLatency,
  ...securityWorkloads,
];
