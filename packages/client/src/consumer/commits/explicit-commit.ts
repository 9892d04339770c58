// commit() of something that the application names: a record, a batch, offsets.

import type { CallOptions } from '../../cluster/cluster.ts';
import { givenToOthers } from '../assignment/not-assigned.ts';
import type { ConsumerCore } from '../consumer-core.ts';
import type { CommitOffset } from '../groups/types.ts';
import { ConsumerBatch } from '../iteration/consumer-batch.ts';
import { ConsumerRecord } from '../records/consumer-record.ts';

/** A record means itself and those before it in its partition; an offset that of the next record. */
export type Committable<R> = R | ConsumerBatch<R> | CommitOffset;

/** What is named counts as done. Rejects when the partitions of records are others' by now: theirs are not committed, all else is. */
export async function commitExplicitly<R>(
  core: ConsumerCore,
  given: readonly Committable<R>[],
  options: CallOptions,
): Promise<void> {
  core.requireGroup();
  const { assignment, committer, parts } = core;
  const offsets = new Map<string, CommitOffset>();
  let lost: CommitOffset | undefined;
  for (const each of given) {
    const isOffset = !(each instanceof ConsumerRecord) && !(each instanceof ConsumerBatch);
    for (const offset of offsetsOf(each)) {
      if (!isOffset && assignment.session(offset) === undefined) lost = offset;
      else offsets.set(`${offset.partition}:${offset.topic}`, offset);
    }
  }
  const due = [...offsets.values()].map((given): CommitOffset => {
    const session = assignment.session(given);
    session?.progress.finishBelow(given.offset, given.leaderEpoch);
    const done = session?.done(parts.fetcher.position(given));
    // What is done beyond goes with it, where that is the same place and the application has nothing else to say there.
    if (given.metadata !== undefined || done?.offset !== given.offset) return given;
    return { ...given, metadata: done.metadata };
  });
  await committer.commit(due, options);
  for (const offset of due) {
    const session = assignment.session(offset);
    if (session !== undefined) session.committed = { offset: offset.offset, metadata: offset.metadata ?? '' };
  }
  if (lost !== undefined) throw givenToOthers(lost);
}

function offsetsOf<R>(given: Committable<R>): readonly CommitOffset[] {
  if (given instanceof ConsumerBatch) return given.offsets;
  if (!(given instanceof ConsumerRecord)) return [given as CommitOffset];
  const { topic, partition, offset, leaderEpoch } = given;
  return [{ topic, partition, offset: offset + 1, leaderEpoch }];
}
