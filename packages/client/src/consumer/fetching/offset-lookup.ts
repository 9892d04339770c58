// Finds the offsets that partitions are to be read from: the earliest, the latest, or the first record not older than a time.

import { listOffsetsRequest, listOffsetsResponse } from '@moldau/protocol';
import { askLeaders, byTopic, type TopicPartition } from '../../cluster/ask-leaders.ts';
import { ClosedError, KafkaError } from '../../errors/kafka-error.ts';
import type { Limits } from '../../network/waiting.ts';
import type { FetchContext } from './fetch-context.ts';
import type { FetchPartition, LookupTarget } from './fetch-partition.ts';

const LATEST = -1;
const EARLIEST = -2;
const CONSUMER = -1;

interface Question extends TopicPartition {
  readonly state: FetchPartition;
  readonly generation: number;
  readonly timestamp: number;
}

type Answer = TopicPartition & {
  readonly errorCode: number;
  readonly offset: number;
  readonly leaderEpoch: number;
};

/** Asks for all of these. Each goes on as soon as its answer is there; those that get none are tried again later. */
export async function lookUpOffsets(
  partitions: readonly FetchPartition[],
  context: FetchContext,
): Promise<void> {
  const questions = partitions.map((state) => questionOf(state));
  const { cluster, closing } = context;
  try {
    const results = await askLeaders(
      cluster,
      questions,
      { signal: closing },
      async (brokerId, items, limits) => {
        const answers = await ask(brokerId, items, limits, context);
        found(items, answers, context);
        return answers;
      },
    );
    for (const [question, result] of results)
      if (result instanceof KafkaError) missed(question, result, context);
  } catch (error) {
    if (closing.aborted || error instanceof ClosedError) return;
    if (!(error instanceof KafkaError)) throw error;
    for (const question of questions) missed(question, error, context);
  } finally {
    for (const { state, generation } of questions) {
      if (state.busyGeneration === generation) state.busyGeneration = -1;
    }
    context.proceed();
  }
}

function questionOf(state: FetchPartition): Question {
  const { topic, partition, generation, target } = state;
  state.busyGeneration = generation;
  return { topic, partition, state, generation, timestamp: timestampOf(target) };
}

function timestampOf(target: LookupTarget): number {
  if (target === 'latest') return LATEST;
  return target === 'earliest' ? EARLIEST : Math.max(0, target.timestampMs);
}

async function ask(
  brokerId: number,
  items: readonly Question[],
  { deadlineMs, signal }: Limits,
  { cluster, settings }: FetchContext,
): Promise<Answer[]> {
  const isCommittedOnly = settings.isolation === 'read-committed';
  const leftMs = Math.max(1, Math.ceil(deadlineMs - cluster.ports.clock.monotonicMs()));
  const timeoutMs = Math.min(leftMs, cluster.settings.requestTimeoutMs);
  const api = {
    ...{ request: listOffsetsRequest, response: listOffsetsResponse },
    minVersion: isCommittedOnly ? 2 : 1,
  };
  const input = {
    replicaId: CONSUMER,
    isolationLevel: isCommittedOnly ? 1 : 0,
    topics: [...byTopic(items)].map(([name, group]) => ({
      name,
      partitions: group.map(({ topic, partition, timestamp }) => ({
        ...{ partitionIndex: partition, timestamp },
        currentLeaderEpoch: cluster.metadata.partition(topic, partition)?.leaderEpoch ?? -1,
      })),
    })),
    timeoutMs,
  };
  const { topics } = await cluster.request(api, input, { to: { brokerId }, timeoutMs, signal });
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, errorCode, offset, leaderEpoch }) => ({
      ...{ topic: name, partition: partitionIndex, errorCode, offset, leaderEpoch },
    })),
  );
}

function found(items: readonly Question[], answers: readonly Answer[], context: FetchContext): void {
  for (const { topic, partition, errorCode, offset, leaderEpoch } of answers) {
    const question = items.find((item) => item.partition === partition && item.topic === topic);
    if (errorCode !== 0 || question === undefined || !isCurrent(question)) continue;
    const { state } = question;
    // No record is as young: what comes from now on is.
    if (offset < 0) state.lookUp('latest');
    else state.goTo({ offset, leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch });
  }
  context.proceed();
}

function missed(question: Question, error: KafkaError, context: FetchContext): void {
  if (!isCurrent(question)) return;
  question.state.trouble(error, context.nowMs(), !error.retriable);
  context.ready(question.state);
}

function isCurrent({ state, generation }: Question): boolean {
  return state.generation === generation && state.state === 'lookup';
}
