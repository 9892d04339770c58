// Names of states and the like. Kafka writes some 'PreparingRebalance', some 'PREPARING_REBALANCE', some 'preparing_rebalance'; here they are
// 'preparing-rebalance', which can be typed and suggested. Also rights, which answers hold as bits.

import type { TopicPartition } from '../cluster/ask-leaders.ts';

/** 'PreparingRebalance' as 'preparing-rebalance'. */
export function kebab<Name extends string>(name: string): Name {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase() as Name;
}

/** 'preparing-rebalance' as 'PreparingRebalance'. */
export function pascal(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** By Kafka's numbers. */
export const OPERATIONS = [
  'unknown',
  'any',
  'all',
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'cluster-action',
  'describe-configs',
  'alter-configs',
  'idempotent-write',
  'create-tokens',
  'describe-tokens',
  'two-phase-commit',
] as const;

/** What an access rule allows or denies. */
export type Operation = Exclude<(typeof OPERATIONS)[number], 'unknown' | 'any'>;

const NOT_TOLD = -2147483648;

/** What this principal may do with it; undefined: it was not asked, or the broker does not say. */
export function operationsOf(bits: number): Operation[] | undefined {
  if (bits === NOT_TOLD) return undefined;
  return OPERATIONS.filter((_, code) => code > 1 && (bits & (1 << code)) !== 0) as Operation[];
}

/** Partitions one by one, of answers that have them by topic. */
export function partitionsOf<Topic>(
  topics: readonly Topic[],
  of: (topic: Topic) => { readonly topic: string; readonly partitions: readonly number[] },
): TopicPartition[] {
  return topics.flatMap((each) => {
    const { topic, partitions } = of(each);
    return partitions.map((partition) => ({ topic, partition }));
  });
}
