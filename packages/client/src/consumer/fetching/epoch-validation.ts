// Asks leaders whether the log still has what was read before, when another leader was elected meanwhile (KIP-320).

import { offsetForLeaderEpochRequest, offsetForLeaderEpochResponse } from '@moldau/protocol';
import { askLeaders, byTopic, type TopicPartition } from '../../cluster/ask-leaders.ts';
import { ClosedError, KafkaError } from '../../errors/kafka-error.ts';
import type { Limits } from '../../network/waiting.ts';
import type { FetchContext } from './fetch-context.ts';
import type { FetchPartition } from './fetch-partition.ts';
import { truncated } from './repositioning.ts';

// Before version 3 it takes a right that consumers do not have.
const API = { request: offsetForLeaderEpochRequest, response: offsetForLeaderEpochResponse, minVersion: 3 };
const CONSUMER = -1;

interface Question extends TopicPartition {
  readonly state: FetchPartition;
  readonly generation: number;
  /** What was read last is of this epoch. */
  readonly leaderEpoch: number;
  /** And ended before this offset. */
  readonly offset: number;
}

type Answer = TopicPartition & {
  readonly errorCode: number;
  readonly leaderEpoch: number;
  readonly endOffset: number;
};

/** Asks for all of these. Those whose log is whole go on; for the others `truncated` is called. */
export async function validatePositions(
  partitions: readonly FetchPartition[],
  context: FetchContext,
): Promise<void> {
  const questions = partitions.map((state) => questionOf(state));
  const { cluster, closing } = context;
  try {
    const results = await askLeaders(cluster, questions, { signal: closing }, (brokerId, items, limits) =>
      ask(brokerId, items, limits, context),
    );
    for (const [question, result] of results) if (isCurrent(question)) take(question, result, context);
  } catch (error) {
    if (closing.aborted || error instanceof ClosedError) return;
    if (!(error instanceof KafkaError)) throw error;
    for (const question of questions) if (isCurrent(question)) take(question, error, context);
  } finally {
    for (const { state, generation } of questions) {
      if (state.busyGeneration === generation) state.busyGeneration = -1;
    }
    context.proceed();
  }
}

function questionOf(state: FetchPartition): Question {
  const { topic, partition, generation, fetchPosition } = state;
  state.busyGeneration = generation;
  const { offset, leaderEpoch = -1 } = fetchPosition!;
  return { topic, partition, state, generation, leaderEpoch, offset };
}

function isCurrent({ state, generation }: Question): boolean {
  return state.generation === generation && state.state === 'validate';
}

async function ask(
  brokerId: number,
  items: readonly Question[],
  { deadlineMs, signal }: Limits,
  { cluster }: FetchContext,
): Promise<Answer[]> {
  const leftMs = Math.max(1, deadlineMs - cluster.ports.clock.monotonicMs());
  const input = {
    replicaId: CONSUMER,
    topics: [...byTopic(items)].map(([topic, group]) => ({
      topic,
      partitions: group.map(({ partition, leaderEpoch }) => ({
        ...{ partition, leaderEpoch },
        currentLeaderEpoch: cluster.metadata.partition(topic, partition)?.leaderEpoch ?? -1,
      })),
    })),
  };
  const timeoutMs = Math.min(leftMs, cluster.settings.requestTimeoutMs);
  const { topics } = await cluster.request(API, input, { to: { brokerId }, timeoutMs, signal });
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, errorCode, leaderEpoch, endOffset }) => ({
      ...{ topic, partition, errorCode, leaderEpoch, endOffset },
    })),
  );
}

function take(question: Question, result: Answer | KafkaError, context: FetchContext): void {
  const { state, offset } = question;
  if (result instanceof KafkaError) {
    // A broker that is too old to tell is believed, as it always was.
    if (result.code === 'UNSUPPORTED_VERSION') state.state = 'fetch';
    else state.trouble(result, context.nowMs(), !result.retriable);
    context.ready(state);
    return;
  }
  state.succeeded();
  if (result.endOffset < 0 || result.leaderEpoch < 0) truncated(state, undefined, context);
  else if (result.endOffset < offset)
    truncated(state, { offset: result.endOffset, leaderEpoch: result.leaderEpoch }, context);
  else state.state = 'fetch';
}
