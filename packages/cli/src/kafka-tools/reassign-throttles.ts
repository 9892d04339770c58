// The throttles of kafka-reassign-partitions: how quickly brokers move what is on its way, which is kept in their settings and in those of topics.

import type { ReassignmentDescription } from '@moldau/client';
import { hashOrder } from './java-text.ts';
import type { ReassignWorld } from './reassign-actions.ts';
import type { PlannedPartition } from './reassign-plan.ts';

const OF_BROKERS = [
  'leader.replication.throttled.rate',
  'follower.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
];
const OF_TOPICS = ['leader.replication.throttled.replicas', 'follower.replication.throttled.replicas'];

export async function clearThrottles(
  { admin, context }: ReassignWorld,
  partitions: readonly PlannedPartition[],
): Promise<void> {
  const cluster = await admin.cluster.describe();
  const ids = [...cluster.brokers.map(({ id }) => id), ...partitions.flatMap(({ replicas }) => replicas)];
  const brokers = [...new Set(ids)].sort((left, right) => left - right);
  context.out(
    `Clearing broker-level throttles on broker${brokers.length === 1 ? '' : 's'} ${brokers.join(',')}`,
  );
  await admin.configs.alter(
    brokers.map((id) => ({ resource: { type: 'broker', name: String(id) }, remove: OF_BROKERS })),
  );
  const topics = hashOrder([...new Set(partitions.map(({ topic }) => topic))], (topic) => topic);
  context.out(`Clearing topic-level throttles on topic${topics.length === 1 ? '' : 's'} ${topics.join(',')}`);
  await admin.configs.alter(topics.map((name) => ({ resource: { type: 'topic', name }, remove: OF_TOPICS })));
}

interface Move {
  readonly topic: string;
  readonly partition: number;
  readonly sources: readonly number[];
  readonly destinations: readonly number[];
}

/** Between brokers. `current`: where the partitions are now. */
export async function throttleBrokers(
  { admin, context }: ReassignWorld,
  rate: number,
  plan: {
    readonly ongoing: readonly ReassignmentDescription[];
    readonly proposed: readonly PlannedPartition[];
    readonly current: ReadonlyMap<string, readonly number[]>;
  },
): Promise<void> {
  const moves = movesOf(plan);
  for (const [name, own] of Map.groupBy(moves, ({ topic }) => topic)) {
    const texts = (of: 'sources' | 'destinations'): string =>
      own
        .flatMap(({ partition, ...move }) => move[of].map((id) => `${partition}:${id}`))
        .sort()
        .join(',');
    await admin.configs.alter({
      resource: { type: 'topic', name },
      set: {
        'leader.replication.throttled.replicas': texts('sources'),
        'follower.replication.throttled.replicas': texts('destinations'),
      },
    });
  }
  const brokers = new Set(moves.flatMap(({ sources, destinations }) => [...sources, ...destinations]));
  await admin.configs.alter(
    [...brokers].map((id) => ({
      resource: { type: 'broker', name: String(id) },
      set: {
        'leader.replication.throttled.rate': String(rate),
        'follower.replication.throttled.rate': String(rate),
      },
    })),
  );
  context.out(`The inter-broker throttle limit was set to ${rate} B/s`);
}

function movesOf(plan: Parameters<typeof throttleBrokers>[2]): Move[] {
  const moves = new Map<string, Move>();
  for (const { topic, partition, replicas, addingReplicas } of plan.ongoing) {
    const sources = replicas.filter((id) => !addingReplicas.includes(id));
    moves.set(`${topic}-${partition}`, { topic, partition, sources, destinations: addingReplicas });
  }
  for (const { topic, partition, replicas } of plan.proposed) {
    const name = `${topic}-${partition}`;
    const sources = moves.get(name)?.sources ?? plan.current.get(name) ?? [];
    const destinations = replicas.filter((id) => !sources.includes(id));
    moves.set(name, { topic, partition, sources, destinations });
  }
  return [...moves.values()];
}

/** Between directories of the same broker. */
export async function throttleDirs(
  { admin, context }: ReassignWorld,
  rate: number,
  brokers: ReadonlySet<number>,
): Promise<void> {
  await admin.configs.alter(
    [...brokers].map((id) => ({
      resource: { type: 'broker', name: String(id) },
      set: { 'replica.alter.log.dirs.io.max.bytes.per.second': String(rate) },
    })),
  );
  context.out(`The replica-alter-dir throttle limit was set to ${rate} B/s`);
}
