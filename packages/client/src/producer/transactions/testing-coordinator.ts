// A transaction coordinator in a scripted broker, for one transactional id and both protocols; and a channel that writes to it what a producer would.

import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  apiVersionsRequest,
  ErrorCode,
  endTxnRequest,
  findCoordinatorRequest,
  initProducerIdRequest,
  txnOffsetCommitRequest,
} from '@moldau/protocol';
import { Cluster } from '../../cluster/cluster.ts';
import { BrokerError, type KafkaError } from '../../errors/kafka-error.ts';
import {
  ClientWorld,
  type MemoryConnection,
  metadataOf,
  ScriptedBroker,
} from '../../network/testing-network.ts';
import type { ClientOptions } from '../../options/client-options.ts';
import type { RecordChannel } from '../producer-identity.ts';
import { TransactionalIdentity } from './transactional-identity.ts';
import { Transactions } from './transactions.ts';

type Epoch = { producerId: number; producerEpoch: number };
/** What becomes of a request: its error code, or it is lost before or after it was done. */
type Fault = number | 'lost request' | 'lost answer' | undefined;

const NAMES: Readonly<Record<number, string>> = {
  [initProducerIdRequest.apiKey]: 'init',
  [addPartitionsToTxnRequest.apiKey]: 'partitions',
  [addOffsetsToTxnRequest.apiKey]: 'group',
  [txnOffsetCommitRequest.apiKey]: 'offsets',
  [endTxnRequest.apiKey]: 'end',
};

export class TestCoordinator {
  readonly broker: ScriptedBroker;
  /** Requests, as 'end/5', without those that only look for brokers. */
  readonly asked: string[] = [];
  readonly committed: string[] = [];
  readonly aborted: string[] = [];
  protocol: 1 | 2;
  hasEpochBumps = true;
  fault: (name: string) => Fault = () => undefined;
  producerId = 7;
  producerEpoch = -1;
  state: 'Empty' | 'Ongoing' | 'CompleteCommit' | 'CompleteAbort' = 'Empty';
  #lastEpoch = -1;
  #open: string[] = [];
  readonly #parts = new Set<string>();

  constructor(addresses: readonly string[], protocol: 1 | 2) {
    this.protocol = protocol;
    this.broker = new ScriptedBroker(() => metadataOf(addresses));
    const versions = this.broker.answers.get(apiVersionsRequest.apiKey)!;
    this.broker.answers.set(apiVersionsRequest.apiKey, (...call) => ({
      ...(versions(...call) as object),
      finalizedFeatures:
        this.protocol === 2 ? [{ name: 'transaction.version', maxVersionLevel: 2, minVersionLevel: 2 }] : [],
    }));
    this.broker.serve(findCoordinatorRequest.apiKey, [0, 6], (request: { coordinatorKeys: string[] }) => ({
      coordinators: request.coordinatorKeys.map((key) => ({
        ...{ key, nodeId: 1, host: 'one', port: 9092, errorCode: 0, errorMessage: null },
      })),
    }));
    this.#serve(initProducerIdRequest.apiKey, 5, (request: Epoch) => this.init(request));
    this.#serve(
      addPartitionsToTxnRequest.apiKey,
      5,
      (request: AddPartitions) => this.#addPartitions(request),
      (errorCode, request: AddPartitions) => sameForAll(request, errorCode),
    );
    this.#serve(addOffsetsToTxnRequest.apiKey, 4, (request: Epoch & { groupId: string }) => ({
      errorCode: this.#add(request, [request.groupId]),
    }));
    this.#serve(
      txnOffsetCommitRequest.apiKey,
      5,
      (request: CommitOffsets, version) => this.#commitOffsets(request, version),
      (errorCode, request: CommitOffsets) => offsetsAnswer(request, errorCode),
    );
    this.#serve(endTxnRequest.apiKey, 5, (request: Epoch & { committed: boolean }, version) =>
      this.#end(request, version >= 5 ? 2 : 1),
    );
  }

  /** A batch of records; what its broker answers. */
  produce(epoch: Epoch, partition: string, values: readonly string[], protocol: 1 | 2): number {
    if (epoch.producerId !== this.producerId || epoch.producerEpoch !== this.producerEpoch)
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    if (protocol === 2) this.#add(epoch, [partition]);
    if (this.state !== 'Ongoing' || !this.#parts.has(partition)) return ErrorCode.INVALID_TXN_STATE;
    this.#open.push(...values);
    return ErrorCode.NONE;
  }

  /** As for another producer with the same transactional id, or, with ids, for this one. */
  init({ producerId, producerEpoch }: Epoch = { producerId: -1, producerEpoch: -1 }) {
    const isRetry = producerId >= 0 && producerEpoch === this.#lastEpoch;
    const isOther =
      producerId >= 0 && (producerId !== this.producerId || producerEpoch !== this.producerEpoch);
    if (isOther && !isRetry)
      return { errorCode: ErrorCode.PRODUCER_FENCED, producerId: -1, producerEpoch: -1 };
    if (this.state === 'Ongoing') {
      this.#finish(false);
      this.producerEpoch++;
      return { errorCode: ErrorCode.CONCURRENT_TRANSACTIONS, producerId: -1, producerEpoch: -1 };
    }
    if (!isRetry) {
      this.#lastEpoch = producerId >= 0 ? this.producerEpoch : -1;
      this.producerEpoch++;
    }
    this.state = 'Empty';
    return { errorCode: 0, producerId: this.producerId, producerEpoch: this.producerEpoch };
  }

  /** The transaction took too long. */
  timeOut(): void {
    this.#finish(false);
    this.producerEpoch++;
  }

  #serve<Request>(
    apiKey: number,
    max: number,
    answer: (request: Request, version: number) => object,
    failed: (errorCode: number, request: Request) => object = (errorCode) => ({
      ...{ errorCode, producerId: -1, producerEpoch: -1 },
    }),
  ): void {
    const name = NAMES[apiKey]!;
    this.broker.serve(apiKey, [0, max], ((request: Request, version: number, from: MemoryConnection) => {
      this.asked.push(`${name}/${version}`);
      const fault = this.fault(name);
      if (typeof fault === 'number') return failed(fault, request);
      const made = fault === 'lost request' ? undefined : answer(request, version);
      if (fault === undefined) return made;
      from.destroy();
      return undefined;
    }) as never);
  }

  #check({ producerId, producerEpoch }: Epoch): number {
    if (producerId !== this.producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
    return producerEpoch === this.producerEpoch ? ErrorCode.NONE : ErrorCode.PRODUCER_FENCED;
  }

  #add(epoch: Epoch, parts: readonly string[]): number {
    const errorCode = this.#check(epoch);
    if (errorCode !== ErrorCode.NONE) return errorCode;
    this.state = 'Ongoing';
    for (const part of parts) this.#parts.add(part);
    return ErrorCode.NONE;
  }

  #addPartitions(request: AddPartitions) {
    const { v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: producerEpoch } = request;
    const parts = request.v3AndBelowTopics.flatMap(({ name, partitions }) =>
      partitions.map((partition) => `${partition}:${name}`),
    );
    return sameForAll(request, this.#add({ producerId, producerEpoch }, parts));
  }

  #commitOffsets(request: CommitOffsets, version: number) {
    const errorCode = version >= 5 ? this.#add(request, [request.groupId]) : this.#check(request);
    if (errorCode === ErrorCode.NONE) {
      const stored = request.topics.flatMap(({ name, partitions }) =>
        partitions.map((each) => `${request.groupId}@${name}-${each.partitionIndex}=${each.committedOffset}`),
      );
      // The same offset again changes nothing.
      this.#open.push(...stored.filter((each) => !this.#open.includes(each)));
    }
    return offsetsAnswer(request, errorCode);
  }

  #end(request: Epoch & { committed: boolean }, protocol: 1 | 2) {
    const answer = (errorCode: number) => ({
      ...{ errorCode, producerId: this.producerId, producerEpoch: this.producerEpoch },
    });
    const { committed } = request;
    const isRetry = protocol === 2 && request.producerEpoch + 1 === this.producerEpoch;
    if (!isRetry && this.#check(request) !== ErrorCode.NONE) return answer(this.#check(request));
    if (this.state === 'Ongoing' && !isRetry) {
      this.#finish(committed);
      if (protocol === 2) this.producerEpoch++;
      return answer(ErrorCode.NONE);
    }
    if (protocol === 2 && !isRetry && !committed) {
      this.producerEpoch++;
      this.state = 'CompleteAbort';
      return answer(ErrorCode.NONE);
    }
    const isSame = this.state === (committed ? 'CompleteCommit' : 'CompleteAbort');
    return answer(isSame && (protocol === 1 || isRetry) ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE);
  }

  #finish(isCommit: boolean): void {
    if (isCommit) this.committed.push(...this.#open);
    else this.aborted.push(...this.#open);
    this.#open = [];
    this.#parts.clear();
    this.state = isCommit ? 'CompleteCommit' : 'CompleteAbort';
  }
}

interface AddPartitions {
  readonly v3AndBelowProducerId: number;
  readonly v3AndBelowProducerEpoch: number;
  readonly v3AndBelowTopics: readonly { name: string; partitions: readonly number[] }[];
}

interface CommitOffsets extends Epoch {
  readonly groupId: string;
  readonly topics: readonly {
    name: string;
    partitions: readonly { partitionIndex: number; committedOffset: number }[];
  }[];
}

function sameForAll({ v3AndBelowTopics }: AddPartitions, partitionErrorCode: number) {
  return {
    resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode })),
    })),
  };
}

function offsetsAnswer({ topics }: CommitOffsets, errorCode: number) {
  return {
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  };
}

/** Writes to the coordinator's own log, one record after the other; `fault` says what becomes of each. */
export class TestChannel implements RecordChannel {
  readonly #identity: TransactionalIdentity;
  readonly #coordinator: TestCoordinator;
  readonly #pending = new Set<Promise<unknown>>();
  fault: (value: string) => Promise<Fault> = async () => undefined;
  #discarded: KafkaError | undefined;

  constructor(identity: TransactionalIdentity, coordinator: TestCoordinator) {
    this.#identity = identity;
    this.#coordinator = coordinator;
  }

  readonly send = ((topic: string, { value, partition = 0 }: { value: string; partition?: number }) => {
    this.#discarded = undefined;
    const sending = this.#send(topic, partition, value);
    this.#pending.add(sending);
    const settled = (): void => void this.#pending.delete(sending);
    sending.then(settled, settled);
    return sending;
  }) as unknown as RecordChannel['send'];

  readonly post = ((topic: string, record: { value: string }) => {
    this.send(topic, record).catch(() => {});
    return true;
  }) as RecordChannel['post'];

  async ready(): Promise<void> {}

  takeFailures(): undefined {}

  async drain(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
  }

  discardUnsent(error: KafkaError): void {
    this.#discarded = error;
  }

  async #send(topic: string, partition: number, value: string) {
    const identity = this.#identity;
    const { producerId, producerEpoch } = identity;
    await identity.enrol(topic, partition);
    const fault = await this.fault(value);
    if (this.#discarded !== undefined) throw this.#discarded;
    const protocol = identity.maxProduceVersion === 11 ? 1 : 2;
    let errorCode = typeof fault === 'number' ? fault : ErrorCode.NONE;
    if (fault === undefined || fault === 'lost answer')
      errorCode = this.#coordinator.produce(identity, `${partition}:${topic}`, [value], protocol);
    if (errorCode === ErrorCode.NONE && fault === undefined)
      return { topic, partition, offset: 0, timestampMs: 0 };
    const isOutcomeUnknown = typeof fault === 'string';
    const error = new BrokerError(isOutcomeUnknown ? ErrorCode.REQUEST_TIMED_OUT : errorCode, {
      topic,
      partition,
    });
    throw identity.batchFailed(error, { topic, partition, producerId, producerEpoch, isOutcomeUnknown });
  }
}

/** A coordinator, and a producer's transactions with it. */
export class TransactionWorld extends ClientWorld {
  readonly coordinator: TestCoordinator;
  readonly cluster: Cluster;
  readonly identity: TransactionalIdentity;
  readonly channel: TestChannel;
  readonly transactions: Transactions;

  constructor(seed: number, protocol: 1 | 2, options: ClientOptions = {}) {
    super(seed);
    const addresses = ['one:9092'];
    this.coordinator = new TestCoordinator(addresses, protocol);
    this.network.place('one:9092', this.coordinator.broker);
    this.cluster = new Cluster(this.settings(options), this.ports);
    this.identity = new TransactionalIdentity(this.cluster, {
      transactionalId: 'tx',
      transactionTimeoutMs: 60_000,
    });
    this.channel = new TestChannel(this.identity, this.coordinator);
    this.transactions = new Transactions(this.cluster, this.identity, this.channel, 120_000);
  }
}
