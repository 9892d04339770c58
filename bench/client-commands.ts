// The clients that are compared: how each is installed, told its work, and understood.

import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { mustRun } from '../test/interop/harness/command.ts';
import {
  aptPackage,
  kafkaJars,
  mavenJars,
  npmPackages,
  pythonPackages,
  venvDirectory,
} from '../test/interop/harness/install.ts';
import type { ProcessRun } from './client-process.ts';
import type { Done, Work } from './clients/perf/work.ts';

export interface BenchClient {
  readonly name: string;
  readonly kinds: readonly Work['kind'][];
  /** Of the workload's records: slow ones get fewer, so that a run ends in time. */
  readonly share: number;
  install(): Promise<void>;
  /** @param lines gives a file with as many lines as there are records. */
  command(work: Work, lines: () => Promise<string>): Promise<readonly string[]>;
  /** What a run came to. */
  read(run: ProcessRun): Done;
}

const repository = resolve(import.meta.dirname, '..');
const programs = join(import.meta.dirname, 'clients/perf');
const interop = join(repository, 'test/interop');
const folders = { root: interop, cache: join(interop, '.cache') };
const ALL: readonly Work['kind'][] = ['produce', 'consume', 'latency'];
const CONFLUENT_JAVASCRIPT = '@confluentinc/kafka-javascript@1.10.1';

export const benchClients: readonly BenchClient[] = [
  { ...javascript('moldau post', 'moldau-post.ts'), kinds: ['produce'] },
  { ...javascript('moldau send', 'moldau-send.ts'), kinds: ALL },
  { ...javascript('kafkajs', 'kafkajs.ts'), share: 0.5, install: () => npmPackages(folders, 'kafkajs') },
  {
    ...javascript('platformatic', 'platformatic.ts'),
    share: 0.5,
    install: () => npmPackages(folders, 'platformatic-kafka'),
  },
  { ...javascript('confluent javascript', 'confluent.ts'), share: 0.5, install: installConfluentJavascript },
  kcat(),
  java(),
  python('confluent python', 'confluent', 'confluent-kafka', 1),
  python('kafka-python', 'kafka-python', 'kafka-python', 0.1),
];

function javascript(name: string, program: string): BenchClient {
  return {
    ...{ name, kinds: ALL, share: 1 },
    install: async () => {},
    command: async (work) => [process.execPath, join(programs, program), JSON.stringify(work)],
    read: lastLine,
  };
}

function python(name: string, library: string, environment: string, share: number): BenchClient {
  return {
    ...{ name, kinds: ALL, share },
    install: () => pythonPackages(folders, environment),
    command: async (work) => [
      join(venvDirectory(folders, environment), 'bin/python'),
      join(programs, 'python.py'),
      library,
      JSON.stringify(work),
    ],
    read: lastLine,
  };
}

/** Its whole process is measured: it starts in some 20 ms. */
function kcat(): BenchClient {
  return {
    ...{ name: 'kcat', kinds: ['produce', 'consume'], share: 1 },
    install: () => aptPackage('kcat', ['kcat', '-V']),
    async command({ kind, brokers, topic, compression, records }, lines) {
      const place = ['kcat', '-b', brokers, '-t', topic, '-q'];
      return kind === 'produce'
        ? [...place, '-P', '-X', 'acks=1', '-X', `compression.codec=${compression}`, '-l', await lines()]
        : [...place, '-C', '-o', 'beginning', '-c', String(records), '-f', '\\n'];
    },
    read: ({ wallSeconds }) => ({ seconds: wallSeconds }),
  };
}

function java(): BenchClient {
  return {
    ...{ name: 'java', kinds: ALL, share: 1 },
    install: () => mavenJars(folders),
    async command(work) {
      const { kind, brokers, topic, compression, records, payloads, ratePerSecond } = work;
      const tool = ['java', '-Xmx512m', '-cp', join(kafkaJars(folders), '*')];
      if (kind === 'consume') {
        const place = ['--bootstrap-server', brokers, '--topic', topic, '--num-records', String(records)];
        return [...tool, 'org.apache.kafka.tools.ConsumerPerformance', ...place, '--timeout', '60000'];
      }
      const linger = kind === 'latency' ? ['linger.ms=0'] : [];
      return [
        ...[...tool, 'org.apache.kafka.tools.ProducerPerformance', '--topic', topic],
        ...['--num-records', String(records), '--payload-file', payloads],
        ...['--throughput', String(kind === 'latency' ? ratePerSecond : -1)],
        ...[
          '--command-property',
          `bootstrap.servers=${brokers}`,
          'acks=1',
          `compression.type=${compression}`,
          ...linger,
        ],
      ];
    },
    read: ({ output }) => readJavaPerformance(output),
  };
}

/** The last line of the producer's tool, or the columns of the consumer's without the time that it took to join. */
export function readJavaPerformance(output: string): Done {
  const last = output.trim().split('\n').at(-1)!;
  const sent = /^(\d+) records sent, ([\d.]+) records\/sec.* ([\d.]+) ms 50th, .* ([\d.]+) ms 99th/.exec(
    last,
  );
  if (sent !== null) {
    const [, records, rate, p50Ms, p99Ms] = sent.map(Number);
    return { seconds: records! / rate!, p50Ms: p50Ms!, p99Ms: p99Ms! };
  }
  const columns = last.split(',');
  if (columns.length < 10) throw new Error(`cannot read what Kafka's tool says: ${last}`);
  return { seconds: Number(columns[4]) / Number(columns[9]) };
}

function lastLine({ output }: ProcessRun): Done {
  return JSON.parse(output.trim().split('\n').at(-1)!) as Done;
}

/** It brings librdkafka along and compiles it, or fetches it compiled where it can. */
async function installConfluentJavascript(): Promise<void> {
  const directory = join(folders.cache, 'confluent-javascript');
  if (existsSync(join(directory, '.installed'))) return;
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{ "private": true }\n');
  const command = ['npm', 'install', '--no-audit', '--no-fund', CONFLUENT_JAVASCRIPT];
  await mustRun(command, { cwd: directory, environment: { CKJS_LINKING: 'dynamic' }, timeoutMs: 900_000 });
  // Compiled for another Node, it is there and does not load.
  await mustRun([process.execPath, '-e', "require('@confluentinc/kafka-javascript')"], { cwd: directory });
  await writeFile(join(directory, '.installed'), '');
}
