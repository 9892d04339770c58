// A transactional producer of the protocol before KIP-890, for scenarios that look at what it leaves in partitions.

import { batchOf } from '../records.ts';
import {
  AddPartitionsToTxn,
  DescribeTransactions,
  EndTxn,
  FindCoordinator,
  InitProducerId,
  Produce,
} from '../scenario.ts';
import { type Api, pause, type Side } from '../side.ts';

const INIT_VERSION = 4;
const ADD_VERSION = 3;
const END_VERSION = 3;
const PRODUCE_VERSION = 9;
/** Answers of a moment: the coordinator is not there yet, or writes markers. */
const PASSING = new Set([14, 15, 16, 51]);

export class TransactionalProducer {
  readonly #side: Side;
  readonly transactionalId: string;
  producerId = -1;
  producerEpoch = -1;
  #sequences = new Map<number, number>();

  constructor(side: Side, name: string) {
    this.#side = side;
    this.transactionalId = `${side.prefix}${name}`;
  }

  async init(): Promise<this> {
    const { transactionalId } = this;
    // The topic that keeps transactions comes to be when somebody looks for a coordinator.
    await this.#ask(FindCoordinator, 3, { key: transactionalId, keyType: 1 }, ({ errorCode }) => errorCode);
    const query = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    const answer = await this.#ask(InitProducerId, INIT_VERSION, query, ({ errorCode }) => errorCode);
    this.producerId = answer.producerId;
    this.producerEpoch = answer.producerEpoch;
    this.#sequences.clear();
    return this;
  }

  /** Adds a partition to the transaction, which it begins when there is none. */
  async add(name: string, partition = 0): Promise<void> {
    const query = {
      v3AndBelowTransactionalId: this.transactionalId,
      v3AndBelowProducerId: this.producerId,
      v3AndBelowProducerEpoch: this.producerEpoch,
      v3AndBelowTopics: [{ name, partitions: [partition] }],
    };
    await this.#ask(
      AddPartitionsToTxn,
      ADD_VERSION,
      query,
      ({ resultsByTopicV3AndBelow }) =>
        resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode,
    );
  }

  /** The next batch of a partition. */
  batch(values: readonly string[], index = 0): Buffer {
    const { producerId, producerEpoch } = this;
    const baseSequence = this.#sequences.get(index) ?? 0;
    this.#sequences.set(index, baseSequence + values.length);
    return batchOf(values, { producerId, producerEpoch, baseSequence, isTransactional: true });
  }

  /** Appends in the transaction; the partition has been added. */
  async send(name: string, values: readonly string[], index = 0): Promise<void> {
    const records = this.batch(values, index);
    const query = {
      transactionalId: this.transactionalId,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name, partitionData: [{ index, records }] }],
    };
    await this.#ask(
      Produce,
      PRODUCE_VERSION,
      query,
      ({ responses }) => responses[0]!.partitionResponses[0]!.errorCode,
    );
  }

  /** Ends the transaction and waits for its markers. */
  async end(committed: boolean): Promise<void> {
    const { transactionalId, producerId, producerEpoch } = this;
    const query = { transactionalId, producerId, producerEpoch, committed };
    await this.#ask(EndTxn, END_VERSION, query, ({ errorCode }) => errorCode);
    for (let attempt = 0; attempt < 1500; attempt++) {
      const { transactionStates } = await this.#side.quietly(DescribeTransactions, 0, {
        transactionalIds: [transactionalId],
      });
      if (transactionStates[0]!.transactionState.startsWith('Complete')) return;
      await pause(10);
    }
    throw new Error(`the transaction of ${transactionalId} does not end`);
  }

  async #ask<Query, Answer>(
    asked: Api<Query, Answer>,
    version: number,
    query: Query,
    codeOf: (answer: Answer) => number,
  ): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#side.quietly(asked, version, query);
      const code = codeOf(answer);
      if (code === 0) return answer;
      if (!PASSING.has(code) || attempt > 400) throw new Error(`${asked.name} answers ${code}`);
      await pause(10);
    }
  }
}
