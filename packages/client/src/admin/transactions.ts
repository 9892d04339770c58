// Transactions: which there are, how each stands; ending those that hang, and shutting out producers.

import {
  describeTransactionsRequest,
  describeTransactionsResponse,
  initProducerIdRequest,
  initProducerIdResponse,
  listTransactionsRequest,
  listTransactionsResponse,
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
} from '@moldau/protocol';
import { askCoordinators } from '../cluster/ask-coordinators.ts';
import { keyOf, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { KafkaError } from '../errors/kafka-error.ts';
import { eachBroker } from './each-broker.ts';
import { eachLeader } from './each-leader.ts';
import { kebab, partitionsOf, pascal } from './names.ts';
import type { ProducersAdmin } from './producers.ts';
import { allOrThrow, each, wholeAnswer } from './results.ts';
import { inSteps } from './timing.ts';
import type { TopicsAdmin } from './topics.ts';

export type TransactionState =
  | 'empty'
  | 'ongoing'
  | 'prepare-commit'
  | 'prepare-abort'
  | 'complete-commit'
  | 'complete-abort'
  | 'prepare-epoch-fence'
  | 'dead'
  | 'unknown';

export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: TransactionState;
  readonly coordinatorId: number;
}

export interface TransactionDescription extends TransactionListing {
  readonly producerEpoch: number;
  readonly timeoutMs: number;
  /** Undefined: none is open. */
  readonly startedMs: number | undefined;
  readonly partitions: readonly TopicPartition[];
}

/** A transaction as one partition knows it. */
export interface OpenTransaction extends TopicPartition {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch?: number | undefined;
}

/** A transaction that is open in a partition, and that no coordinator will end: consumers of what is committed wait there forever. */
export interface HangingTransaction extends OpenTransaction {
  readonly startOffset: number;
  readonly lastTimestampMs: number;
  /** Undefined: no coordinator knows its producer. */
  readonly transactionalId: string | undefined;
}

export interface FencedProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  /** Producers with an older one are refused. */
  readonly producerEpoch: number;
}

const LIST = { request: listTransactionsRequest, response: listTransactionsResponse };
const LIST_BY_DURATION = { ...LIST, minVersion: 1, neededFor: 'minDurationMs' };
const LIST_BY_PATTERN = { ...LIST, minVersion: 2, neededFor: 'transactionalIdPattern' };
const DESCRIBE = { request: describeTransactionsRequest, response: describeTransactionsResponse };
const WRITE_MARKERS = { request: writeTxnMarkersRequest, response: writeTxnMarkersResponse };
const INIT_PRODUCER = { request: initProducerIdRequest, response: initProducerIdResponse };
/** The broker's transaction.max.timeout.ms by default: none is open for longer, rightly. */
const LONGEST_TRANSACTION_MS = 15 * 60_000;

/** Of the same cluster. */
interface Rooms {
  readonly topics: TopicsAdmin;
  readonly producers: ProducersAdmin;
}

export class TransactionsAdmin {
  readonly #cluster: Cluster;
  readonly #rooms: Rooms;

  constructor(cluster: Cluster, rooms: Rooms) {
    this.#cluster = cluster;
    this.#rooms = rooms;
  }

  /** Those of all coordinators, by id; `transactionalIdPattern` is in RE2's syntax, and matches whole ids. */
  async list(
    options: CallOptions & {
      states?: readonly TransactionState[];
      producerIds?: readonly number[];
      /** Open for longer than this. */
      minDurationMs?: number;
      transactionalIdPattern?: string;
    } = {},
  ): Promise<TransactionListing[]> {
    const { states = [], producerIds = [], minDurationMs, transactionalIdPattern } = options;
    const byDuration = minDurationMs === undefined ? LIST : LIST_BY_DURATION;
    const api = transactionalIdPattern === undefined ? byDuration : LIST_BY_PATTERN;
    const input = {
      stateFilters: states.map(pascal),
      producerIdFilters: producerIds,
      durationFilter: minDurationMs ?? -1,
      transactionalIdPattern: transactionalIdPattern ?? null,
    };
    const listings = await eachBroker(this.#cluster, undefined, options, async (coordinatorId, call) => {
      const answer = await this.#cluster.request(api, input, { ...call, retry: wholeAnswer('Describe') });
      return answer.transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
        ...{ transactionalId, producerId, coordinatorId },
        state: kebab<TransactionState>(transactionState),
      }));
    });
    return listings.sort((one, other) => (one.transactionalId < other.transactionalId ? -1 : 1));
  }

  /** In the order of the ids. Rejects with TRANSACTIONAL_ID_NOT_FOUND for those that are not there. */
  async describe(
    transactionalIds: string | readonly string[],
    options: CallOptions = {},
  ): Promise<TransactionDescription[]> {
    const asked = [transactionalIds].flat();
    const found = await this.#describe(asked, options);
    return allOrThrow(asked.map((id) => found.get(id)!));
  }

  /** Ends open transactions in single partitions, as aborted: such as `findHanging` finds. */
  async abort(
    transactions: OpenTransaction | readonly OpenTransaction[],
    options: CallOptions = {},
  ): Promise<void> {
    await each([transactions].flat(), (transaction) =>
      eachLeader(this.#cluster, [transaction], options, {
        operation: 'ClusterAction',
        ask: async (_, call) => {
          const { topic, partition, producerId, producerEpoch, coordinatorEpoch = 0 } = transaction;
          const topics = [{ name: topic, partitionIndexes: [partition] }];
          const marker = { producerId, producerEpoch, coordinatorEpoch, transactionResult: false, topics };
          const answer = await this.#cluster.request(WRITE_MARKERS, { markers: [marker] }, call);
          return answer.markers.flatMap(({ topics }) => topics);
        },
        resultOf: () => undefined,
      }),
    );
  }

  /**
   * Finds transactions that are open in partitions and forgotten by their coordinators; in all partitions, in those of some topics, or in some.
   * `olderThanMs`: at least the longest transaction.max.timeout.ms of the brokers, else those that are still under way may be found too.
   */
  async findHanging(
    options: CallOptions & {
      topics?: readonly string[];
      partitions?: readonly TopicPartition[];
      olderThanMs?: number;
    } = {},
  ): Promise<HangingTransaction[]> {
    const left = inSteps(this.#cluster, options);
    const partitions = options.partitions ?? (await this.#partitions(options.topics, left()));
    const found = await this.#rooms.producers.describe(partitions, left());
    const suspects = suspectsOf(
      found,
      this.#cluster.ports.clock.wallMs() - (options.olderThanMs ?? LONGEST_TRANSACTION_MS),
    );
    if (suspects.length === 0) return [];
    const producerIds = [...new Set(suspects.map(({ producerId }) => producerId))];
    const known = await this.list({ ...left(), producerIds });
    const ids = new Map(known.map(({ producerId, transactionalId }) => [producerId, transactionalId]));
    const described = await this.#describe([...ids.values()], left());
    return suspects
      .map((suspect) => ({ ...suspect, transactionalId: ids.get(suspect.producerId) }))
      .filter((suspect) => {
        const transaction = described.get(suspect.transactionalId ?? '');
        if (transaction === undefined) return true;
        if (transaction instanceof KafkaError) {
          if (transaction.code === 'TRANSACTIONAL_ID_NOT_FOUND') return true;
          throw transaction;
        }
        return !transaction.partitions.some((partition) => keyOf(partition) === keyOf(suspect));
      });
  }

  /** Shuts out the producers that have these ids now, and aborts what they have open. A producer that starts later with the id may go on. */
  async fence(
    transactionalIds: string | readonly string[],
    options: CallOptions = {},
  ): Promise<FencedProducer[]> {
    return await each([transactionalIds].flat(), async (transactionalId) => {
      const input = { transactionalId, transactionTimeoutMs: this.#cluster.settings.requestTimeoutMs };
      const { producerId, producerEpoch } = await this.#cluster.request(INIT_PRODUCER, input, {
        ...options,
        to: { coordinatorOf: 'transaction', key: transactionalId },
        retry: wholeAnswer('Write', `transactional id ${transactionalId}`),
      });
      return { transactionalId, producerId, producerEpoch };
    });
  }

  async #describe(
    transactionalIds: readonly string[],
    options: CallOptions,
  ): Promise<Map<string, TransactionDescription | KafkaError>> {
    const answers = await askCoordinators(this.#cluster, transactionalIds, options, {
      type: 'transaction',
      operation: 'Describe',
      ask: async (transactionalIds, call, coordinatorId) => {
        const { transactionStates } = await this.#cluster.request(DESCRIBE, { transactionalIds }, call);
        return new Map(
          transactionStates.map((state) => [state.transactionalId, { ...state, coordinatorId }]),
        );
      },
    });
    const described = new Map<string, TransactionDescription | KafkaError>();
    for (const [id, answer] of answers)
      described.set(id, answer instanceof KafkaError ? answer : description(answer));
    return described;
  }

  async #partitions(topics: readonly string[] | undefined, options: CallOptions): Promise<TopicPartition[]> {
    const names =
      topics ??
      (await this.#rooms.topics.list({ ...options, includeInternal: true })).map(({ name }) => name);
    const described = await this.#rooms.topics.describe(names, options);
    return described.flatMap(({ name, partitions }) =>
      partitions.map(({ index }) => ({ topic: name, partition: index })),
    );
  }
}

function description(state: {
  readonly transactionalId: string;
  readonly transactionState: string;
  readonly transactionTimeoutMs: number;
  readonly transactionStartTimeMs: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  readonly coordinatorId: number;
}): TransactionDescription {
  const { transactionalId, producerId, producerEpoch, coordinatorId, transactionStartTimeMs } = state;
  return {
    ...{ transactionalId, producerId, producerEpoch, coordinatorId },
    state: kebab(state.transactionState),
    timeoutMs: state.transactionTimeoutMs,
    startedMs: transactionStartTimeMs < 0 ? undefined : transactionStartTimeMs,
    partitions: partitionsOf(state.topics, (each) => each),
  };
}

/** Open, and silent for longer than any transaction may be open. */
function suspectsOf(
  found: Awaited<ReturnType<ProducersAdmin['describe']>>,
  silentSinceMs: number,
): Omit<HangingTransaction, 'transactionalId'>[] {
  return found.flatMap(({ topic, partition, producers }) =>
    producers.flatMap(
      ({ transactionStartOffset, lastTimestampMs, producerId, producerEpoch, coordinatorEpoch }) =>
        transactionStartOffset === undefined || lastTimestampMs > silentSinceMs
          ? []
          : [
              {
                ...{ topic, partition, producerId, producerEpoch, coordinatorEpoch },
                ...{ startOffset: transactionStartOffset, lastTimestampMs },
              },
            ],
    ),
  );
}
