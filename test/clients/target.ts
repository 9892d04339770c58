// The broker behind a test of a client under faults: Moldau in this process, or the one at MOLDAU_TEST_BROKERS (host:port) behind a proxy of its own.

import { randomUUID } from 'node:crypto';
import { Kafka, type KafkaOptions, type NewTopic } from '@moldau/client';
import {
  consumerGroupHeartbeatRequest,
  describeClusterRequest,
  fetchRequest,
  fetchResponse,
  listOffsetsRequest,
  listOffsetsResponse,
  metadataRequest,
  metadataResponse,
  readRecordSet,
  shareGroupHeartbeatRequest,
  txnOffsetCommitRequest,
} from '@moldau/protocol';
import { FaultProxy, type Faults, RawClient, TestKafka } from '@moldau/testing';

export const elsewhere = process.env.MOLDAU_TEST_BROKERS;

/** The first API, and its version, of what old brokers lack. */
const FEATURES = {
  'the consumer protocol': { request: consumerGroupHeartbeatRequest, version: 0 },
  'the description of clusters': { request: describeClusterRequest, version: 0 },
  'offsets of members in transactions': { request: txnOffsetCommitRequest, version: 3 },
  'share groups': { request: shareGroupHeartbeatRequest, version: 1 },
} as const;

/** Skips the test, and says why, when the broker elsewhere is too old for it; ours has all. */
export async function lacks(
  test: { skip(why: string): void },
  feature: keyof typeof FEATURES,
): Promise<boolean> {
  if (elsewhere === undefined) return false;
  const { request, version } = FEATURES[feature];
  await using kafka = new Kafka({ brokers: elsewhere });
  const [broker] = await kafka.admin().cluster.apiVersions();
  const { maxVersion = -1 } = broker!.apis.find(({ apiKey }) => apiKey === request.apiKey) ?? {};
  if (maxVersion >= version) return false;
  test.skip(`the broker is too old for ${feature}`);
  return true;
}

/** Short waits, so that a test is over soon. */
const QUICK = {
  ...{ retryBackoffMs: 2, retryBackoffMaxMs: 20, reconnectBackoffMs: 1, reconnectBackoffMaxMs: 20 },
  requestTimeoutMs: 5_000,
} as const satisfies Partial<KafkaOptions>;

export interface Target extends AsyncDisposable {
  readonly brokers: string;
  readonly faults: Faults;
  /** Absent where the broker is not ours to stop. */
  readonly restart: TestKafka['restart'] | undefined;
  client(options?: Omit<KafkaOptions, 'brokers'>): Kafka;
  /** Makes a topic of its own. Returns its name. */
  topic(options?: Omit<NewTopic, 'name'>): Promise<string>;
}

export async function startTarget(
  options: { brokers?: number; settings?: Readonly<Record<string, string | number>> } = {},
): Promise<Target> {
  if (elsewhere !== undefined) {
    const proxy = await FaultProxy.start({ upstream: elsewhere, brokers: options.brokers ?? 1 });
    return target(proxy.brokers, proxy.faults, undefined, () => proxy.close());
  }
  const kafka = await TestKafka.start(options);
  return target(
    kafka.brokers,
    kafka.faults,
    (how) => kafka.restart(how),
    () => kafka.stop(),
  );
}

function target(
  brokers: string,
  faults: Faults,
  restart: Target['restart'],
  stop: () => Promise<void>,
): Target {
  const clients: Kafka[] = [];
  const client: Target['client'] = (options = {}) => {
    const kafka = new Kafka({ brokers, ...QUICK, ...options });
    clients.push(kafka);
    return kafka;
  };
  return {
    ...{ brokers, faults, restart, client },
    async topic(options = {}) {
      const name = `faults-${randomUUID()}`;
      const admin = client().admin();
      await admin.topics.create({ name, partitions: 1, ...options });
      for (;;) {
        const found = await admin.topics.describe(name).catch(() => []);
        if (found[0]?.partitions.every(({ leaderId }) => leaderId !== undefined)) return name;
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((kafka) => kafka.close()));
      await stop();
    },
  };
}

/** All values of a partition, in the order of the log, read without the client that is tested. */
export async function valuesIn({ brokers }: Target, topic: string, partition = 0): Promise<string[]> {
  const leader = await leaderOf(brokers, topic, partition);
  try {
    const { topics } = await leader.request(listOffsetsRequest, listOffsetsResponse, 5, {
      replicaId: -1,
      isolationLevel: 0,
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -1 }] }],
    });
    const end = topics[0]!.partitions[0]!.offset;
    const values: string[] = [];
    for (let offset = 0; offset < end; ) {
      const { responses } = await leader.request(fetchRequest, fetchResponse, 11, {
        ...{ maxWaitMs: 100, minBytes: 1, forgottenTopicsData: [] },
        topics: [{ topic, partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: 1 << 20 }] }],
      });
      for (const record of readRecordSet(responses[0]!.partitions[0]!.records ?? Buffer.alloc(0))) {
        if (record.offset < offset) continue;
        values.push(record.value?.toString() ?? '');
        offset = record.offset + 1;
      }
    }
    return values;
  } finally {
    leader.close();
  }
}

async function leaderOf(brokers: string, topic: string, partition: number): Promise<RawClient> {
  const any = await dial(brokers.split(',')[0]!);
  const answer = await any.request(metadataRequest, metadataResponse, 9, { topics: [{ name: topic }] });
  any.close();
  const { leaderId } = answer.topics[0]!.partitions.find(
    ({ partitionIndex }) => partitionIndex === partition,
  )!;
  const { host, port } = answer.brokers.find(({ nodeId }) => nodeId === leaderId)!;
  return await dial(`${host}:${port}`);
}

function dial(address: string): Promise<RawClient> {
  const [host, port] = address.split(':');
  return RawClient.dial({ host: host!, port: Number(port) });
}

/** Rejects when it takes longer: nothing may hang. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not settled within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when it is so; rejects, with what `state` says, when that takes longer. */
export async function until(
  ms: number,
  what: string,
  isSo: () => boolean,
  state: () => unknown = () => '',
): Promise<void> {
  const endMs = performance.now() + ms;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`${what}: not so within ${ms} ms; ${state()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
