// One look at the cluster, and what two looks say together: rates.

import type { Admin, FoundOffset, GroupDescription, GroupLag } from '@moldau/client';
import { KafkaError, PartialFailureError } from '@moldau/client/admin';
import type { Clock } from '@moldau/io';

export interface Sample {
  /** By the monotonic clock. */
  readonly atMs: number;
  readonly topics: ReadonlyMap<string, TopicSample>;
  readonly groups: ReadonlyMap<string, GroupSample>;
  readonly brokers: readonly BrokerSample[];
}

export interface TopicSample {
  readonly partitionCount: number;
  /** Ends of its partitions, together. */
  readonly endOffset: number;
  /** On the disks of all replicas; undefined where nobody may ask. */
  readonly sizeBytes: number | undefined;
}

export interface GroupSample {
  readonly state: string;
  readonly lag: number;
  readonly committedOffset: number;
  readonly members: readonly {
    readonly clientId: string;
    readonly host: string;
    readonly partitionCount: number;
  }[];
}

export interface BrokerSample {
  readonly id: number;
  readonly address: string;
  readonly isController: boolean;
  readonly leaderCount: number;
  /** Of a question and its answer; undefined: it did not answer. */
  readonly latencyMs: number | undefined;
}

export interface Sampler {
  readonly admin: Admin;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export async function takeSample({ admin, clock, signal }: Sampler): Promise<Sample> {
  const call = { signal };
  const [cluster, listed] = await Promise.all([
    admin.cluster.describe(call),
    admin.topics.list({ ...call, includeInternal: true }),
  ]);
  const names = listed.map(({ name }) => name);
  const described = await parts(admin.topics.describe(names, call));
  const led = described.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ leaderId }) => leaderId !== undefined)
      .map(({ index, leaderId }) => ({ topic: name, partition: index, leaderId, at: 'latest' as const })),
  );
  const [ends, dirs, groups, latencies] = await Promise.all([
    parts<FoundOffset>(admin.offsets.list(led, call)),
    parts(admin.logDirs.describe(call)),
    groupSamples(admin, signal),
    Promise.all(cluster.brokers.map(({ id }) => latencyOf(admin, id, clock, signal))),
  ]);
  const endOffsets = sums(ends, ({ topic, offset = 0 }) => [topic, offset]);
  const sizes = sums(
    dirs.flatMap(({ replicas }) => replicas),
    ({ topic, sizeBytes }) => [topic, sizeBytes],
  );
  const leaders = sums(led, ({ leaderId }) => [leaderId!, 1]);
  return {
    atMs: clock.monotonicMs(),
    topics: new Map(
      described.map(({ name, partitions }) => [
        name,
        {
          partitionCount: partitions.length,
          endOffset: endOffsets.get(name) ?? 0,
          sizeBytes: dirs.length === 0 ? undefined : (sizes.get(name) ?? 0),
        },
      ]),
    ),
    groups,
    brokers: cluster.brokers.map(({ id, host, port }, index) => ({
      ...{ id, address: `${host}:${port}`, isController: id === cluster.controllerId },
      leaderCount: leaders.get(id) ?? 0,
      latencyMs: latencies[index],
    })),
  };
}

/** What there is of it: one broker that does not answer, or a right that is missing, leaves the rest to be seen. */
async function parts<Value>(asked: Promise<Value[]>): Promise<Value[]> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof PartialFailureError)
      return error.results.filter((result): result is Value => !(result instanceof Error));
    if (error instanceof KafkaError && error.code !== 'CLOSED') return [];
    throw error;
  }
}

function sums<Item, Key>(
  items: readonly Item[],
  entry: (item: Item) => readonly [key: Key, value: number],
): Map<Key, number> {
  const totals = new Map<Key, number>();
  for (const item of items) {
    const [key, value] = entry(item);
    totals.set(key, (totals.get(key) ?? 0) + value);
  }
  return totals;
}

async function groupSamples(admin: Admin, signal: AbortSignal): Promise<Map<string, GroupSample>> {
  const listed = await parts(admin.groups.list({ signal }));
  const names = listed
    .filter(({ type }) => type === 'classic' || type === 'consumer')
    .map(({ groupId }) => groupId);
  if (names.length === 0) return new Map();
  const [groups, lags] = await Promise.all([
    parts<GroupDescription>(admin.groups.describe(names, { signal })),
    parts<GroupLag>(admin.groupOffsets.lag(names, { signal })),
  ]);
  const lag = sums(lags, ({ groupId, lag = 0 }) => [groupId, lag]);
  const committed = sums(lags, ({ groupId, committedOffset = 0 }) => [groupId, committedOffset]);
  return new Map(
    groups.map(({ groupId, state, members }) => [
      groupId,
      {
        ...{ state, lag: lag.get(groupId) ?? 0, committedOffset: committed.get(groupId) ?? 0 },
        members: members.map(({ clientId, host, assignment }) => ({
          ...{ clientId, host, partitionCount: assignment.length },
        })),
      },
    ]),
  );
}

async function latencyOf(
  admin: Admin,
  brokerId: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | undefined> {
  const startMs = clock.monotonicMs();
  const answers = await parts(admin.cluster.apiVersions({ brokerIds: [brokerId], signal, timeoutMs: 2000 }));
  return answers.length === 0 ? undefined : clock.monotonicMs() - startMs;
}
