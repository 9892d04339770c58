// The range assignor: of each topic every subscriber gets one run of neighbouring partitions, in the order of the
// members. Members that are subscribed to the same topics get the same partition numbers of each, which joins need.

import type { Uuid } from '@moldau/protocol';
import type { Assignor, AssignorMember, TopicPartitions } from './assignor.ts';

interface TopicRanges {
  subscriberCount: number;
  /** How many subscribers have had their run. */
  servedCount: number;
  nextPartition: number;
}

export const assignByRange: Assignor = ({ members, partitionCount }) => {
  const ordered = [...members].sort(byInstanceThenId);
  const ranges = new Map<Uuid, TopicRanges>();
  for (const { topicIds } of ordered) {
    for (const topicId of topicIds) {
      const topic = ranges.get(topicId) ?? { subscriberCount: 0, servedCount: 0, nextPartition: 0 };
      topic.subscriberCount++;
      ranges.set(topicId, topic);
    }
  }
  return new Map(
    ordered.map(({ memberId, topicIds }): [string, TopicPartitions] => {
      const mine = new Map<Uuid, ReadonlySet<number>>();
      for (const topicId of topicIds) {
        const run = takeRun(ranges.get(topicId)!, partitionCount(topicId));
        if (run.size > 0) mine.set(topicId, run);
      }
      return [memberId, mine];
    }),
  );
};

/** Those who come first get the partitions that do not divide evenly. */
function takeRun(topic: TopicRanges, partitionCount: number): Set<number> {
  const extra = topic.servedCount < partitionCount % topic.subscriberCount ? 1 : 0;
  const length = Math.floor(partitionCount / topic.subscriberCount) + extra;
  const run = new Set<number>();
  for (let i = 0; i < length; i++) run.add(topic.nextPartition + i);
  topic.servedCount++;
  topic.nextPartition += length;
  return run;
}

/** Static members first, by the name they keep over restarts, so that their ranges stay where they are. */
function byInstanceThenId(a: AssignorMember, b: AssignorMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return compare(a.instanceId, b.instanceId);
  if (a.instanceId !== null) return -1;
  if (b.instanceId !== null) return 1;
  return compare(a.memberId, b.memberId);
}

/** By code units, as Java compares strings. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
