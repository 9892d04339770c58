// Where partitions begin and end, as far as that can be told now: one that has no leader hides nothing of the others.

import type { TopicPartition } from '@moldau/client';
import { type Admin, PartialFailureError } from '@moldau/client/admin';

export interface Extent {
  /** Offset of the first record. */
  readonly start: number | undefined;
  /** Offset that the next record gets. */
  readonly end: number | undefined;
}

/** In the order of `partitions`. */
export async function extentsOf(
  admin: Admin,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<Extent[]> {
  if (partitions.length === 0) return [];
  const offsetsAt = async (at: 'earliest' | 'latest'): Promise<(number | undefined)[]> => {
    const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
    try {
      return (await admin.offsets.list(queries, { signal })).map(({ offset }) => offset);
    } catch (error) {
      if (partitions.length === 1 && !signal.aborted) return [undefined];
      if (!(error instanceof PartialFailureError)) throw error;
      return error.results.map((result) =>
        result instanceof Error ? undefined : (result as { offset: number | undefined }).offset,
      );
    }
  };
  const [starts, ends] = await Promise.all([offsetsAt('earliest'), offsetsAt('latest')]);
  return partitions.map((_, index) => ({ start: starts[index], end: ends[index] }));
}

/** Offsets between the two; of compacted and transactional topics not each is a record. */
export function recordsIn({ start, end }: Extent): number | undefined {
  return start === undefined || end === undefined ? undefined : end - start;
}
