// Round robin: one partition after the other to one member after the other, leaving out those who do not read its topic.

import type { TopicPartition } from '../../../cluster/ask-leaders.ts';
import type { MemberAssignment, PartitionAssignor, SubscribedMember } from './assignor.ts';
import { byInstance, compareTexts } from './member-order.ts';

export class RoundRobinAssignor implements PartitionAssignor {
  readonly name = 'roundrobin';

  assign(
    partitionCounts: ReadonlyMap<string, number>,
    members: readonly SubscribedMember[],
  ): Map<string, MemberAssignment> {
    const circle = members.toSorted(byInstance).map(({ memberId, topics }) => ({
      memberId,
      topics: new Set(topics),
      partitions: [] as TopicPartition[],
    }));
    let turn = 0;
    for (const topic of [...partitionCounts.keys()].sort(compareTexts)) {
      if (!circle.some(({ topics }) => topics.has(topic))) continue;
      for (let partition = 0; partition < partitionCounts.get(topic)!; partition++) {
        while (!circle[turn]!.topics.has(topic)) turn = (turn + 1) % circle.length;
        circle[turn]!.partitions.push({ topic, partition });
        turn = (turn + 1) % circle.length;
      }
    }
    return new Map(circle.map(({ memberId, partitions }) => [memberId, { partitions }]));
  }
}
