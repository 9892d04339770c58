// Range: of each topic, neighbouring partitions go to the same member. Partitions of one number in several topics meet at one member, so that they can be joined.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';
import type { MemberAssignment, PartitionAssignor, SubscribedMember } from './assignor.ts';
import { byInstance } from './member-order.ts';

export class RangeAssignor implements PartitionAssignor {
  readonly name = 'range';

  assign(
    partitionCounts: ReadonlyMap<string, number>,
    members: readonly SubscribedMember[],
  ): Map<string, MemberAssignment> {
    const assigned = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
    const sorted = members.toSorted(byInstance);
    for (const [topic, count] of partitionCounts) {
      const readers = sorted.filter(({ topics }) => topics.includes(topic));
      const each = Math.floor(count / readers.length);
      const extra = count % readers.length;
      let partition = 0;
      readers.forEach(({ memberId }, index) => {
        const end = partition + each + (index < extra ? 1 : 0);
        for (; partition < end; partition++) assigned.get(memberId)!.push({ topic, partition });
      });
    }
    return new Map([...assigned].map(([memberId, partitions]) => [memberId, { partitions }]));
  }
}
