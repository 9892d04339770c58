// Where a group that is to begin elsewhere begins.

import type { Clock } from '@moldau/io';
import type { TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions } from '../cluster/cluster.ts';
import { OptionsError } from '../errors/kafka-error.ts';
import type { OffsetPlace, OffsetsAdmin } from './offsets.ts';

export type ResetPlace =
  | 'earliest'
  | 'latest'
  /** The first record that is not older; the end when all are. */
  | { readonly timestampMs: number }
  /** As timestampMs, so long before now. */
  | { readonly durationMs: number }
  | { readonly offset: number }
  /** Records forward, or back when it is negative, from what is committed. */
  | { readonly shiftBy: number };

/** A committed offset that was moved, or would be. */
export interface OffsetMove extends TopicPartition {
  /** Undefined: nothing was committed there. */
  readonly from: number | undefined;
  readonly to: number;
}

type Place = OffsetMove & { readonly leaderEpoch: number | undefined };

/** For each partition, within its first and last offset. */
export async function resetPlaces(
  clock: Clock,
  offsets: OffsetsAdmin,
  partitions: readonly TopicPartition[],
  committed: readonly (TopicPartition & { readonly offset: number })[],
  to: ResetPlace,
  left: () => CallOptions,
): Promise<Place[]> {
  if (partitions.length === 0) return [];
  const at = (place: OffsetPlace) =>
    offsets.list(
      partitions.map(({ topic, partition }) => ({ topic, partition, at: place })),
      left(),
    );
  const [first, end] = await Promise.all([at('earliest'), at('latest')]);
  const byTime = timeOf(clock, to);
  const found = byTime === undefined ? end : await at({ timestampMs: byTime });
  return partitions.map(({ topic, partition }, index) => {
    const from = committed.find((each) => each.topic === topic && each.partition === partition)?.offset;
    const [start, stop] = [first[index]!.offset ?? 0, end[index]!.offset ?? 0];
    const wished = wishedOffset(to, { start, stop, from, byTime: found[index]!.offset, topic, partition });
    const offset = Math.min(Math.max(wished, start), stop);
    const leaderEpoch =
      byTime !== undefined && found[index]!.offset === offset ? found[index]!.leaderEpoch : undefined;
    return { topic, partition, from, to: offset, leaderEpoch };
  });
}

function timeOf(clock: Clock, to: ResetPlace): number | undefined {
  if (typeof to === 'string') return undefined;
  if ('timestampMs' in to) return to.timestampMs;
  return 'durationMs' in to ? clock.wallMs() - to.durationMs : undefined;
}

interface Known extends TopicPartition {
  readonly start: number;
  readonly stop: number;
  readonly from: number | undefined;
  readonly byTime: number | undefined;
}

function wishedOffset(to: ResetPlace, { start, stop, from, byTime, topic, partition }: Known): number {
  if (to === 'earliest') return start;
  if (to === 'latest') return stop;
  if ('offset' in to) return to.offset;
  if ('shiftBy' in to) {
    if (from !== undefined) return from + to.shiftBy;
    throw new OptionsError(
      `${topic}, partition ${partition}: nothing is committed there, so there is nothing to shift from.`,
    );
  }
  return byTime ?? stop;
}
