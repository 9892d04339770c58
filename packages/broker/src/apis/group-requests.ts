// What the handlers of groups share: who asks, and answers that are there at once more often than not.

import type { TopicImage } from '@moldau/metadata';
import { ErrorCode } from '@moldau/protocol';
import type { GroupCaller } from '../coordinators/groups/group-commands.ts';
import type { RequestContext } from './handler.ts';

/** The caller as groups keep and show it. */
export function callerOf({ apiVersion, clientId, clientHost }: RequestContext): GroupCaller {
  return { apiVersion, clientId, clientHost };
}

/** Maps a value that may have to be waited for, without waiting when it is there. */
export function map<T, R>(value: T | Promise<T>, change: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(change) : change(value);
}

interface NamedPartition {
  readonly partitionIndex: number;
}

/** The partitions that the topic has and those that it has not; all are missing when there is no topic. */
function splitByExistence<P extends NamedPartition>(
  partitions: readonly P[],
  topic: TopicImage | undefined,
): { existing: readonly P[]; missing: readonly P[] } {
  const count = topic?.partitionCount ?? 0;
  const exists = ({ partitionIndex }: P) => partitionIndex >= 0 && partitionIndex < count;
  if (partitions.every(exists)) return { existing: partitions, missing: [] };
  return {
    existing: partitions.filter(exists),
    missing: partitions.filter((partition) => !exists(partition)),
  };
}

/** As splitByExistence, with the error of those that are missing: all of them when the topic is refused as a whole. */
export function splitByAccess<P extends NamedPartition>(
  partitions: readonly P[],
  topic: TopicImage | undefined,
  refusal: number,
): { existing: readonly P[]; missing: readonly P[]; missingCode: number } {
  if (refusal !== ErrorCode.NONE) return { existing: [], missing: partitions, missingCode: refusal };
  return { ...splitByExistence(partitions, topic), missingCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
}

/** Each partition with its error code. */
export function withCode(
  partitions: readonly NamedPartition[],
  codeAt: (position: number) => number,
): { partitionIndex: number; errorCode: number }[] {
  return partitions.map(({ partitionIndex }, position) => ({ partitionIndex, errorCode: codeAt(position) }));
}
