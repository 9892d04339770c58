// One Produce request: the batches of several partitions that one broker leads, and what its answer says of each.

import { type ProduceResponse, produceRequest, produceResponse } from '@moldau/protocol';
import type { MetadataView } from '../cluster/metadata.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import type { ClientApi } from '../network/client-api.ts';
import type { Batch } from './batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { ProducerIdentity } from './producer-identity.ts';

/** A batch on its way, and whose it is. */
export interface Shipment {
  readonly queue: PartitionQueue;
  readonly batch: Batch;
}

export type PartitionAnswer = ProduceResponse['responses'][number]['partitionResponses'][number];

/** From this version on topics are told by their ids. */
const FIRST_WITH_IDS = 13;

const upTo = (maxVersion: number) => ({
  request: produceRequest,
  response: produceResponse,
  minVersion: 3,
  maxVersion,
});
const APIS = Array.from({ length: produceRequest.versions.max + 1 }, (_, version) => upTo(version));

export interface ProduceCall {
  readonly api: ClientApi<ProduceInput, ProduceResponse>;
  readonly version: number;
  readonly input: ProduceInput;
}

interface ProduceInput {
  readonly transactionalId: string | null;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly topicData: {
    readonly name: string;
    readonly topicId: string;
    readonly partitionData: { readonly index: number; readonly records: readonly Uint8Array[] }[];
  }[];
}

export function produceCall(
  { apis }: BrokerConnection,
  metadata: MetadataView,
  identity: ProducerIdentity,
  settings: { readonly acks: number; readonly requestTimeoutMs: number },
  shipments: readonly Shipment[],
): ProduceCall {
  const topics = new Map<string, ProduceInput['topicData'][number]>();
  let hasIds = true;
  for (const { queue, batch } of shipments) {
    let topic = topics.get(queue.topic);
    if (topic === undefined) {
      const topicId = metadata.topic(queue.topic)?.id;
      hasIds &&= topicId !== undefined;
      topic = { name: queue.topic, topicId: topicId ?? '', partitionData: [] };
      topics.set(queue.topic, topic);
    }
    topic.partitionData.push({ index: queue.index, records: batch.chunks });
  }
  const highest = Math.min(
    identity.maxProduceVersion ?? produceRequest.versions.max,
    hasIds ? produceRequest.versions.max : FIRST_WITH_IDS - 1,
  );
  const api = APIS[highest]!;
  return {
    api,
    version: apis.pick(api),
    input: {
      transactionalId: identity.transactionalId,
      acks: settings.acks,
      timeoutMs: settings.requestTimeoutMs,
      topicData: [...topics.values()],
    },
  };
}

/** What the answer says of each; undefined where it says nothing. */
export function* answersOf(
  { input, version }: ProduceCall,
  { responses }: ProduceResponse,
  shipments: readonly Shipment[],
): Generator<[Shipment, PartitionAnswer | undefined]> {
  const names = new Map(input.topicData.map(({ name, topicId }) => [topicId, name]));
  const answers = new Map<string, readonly PartitionAnswer[]>();
  for (const { name, topicId, partitionResponses } of responses)
    answers.set(version >= FIRST_WITH_IDS ? (names.get(topicId) ?? '') : name, partitionResponses);
  for (const shipment of shipments) {
    const { topic, index } = shipment.queue;
    yield [shipment, answers.get(topic)?.find((answer) => answer.index === index)];
  }
}
