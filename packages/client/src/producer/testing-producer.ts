// A producer beside one broker that notes what comes, and may hold its answers back.

import assert from 'node:assert/strict';
import {
  batches,
  ErrorCode,
  initProducerIdRequest,
  type ProduceRequest,
  produceRequest,
  type Record,
} from '@moldau/protocol';
import { Cluster } from '../cluster/cluster.ts';
import type { KafkaError, PartialFailureError } from '../errors/kafka-error.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from '../network/testing-network.ts';
import { Producer } from './producer.ts';
import { type ProducerOptions, resolveProducerOptions } from './producer-options.ts';

export interface Sent {
  readonly atMs: number;
  /** Which request it came with. */
  readonly request: number;
  readonly partition: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly records: Record[];
}

export interface Setup {
  readonly world: ClientWorld;
  readonly broker: ScriptedBroker;
  readonly producer: Producer;
  readonly sent: Sent[];
  /** Requests that wait for release(). */
  readonly held: (() => void)[];
  readonly values: () => string[];
  isHolding: boolean;
  errorCode: number;
  throttleTimeMs: number;
}

/** One broker with the topic 't' of two partitions, that notes what comes, and another of which nothing is ever heard. */
export function setup(options: ProducerOptions = {}, topics = [{ name: 't', leaders: [1, 1] }]): Setup {
  const world = new ClientWorld(7);
  const broker = new ScriptedBroker(() => metadataOf(['one:9092', 'silent:9092'], topics));
  world.network.place('one:9092', broker);
  world.network.place('silent:9092', 'silent');
  const settings = world.settings();
  const cluster = new Cluster(settings, world.ports);
  const sent: Sent[] = [];
  const held: (() => void)[] = [];
  const offsets = [0, 0];
  let requests = 0;
  broker.serve(initProducerIdRequest.apiKey, [0, 4], () => ({
    ...{ throttleTimeMs: 0, errorCode: 0, producerId: 100, producerEpoch: 0 },
  }));
  broker.serve(produceRequest.apiKey, [3, 12], async (given) => {
    const { topicData, acks } = given as ProduceRequest;
    const request = requests++;
    if (result.isHolding) await new Promise<void>((resolve) => held.push(resolve));
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }) => {
        const [batch] = batches(records as Buffer);
        const kept = batch!.recordList();
        const { producerEpoch, baseSequence } = batch!;
        const note = {
          atMs: world.time.monotonicMs(),
          request,
          partition: index,
          producerEpoch,
          baseSequence,
        };
        if (result.errorCode === 0) sent.push({ ...note, records: kept });
        const baseOffset = offsets[index]!;
        if (result.errorCode === 0) offsets[index] = baseOffset + kept.length;
        const recordErrors =
          result.errorCode === ErrorCode.INVALID_RECORD
            ? [{ batchIndex: 1, batchIndexErrorMessage: 'no key' }]
            : [];
        return { index, errorCode: result.errorCode, baseOffset, recordErrors };
      }),
    }));
    const { throttleTimeMs } = result;
    return acks === 0 ? undefined : { responses, throttleTimeMs, nodeEndpoints: [] };
  });
  const result: Setup = {
    ...{ world, broker, sent, held, isHolding: false, errorCode: 0, throttleTimeMs: 0 },
    producer: new Producer(cluster, resolveProducerOptions({ acks: 1, ...options }, settings)),
    values: () => sent.flatMap(({ records }) => records.map(({ value }) => String(value))),
  };
  return result;
}

export async function closed({ world, producer }: Setup): Promise<void> {
  await world.until(producer.close());
  await world.time.advance(0);
  assert.equal(world.time.pendingCount, 0);
  assert.equal(world.network.connections.size, 0);
}

export async function failure(promise: Promise<unknown>): Promise<KafkaError & PartialFailureError> {
  return await promise.then(
    () => assert.fail('it was to fail'),
    (error) => error,
  );
}
