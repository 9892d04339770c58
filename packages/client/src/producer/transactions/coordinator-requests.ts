// What a transactional producer asks its coordinator, and the coordinators of groups. Each question is asked again until it is answered for good, by the
// coordinator of the moment, within the limits: all of them may be asked twice.
//
// Two protocols: with the first (KIP-98) the producer tells the coordinator what a transaction is about; with the second (KIP-890), which a cluster of
// Kafka 4 has as its feature transaction.version 2, brokers do that when they are written to, and every end of a transaction brings the next epoch.

import {
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  ErrorCode,
  endTxnRequest,
  endTxnResponse,
  initProducerIdRequest,
  initProducerIdResponse,
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
} from '@moldau/protocol';
import { byTopic, type TopicPartition } from '../../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../../cluster/cluster.ts';
import type { CoordinatorType } from '../../cluster/coordinators.ts';
import { BrokerError, type BrokerErrorDetails } from '../../errors/kafka-error.ts';
import type { BrokerConnection } from '../../network/broker-connection.ts';
import type { ClientApi } from '../../network/client-api.ts';

export type TransactionProtocol = 1 | 2;

export interface ProducerEpoch {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** The next record that a group is to read of a partition. */
export interface TransactionOffset extends TopicPartition {
  readonly offset: number;
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string | undefined;
}

/** Whose offsets they are: a consumer's groupMetadata(), or the group's id alone, which fences nobody. */
export interface TransactionGroup {
  readonly groupId: string;
  readonly generationId?: number | undefined;
  readonly memberId?: string | undefined;
  readonly groupInstanceId?: string | undefined;
}

const INIT_PRODUCER_ID = {
  request: initProducerIdRequest,
  response: initProducerIdResponse,
  maxVersion: 5,
};
/** From version 4 on it is for brokers among themselves. */
const ADD_PARTITIONS = {
  request: addPartitionsToTxnRequest,
  response: addPartitionsToTxnResponse,
  maxVersion: 3,
};
const ADD_OFFSETS = { request: addOffsetsToTxnRequest, response: addOffsetsToTxnResponse };
const END = { request: endTxnRequest, response: endTxnResponse };
const COMMIT_OFFSETS = { request: txnOffsetCommitRequest, response: txnOffsetCommitResponse };

/** The first versions that mean the second protocol. */
const END_OF_PROTOCOL_2 = 5;
const COMMIT_OFFSETS_OF_PROTOCOL_2 = 5;
const INIT_WITH_EPOCH = 3;
/** KIP-447. To leave the member out where the broker cannot check it would let a zombie commit. */
const OF_MEMBERS = { minVersion: 3, neededFor: 'offsets of a member of a group' };
const TRANSACTION_VERSION = 'transaction.version';

const NO_EPOCH: ProducerEpoch = { producerId: -1, producerEpoch: -1 };
const NO_MEMBER = { generationId: -1, memberId: '', groupInstanceId: null };

interface Question<Input, Answer> {
  readonly api: ClientApi<Input, Answer>;
  readonly input: Input;
  readonly of?: { readonly coordinatorOf: CoordinatorType; readonly key: string };
  /** What went wrong, if anything did. */
  errorOf(answer: Answer): { errorCode: number } & Partial<TopicPartition>;
  readonly about?: Pick<BrokerErrorDetails, 'resource' | 'operation'>;
}

export class CoordinatorRequests {
  readonly #cluster: Cluster;
  readonly #transactionalId: string;
  #protocol: TransactionProtocol = 1;
  #canBump = false;

  constructor(cluster: Cluster, transactionalId: string) {
    this.#cluster = cluster;
    this.#transactionalId = transactionalId;
  }

  /** By the coordinator's last answer. */
  get protocol(): TransactionProtocol {
    return this.#protocol;
  }

  /** By the coordinator's last answer: a producer may go on with a new epoch after an error (Kafka 2.5, KIP-360). */
  get canBump(): boolean {
    return this.#canBump;
  }

  /** Ends the transaction that is open under the transactional id, if any, and fences whoever has it. With `current`: only if that is who has it. */
  async initProducerId(
    timeoutMs: number,
    current: ProducerEpoch | undefined,
    options: CallOptions,
  ): Promise<ProducerEpoch> {
    const { producerId, producerEpoch } = await this.#ask(
      {
        api: INIT_PRODUCER_ID,
        input: { ...this.#named, transactionTimeoutMs: timeoutMs, ...(current ?? NO_EPOCH) },
        errorOf: (answer) => answer,
        about: { ...this.#resource, operation: 'Write' },
      },
      options,
    );
    return { producerId, producerEpoch };
  }

  async addPartitions(
    { producerId, producerEpoch }: ProducerEpoch,
    partitions: readonly TopicPartition[],
    options: CallOptions,
  ): Promise<void> {
    const topics = [...byTopic(partitions)].map(([name, items]) => ({
      name,
      partitions: items.map(({ partition }) => partition),
    }));
    await this.#ask(
      {
        api: ADD_PARTITIONS,
        input: {
          transactions: [],
          v3AndBelowTransactionalId: this.#transactionalId,
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: producerEpoch,
          v3AndBelowTopics: topics,
        },
        errorOf: ({ resultsByTopicV3AndBelow }) =>
          worst(
            resultsByTopicV3AndBelow.flatMap(({ name: topic, resultsByPartition }) =>
              resultsByPartition.map(({ partitionIndex: partition, partitionErrorCode: errorCode }) => ({
                ...{ topic, partition, errorCode },
              })),
            ),
          ),
        about: { operation: 'Write' },
      },
      options,
    );
  }

  async addOffsets(epoch: ProducerEpoch, groupId: string, options: CallOptions): Promise<void> {
    const { producerId, producerEpoch } = epoch;
    await this.#ask(
      {
        api: ADD_OFFSETS,
        input: { ...this.#named, producerId, producerEpoch, groupId },
        errorOf: (answer) => answer,
        about: { resource: `group ${groupId}`, operation: 'Read' },
      },
      options,
    );
  }

  async commitOffsets(
    { producerId, producerEpoch }: ProducerEpoch,
    offsets: readonly TransactionOffset[],
    { groupId, generationId = -1, memberId = '', groupInstanceId }: TransactionGroup,
    options: CallOptions & { readonly protocol: TransactionProtocol },
  ): Promise<void> {
    const topics = [...byTopic(offsets)].map(([name, items]) => ({
      name,
      partitions: items.map(({ partition, offset, leaderEpoch = -1, metadata = null }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch,
        committedMetadata: metadata,
      })),
    }));
    const isMember = memberId !== '' || generationId >= 0 || groupInstanceId !== undefined;
    const member = isMember
      ? { generationId, memberId, groupInstanceId: groupInstanceId ?? null }
      : NO_MEMBER;
    await this.#ask(
      {
        api: { ...COMMIT_OFFSETS, ...versionsOfCommit(options.protocol, isMember) },
        input: { ...this.#named, groupId, producerId, producerEpoch, ...member, topics },
        of: { coordinatorOf: 'group', key: groupId },
        errorOf: (answer) =>
          worst(
            answer.topics.flatMap(({ name: topic, partitions }) =>
              partitions.map(({ partitionIndex: partition, errorCode }) => ({
                ...{ topic, partition, errorCode },
              })),
            ),
          ),
        about: { resource: `group ${groupId}`, operation: 'Read' },
      },
      options,
    );
  }

  /** Returns what the next transaction has, which is the same as before with the first protocol. */
  async end(
    epoch: ProducerEpoch,
    isCommit: boolean,
    options: CallOptions & { readonly protocol: TransactionProtocol },
  ): Promise<ProducerEpoch> {
    const { producerId, producerEpoch } = epoch;
    const isSecond = options.protocol === 2;
    const versions = isSecond ? { minVersion: END_OF_PROTOCOL_2 } : { maxVersion: END_OF_PROTOCOL_2 - 1 };
    const answer = await this.#ask(
      {
        api: { ...END, ...versions },
        input: { ...this.#named, producerId, producerEpoch, committed: isCommit },
        errorOf: (answer) => answer,
        about: { ...this.#resource, operation: 'Write' },
      },
      options,
    );
    if (!isSecond || answer.producerId < 0) return epoch;
    return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
  }

  get #named() {
    return { transactionalId: this.#transactionalId };
  }

  get #resource() {
    return { resource: `transactional id ${this.#transactionalId}` };
  }

  #ask<Input, Answer>(question: Question<Input, Answer>, options: CallOptions): Promise<Answer> {
    const cluster = this.#cluster;
    const { api, input, errorOf, about } = question;
    const to = question.of ?? { coordinatorOf: 'transaction', key: this.#transactionalId };
    return cluster.retrying(
      options,
      async ({ deadlineMs, signal }) => {
        const leftMs = (): number => Math.max(1, deadlineMs - cluster.ports.clock.monotonicMs());
        const connection = await cluster.connect(to, 'coordinator', { timeoutMs: leftMs(), signal });
        const timeoutMs = Math.min(leftMs(), cluster.settings.requestTimeoutMs);
        const version = connection.apis.pick(api);
        const answer = await connection.request(api, version, input, { timeoutMs, signal });
        if (to.coordinatorOf === 'transaction') this.#learn(connection);
        const { errorCode, topic, partition } = errorOf(answer);
        if (errorCode === ErrorCode.NONE) return answer;
        const isOfGroup = errorCode === ErrorCode.GROUP_AUTHORIZATION_FAILED;
        const subject =
          topic === undefined || isOfGroup ? about : { topic, partition, operation: about?.operation };
        throw new BrokerError(errorCode, { broker: connection.address, ...subject });
      },
      (error) => {
        const isAnswer = error instanceof BrokerError;
        const isMoved = error.code === 'NOT_COORDINATOR' || error.code === 'COORDINATOR_NOT_AVAILABLE';
        if (!isAnswer || isMoved) cluster.coordinators.forget(to.coordinatorOf, to.key);
      },
    );
  }

  #learn({ apis }: BrokerConnection): void {
    const level = apis.features.get(TRANSACTION_VERSION) ?? 0;
    const endMax = apis.range(END.request.apiKey)?.max ?? 0;
    this.#protocol = level >= 2 && endMax >= END_OF_PROTOCOL_2 ? 2 : 1;
    this.#canBump = (apis.range(INIT_PRODUCER_ID.request.apiKey)?.max ?? 0) >= INIT_WITH_EPOCH;
  }
}

function versionsOfCommit(protocol: TransactionProtocol, isMember: boolean) {
  if (protocol === 2) return { minVersion: COMMIT_OFFSETS_OF_PROTOCOL_2 };
  const maxVersion = COMMIT_OFFSETS_OF_PROTOCOL_2 - 1;
  return isMember ? { ...OF_MEMBERS, maxVersion } : { maxVersion };
}

/** The one that says most: the others may only not have been attempted because of it. */
function worst<Result extends { errorCode: number }>(results: readonly Result[]): Result | { errorCode: 0 } {
  const failed = results.filter(({ errorCode }) => errorCode !== ErrorCode.NONE);
  return (
    failed.find(({ errorCode }) => errorCode !== ErrorCode.OPERATION_NOT_ATTEMPTED) ??
    failed[0] ?? { errorCode: ErrorCode.NONE }
  );
}
