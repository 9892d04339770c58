// Words that the tools for groups share: names of states and types as Kafka writes them, which groups are meant, how long to wait.

import type { Admin, TopicPartition } from '@moldau/client';
import { hashOrder } from './java-text.ts';
import type { ToolOptions } from './tool-options.ts';

/** 'preparing-rebalance' is PreparingRebalance. */
export function pascalName(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function timeoutOf(options: ToolOptions): { timeoutMs: number } {
  return { timeoutMs: options.number('timeout')! };
}

/** Groups of consumers: those named, or all. */
export async function groupsOf(admin: Admin, options: ToolOptions): Promise<string[]> {
  if (!options.has('all-groups')) return options.all('group');
  const groups = await admin.groups.list({
    ...timeoutOf(options),
    ...{ types: ['classic', 'consumer'], protocolTypes: ['', 'consumer'] },
  });
  return hashOrder(groups, ({ groupId }) => groupId).map(({ groupId }) => groupId);
}

/** 'orders:0,1;payments:0' */
export function assignmentText(assignment: readonly TopicPartition[]): string {
  if (assignment.length === 0) return '-';
  const byTopic = Map.groupBy(assignment, ({ topic }) => topic);
  return [...byTopic]
    .map(([topic, partitions]) => {
      const indexes = partitions.map(({ partition }) => partition).sort((left, right) => left - right);
      return `${topic}:${indexes.join(',')}`;
    })
    .sort()
    .join(';');
}
