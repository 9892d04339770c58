// Fetch through the proxy: which partitions a fetch is about, of which only changes are named once there is a session (KIP-227), and refusals in its answer.

import { ErrorCode, type FetchRequest, type FetchResponse } from '@moldau/protocol';
import type { Part } from './partition-parts.ts';
import type { PosedCluster } from './posed-cluster.ts';
import { currentLeader, nodeEndpoints } from './posing.ts';

/** A partition as clients of that version speak of it. */
export interface FetchedPart extends Part {
  readonly name: string;
  readonly topicId: string;
}

const NO_RECORDS = Buffer.alloc(0);
const FULL_FETCH_EPOCHS: readonly number[] = [0, -1];

export class FetchSessions {
  readonly #sessions = new Map<number, Map<string, FetchedPart>>();

  /** What a request asks for, with what its session had before; and how to keep that when the answer names the session. */
  follow(
    request: FetchRequest,
    cluster: PosedCluster,
  ): { parts: FetchedPart[]; keep?: (answer: FetchResponse) => void } {
    const isFull = FULL_FETCH_EPOCHS.includes(request.sessionEpoch);
    const parts = isFull ? new Map<string, FetchedPart>() : this.#session(request.sessionId);
    for (const { topic, topicId, partitions } of request.forgottenTopicsData)
      for (const partition of partitions) parts.delete(keyOf(topic, topicId, partition));
    for (const { topic, topicId, partitions } of request.topics) {
      for (const { partition } of partitions) {
        const named = topic === '' ? cluster.topicName(topicId) : topic;
        parts.set(keyOf(topic, topicId, partition), { topic: named, name: topic, topicId, partition });
      }
    }
    const keep = ({ sessionId }: FetchResponse): void => {
      if (sessionId !== 0) this.#sessions.set(sessionId, parts);
    };
    return { parts: [...parts.values()], ...(request.sessionEpoch === 0 ? { keep } : {}) };
  }

  #session(id: number): Map<string, FetchedPart> {
    const found = this.#sessions.get(id) ?? new Map<string, FetchedPart>();
    this.#sessions.set(id, found);
    return found;
  }
}

function keyOf(topic: string, topicId: string, partition: number): string {
  return `${topic}/${topicId}/${partition}`;
}

/** The answer with refusals in place of what it has for those partitions; undefined when nothing is refused. */
export function refuseFetched(
  answer: FetchResponse,
  parts: readonly FetchedPart[],
  cluster: PosedCluster,
  refusal: (part: Part) => number,
): object | undefined {
  const refused = parts.filter((part) => refusal(part) !== ErrorCode.NONE);
  if (refused.length === 0) return undefined;
  const keys = new Set(refused.map(({ name, topicId, partition }) => keyOf(name, topicId, partition)));
  const kept = answer.responses.flatMap((topic) => {
    const partitions = topic.partitions.filter(
      ({ partitionIndex }) => !keys.has(keyOf(topic.topic, topic.topicId, partitionIndex)),
    );
    return partitions.length === 0 ? [] : [{ ...topic, partitions }];
  });
  const refusals = refused.map((part) => {
    const errorCode = refusal(part);
    const isMoved = errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER && part.topic !== undefined;
    return {
      topic: part.name,
      topicId: part.topicId,
      partitions: [
        {
          ...{ partitionIndex: part.partition, errorCode, highWatermark: -1 },
          ...{ abortedTransactions: null, records: NO_RECORDS },
          ...(isMoved ? { currentLeader: currentLeader(cluster, part.topic!, part.partition) } : {}),
        },
      ],
    };
  });
  return { ...answer, responses: [...kept, ...refusals], nodeEndpoints: nodeEndpoints(cluster) };
}
