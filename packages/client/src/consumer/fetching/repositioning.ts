// Where a partition reads on when it has no position, or when the log is not the one any more that its position belongs to. What autoOffsetReset is 'none'
// for is told, and never decided here.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import { NoPositionError, OffsetOutOfRangeError, TruncationError } from '../../errors/consumer-errors.ts';
import type { KafkaError } from '../../errors/kafka-error.ts';
import type { FetchContext } from './fetch-context.ts';
import type { FetchPartition } from './fetch-partition.ts';
import type { Position } from './types.ts';

/** It was assigned without a position. */
export function beginSomewhere(partition: FetchPartition, context: FetchContext): void {
  reset(partition, context, () => new NoPositionError(placeOf(partition)));
}

/** Its leader has no such offset. */
export function outOfRange(partition: FetchPartition, context: FetchContext): void {
  const { offset } = partition.fetchPosition!;
  warn(partition, context, 'the offset to read on at is out of range', { offset });
  const what = 'it is before the first record that is left, or behind the last one';
  reset(partition, context, () => new OffsetOutOfRangeError(placeOf(partition), offset, what));
}

/** From an offset on the log has other records than those that were read; `divergent` is undefined when the broker cannot tell which. */
export function truncated(
  partition: FetchPartition,
  divergent: Position | undefined,
  context: FetchContext,
): void {
  const { position, fetchPosition } = partition;
  if (divergent !== undefined && divergent.offset >= fetchPosition!.offset) {
    // The epoch that came with an offset had no record yet: nothing is lost.
    partition.fetchPosition = { offset: fetchPosition!.offset, leaderEpoch: divergent.leaderEpoch };
    partition.state = 'fetch';
    return;
  }
  const { offset } = position!;
  warn(partition, context, 'the log was cut back behind what was read', { offset, divergent });
  if (divergent !== undefined && divergent.offset >= offset) {
    // Only what is buffered is lost.
    partition.goTo(position!);
  } else if (divergent !== undefined && context.settings.autoOffsetReset !== 'none') {
    partition.goTo(divergent);
  } else {
    reset(partition, context, () => new TruncationError(placeOf(partition), offset, divergent?.offset));
  }
}

/** Offsets of a topic that was deleted mean nothing in the one that has its name now, all of which is new. */
export function madeAnew(partition: FetchPartition, context: FetchContext): void {
  warn(partition, context, 'the topic was deleted and made anew', {});
  const { position } = partition;
  if (context.settings.autoOffsetReset !== 'none' || position === undefined) {
    partition.lookUp('earliest');
    return;
  }
  const what = 'the topic was deleted, and another was made with its name';
  reset(partition, context, () => new OffsetOutOfRangeError(placeOf(partition), position.offset, what));
}

/** Begins where autoOffsetReset says, or fails. */
function reset(partition: FetchPartition, context: FetchContext, error: () => KafkaError): void {
  const { autoOffsetReset } = context.settings;
  if (autoOffsetReset === 'none') {
    partition.dropBuffered();
    partition.fail(error());
    context.ready(partition);
  } else if (typeof autoOffsetReset === 'string') {
    partition.lookUp(autoOffsetReset);
  } else {
    const { durationMs } = autoOffsetReset;
    partition.lookUp({ timestampMs: context.cluster.ports.clock.wallMs() - durationMs });
  }
  context.proceed();
}

function warn(partition: FetchPartition, { cluster }: FetchContext, message: string, more: object): void {
  cluster.ports.logger.warn({ ...placeOf(partition), ...more }, message);
}

function placeOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
