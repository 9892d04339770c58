// What a client is asked to do by bench/clients.ts, and what it says of it. One process does one piece of work.

import { readFileSync } from 'node:fs';

export interface Work {
  readonly kind: 'produce' | 'consume' | 'latency';
  readonly brokers: string;
  readonly topic: string;
  readonly records: number;
  readonly compression: 'none' | 'lz4';
  /** A line for each of some values, which are sent in turn. */
  readonly payloads: string;
  /** Of work of the kind 'latency': requests begun each second, whether or not the former are answered. */
  readonly ratePerSecond: number;
}

/** Without what the process needed to start and to connect. */
export interface Done {
  readonly seconds: number;
  /** Of how many records, where it is not of all. */
  readonly records?: number;
  /** Of the work alone, where a client can tell; else all of its process is counted. */
  readonly cpuSeconds?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** A client of JavaScript, connected. */
export interface PerfClient {
  /** Sends so many records with acks=1; resolves when the last one is acknowledged. */
  produce(values: readonly Buffer[], count: number): Promise<void>;
  /** Reads the topic from its start, and tells of records as they come; resolves when it has been told to stop. */
  consume(received: (count: number) => boolean): Promise<void>;
  /** Sends one record, at once; resolves when it is acknowledged. */
  send(value: Buffer): Promise<unknown>;
  close(): Promise<void>;
}

export type Open = (work: Work) => Promise<PerfClient>;

/** Does the work that the command line tells of, and prints what came of it. */
export async function perform(open: Open): Promise<void> {
  const work = JSON.parse(process.argv[2]!) as Work;
  const client = await open(work);
  const before = process.cpuUsage();
  const done = await WORK[work.kind](client, work);
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${JSON.stringify({ ...done, cpuSeconds: (user + system) / 1e6 })}\n`);
  // What a client takes to say good-bye is not measured, and some need long.
  await Promise.race([client.close(), new Promise((resolve) => setTimeout(resolve, 2_000))]);
  process.exit(0);
}

const WORK: Record<Work['kind'], (client: PerfClient, work: Work) => Promise<Done>> = {
  async produce(client, work) {
    const values = payloadsOf(work);
    // Once connected, and with what is known of the topic.
    await client.send(values[0]!);
    const beginMs = performance.now();
    await client.produce(values, work.records);
    return { seconds: (performance.now() - beginMs) / 1000 };
  },
  async consume(client, { records }) {
    let beginMs = 0;
    let endMs = 0;
    let [received, first] = [0, 0];
    await client.consume((count) => {
      received += count;
      // The clock starts when the first have come, and they do not count: joining a group is no matter of throughput.
      if (beginMs === 0) {
        beginMs = performance.now();
        first = count;
      }
      if (received < records) return true;
      if (endMs === 0) endMs = performance.now();
      return false;
    });
    return { seconds: (endMs - beginMs) / 1000, records: received - first };
  },
  latency: measureLatency,
};

async function measureLatency(client: PerfClient, work: Work): Promise<Done> {
  const [value] = payloadsOf(work) as [Buffer];
  for (let warm = 0; warm < 100; warm++) await client.send(value);
  const latencies: number[] = [];
  const intervalMs = 1000 / work.ratePerSecond;
  const beginMs = performance.now();
  const sent: Promise<void>[] = [];
  while (sent.length < work.records) {
    const dueCount = Math.min(work.records, Math.floor((performance.now() - beginMs) / intervalMs));
    while (sent.length < dueCount) {
      const sentMs = performance.now();
      sent.push(client.send(value).then(() => void latencies.push(performance.now() - sentMs)));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(sent);
  latencies.sort((a, b) => a - b);
  return {
    seconds: (performance.now() - beginMs) / 1000,
    p50Ms: latencies[Math.floor(latencies.length * 0.5)]!,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)]!,
  };
}

function payloadsOf(work: Work): Buffer[] {
  const lines = readFileSync(work.payloads).toString('latin1').trimEnd().split('\n');
  return lines.map((line) => Buffer.from(line, 'latin1'));
}
