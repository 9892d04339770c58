// A scripted broker with one share group of one topic, for tests: it checks epochs as brokers do, and gives what tests put there.

import {
  encodeBatch,
  findCoordinatorRequest,
  type InferInput,
  type ShareAcknowledgeRequest,
  type ShareFetchRequest,
  type ShareGroupHeartbeatRequest,
  shareAcknowledgeRequest,
  shareFetchRequest,
  type shareFetchResponse,
  shareGroupHeartbeatRequest,
} from '@moldau/protocol';
import { Cluster } from '../cluster/cluster.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from '../network/testing-network.ts';
import { ShareConsumer } from './share-consumer.ts';
import { resolveShareOptions, type ShareConsumerOptions } from './share-options.ts';

export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
export const LOCK_MS = 30_000;

type FetchAnswer = InferInput<typeof shareFetchResponse>;
type FetchedPartition = FetchAnswer['responses'][number]['partitions'][number];

/** What a broker was told of offsets, as 'first-last:types'. */
export interface Told {
  readonly api: 'fetch' | 'acknowledge';
  readonly epoch: number;
  readonly added: readonly number[];
  readonly acknowledged: readonly string[];
  readonly forgotten: readonly number[];
  readonly maxRecords: number;
  readonly isRenewAck: boolean;
}

export class ShareWorld {
  readonly world: ClientWorld;
  readonly brokers: ScriptedBroker[];
  readonly addresses: readonly string[];
  /** Leaders of the topic's partitions. */
  leaders: number[];
  epochOfLeaders = 1;
  /** What the coordinator says next, in place of what it would. */
  readonly heartbeatErrors: number[] = [];
  readonly heartbeats: ShareGroupHeartbeatRequest[] = [];
  /** By broker: what to answer to the next fetches; without any, they wait as long as they may. */
  readonly fetches: (Partial<FetchAnswer> & { parts?: Partial<FetchedPartition>[] })[][];
  /** By broker. */
  readonly told: Told[][];
  readonly acknowledgeErrors: number[] = [];
  readonly #version: number;
  #memberEpoch = 0;

  constructor(
    seed: number,
    addresses: readonly string[] = ['one:9092'],
    leaders: number[] = [1],
    version = 2,
  ) {
    this.#version = version;
    this.world = new ClientWorld(seed);
    this.addresses = addresses;
    this.leaders = leaders;
    this.fetches = addresses.map(() => []);
    this.told = addresses.map(() => []);
    this.brokers = addresses.map((address, index) => {
      const broker = new ScriptedBroker(() =>
        metadataOf(addresses, [
          { name: 'things', leaders: this.leaders, id: TOPIC_ID, epoch: this.epochOfLeaders },
        ]),
      );
      this.#serve(broker, index);
      this.world.network.place(address, broker);
      return broker;
    });
  }

  consumer(options: Partial<ShareConsumerOptions> = {}): ShareConsumer {
    const cluster = new Cluster(this.world.settings({ brokers: this.addresses[0]! }), this.world.ports);
    return new ShareConsumer(cluster, resolveShareOptions({ groupId: 'sharers', ...options }));
  }

  /** An answer with records of these offsets, each delivered so often. */
  give(
    offsets: readonly number[],
    {
      broker = 0,
      partition = 0,
      deliveryCount = 1,
      acquired = [[offsets[0]!, offsets.at(-1)!]],
      damage = (_: Buffer): void => {},
    }: {
      broker?: number;
      partition?: number;
      deliveryCount?: number;
      acquired?: readonly (readonly number[])[];
      damage?: (batch: Buffer) => void;
    } = {},
  ): void {
    const baseOffset = offsets[0]!;
    const records = encodeBatch({
      baseOffset,
      records: offsets.map((offset) => ({
        ...{ timestamp: 1, key: null, offsetDelta: offset - baseOffset },
        value: Buffer.from(`v${offset}`),
      })),
    });
    damage(records);
    this.fetches[broker]!.push({
      parts: [
        {
          ...{ partitionIndex: partition, records },
          acquiredRecords: acquired.map(([firstOffset, lastOffset]) => ({
            ...{ firstOffset: firstOffset!, lastOffset: lastOffset!, deliveryCount },
          })),
        },
      ],
    });
  }

  #serve(broker: ScriptedBroker, index: number): void {
    const [host, port] = this.addresses[0]!.split(':');
    broker.serve(findCoordinatorRequest.apiKey, [4, 6], () => ({
      coordinators: [
        { ...{ key: 'sharers', nodeId: 1, host, port: Number(port) }, errorCode: 0, errorMessage: null },
      ],
    }));
    broker.serve(shareGroupHeartbeatRequest.apiKey, [1, 1], (request: ShareGroupHeartbeatRequest) =>
      this.#heartbeat(request),
    );
    broker.serve(shareFetchRequest.apiKey, [1, this.#version], (request: ShareFetchRequest) =>
      this.#fetch(request, index),
    );
    broker.serve(shareAcknowledgeRequest.apiKey, [1, this.#version], (request: ShareAcknowledgeRequest) => {
      this.#tell('acknowledge', request, index);
      const errorCode = this.acknowledgeErrors.shift() ?? 0;
      return {
        ...{ errorCode: 0, acquisitionLockTimeoutMs: LOCK_MS, nodeEndpoints: [] },
        responses: request.topics.map(({ topicId, partitions }) => ({
          topicId,
          partitions: partitions.map(({ partitionIndex }) => ({
            ...{ partitionIndex, errorCode, currentLeader: { leaderId: -1, leaderEpoch: -1 } },
          })),
        })),
      };
    });
  }

  #heartbeat(request: ShareGroupHeartbeatRequest) {
    this.heartbeats.push(request);
    const errorCode = this.heartbeatErrors.shift() ?? 0;
    const isJoining = request.memberEpoch === 0;
    if (isJoining) this.#memberEpoch++;
    return {
      ...{ errorCode, memberId: request.memberId, heartbeatIntervalMs: 5_000 },
      memberEpoch: request.memberEpoch === -1 ? -1 : this.#memberEpoch,
      assignment: isJoining
        ? {
            topicPartitions: [
              { topicId: TOPIC_ID, partitions: this.leaders.map((_, partition) => partition) },
            ],
          }
        : null,
    };
  }

  async #fetch(request: ShareFetchRequest, index: number): Promise<FetchAnswer> {
    this.#tell('fetch', request, index);
    const given = this.fetches[index]!.shift();
    if (given === undefined)
      await new Promise<void>((resolve) => this.world.time.after(request.maxWaitMs, resolve));
    const { parts = [], ...rest } = given ?? {};
    const isSaid = this.told[index]!.at(-1)!.acknowledged.length > 0;
    const acknowledgeErrorCode = isSaid ? (this.acknowledgeErrors.shift() ?? 0) : 0;
    if (acknowledgeErrorCode !== 0) parts.push({ acknowledgeErrorCode });
    const partitions = parts.map((part) => ({
      ...{ partitionIndex: 0, errorCode: 0, acknowledgeErrorCode: 0, acquiredRecords: [] },
      ...{ currentLeader: { leaderId: -1, leaderEpoch: -1 }, records: Buffer.alloc(0) },
      ...part,
    }));
    return {
      ...{ errorCode: 0, acquisitionLockTimeoutMs: LOCK_MS, nodeEndpoints: [] },
      responses: [{ topicId: TOPIC_ID, partitions }],
      ...rest,
    };
  }

  #tell(api: Told['api'], request: ShareFetchRequest | ShareAcknowledgeRequest, index: number): void {
    const partitions = request.topics.flatMap((topic) => topic.partitions);
    const fetch = 'maxRecords' in request ? request : undefined;
    this.told[index]!.push({
      ...{ api, epoch: request.shareSessionEpoch, isRenewAck: request.isRenewAck },
      added: partitions
        .filter(({ acknowledgementBatches }) => acknowledgementBatches.length === 0)
        .map(({ partitionIndex }) => partitionIndex),
      acknowledged: partitions.flatMap(({ acknowledgementBatches }) =>
        acknowledgementBatches.map(
          ({ firstOffset, lastOffset, acknowledgeTypes }) =>
            `${firstOffset}-${lastOffset}:${acknowledgeTypes.join(',')}`,
        ),
      ),
      forgotten: fetch?.forgottenTopicsData.flatMap((topic) => topic.partitions) ?? [],
      maxRecords: fetch?.maxRecords ?? 0,
    });
  }
}
