// What the clocks of brokers and producers say, by the youngest timestamps of topics.
//
// Kafka has no question for a broker's clock. Its own topics tell: what coordinators write there has the broker's time, as have topics with LogAppendTime.
// Where nothing is written meanwhile, a clock that is behind cannot be seen.

import type { FoundOffset } from '@moldau/client';
import type { ClockFacts, TopicFacts } from './facts.ts';
import { attempt, type GatherOptions, whole } from './gather.ts';

export type ClockLook = Omit<ClockFacts, 'writtenAfterMs'> & {
  /** Of all its partitions together: it grows when something is written. */
  readonly end: number;
};

/** More topics are not asked: it reads the index of each partition. */
const MOST_TOPICS = 200;

/** By topic; those without records, and those whose brokers are too old to tell, are left out. */
export async function lookAtClocks(
  topics: readonly TopicFacts[],
  options: GatherOptions,
): Promise<Map<string, ClockLook>> {
  const asked = topics.slice(0, MOST_TOPICS);
  const queries = asked.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ leaderId }) => leaderId !== undefined)
      .map(({ index }) => ({ topic: name, partition: index, at: 'max-timestamp' as const })),
  );
  if (queries.length === 0) return new Map();
  const found = await attempt('the timestamps of records', options, () =>
    options.admin.offsets.list(queries, { signal: options.signal }).catch(whole<FoundOffset>),
  );
  const looks = new Map<string, ClockLook>();
  for (const { topic, offset, timestampMs } of found ?? []) {
    if (offset === undefined || timestampMs === undefined) continue;
    const { newestMs = 0, end = 0 } = looks.get(topic) ?? {};
    const isOfBrokers = topics.some((each) => each.name === topic && isStampedByBrokers(each));
    looks.set(topic, {
      ...{ topic, isOfBrokers },
      newestMs: Math.max(newestMs, timestampMs),
      end: end + offset + 1,
    });
  }
  return looks;
}

function isStampedByBrokers({ isInternal, configs }: TopicFacts): boolean {
  return isInternal || configs.get('message.timestamp.type')?.value === 'LogAppendTime';
}
