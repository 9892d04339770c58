// Produces and transacts: a batch at a time, sent again with the same sequence until it is answered.

import {
  type CompressionType,
  ErrorCode,
  encodeBatch,
  endTxnRequest,
  endTxnResponse,
  errorName,
  findCoordinatorRequest,
  findCoordinatorResponse,
  initProducerIdRequest,
  initProducerIdResponse,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import {
  giveUp,
  Link,
  nowUs,
  Pace,
  random,
  say,
  settings,
  settled,
  type Topic,
  topics,
  upTo,
  value,
} from './history.ts';

/** With 12 and 5 a produce adds its partition to the transaction, and each transaction has an epoch of its own (KIP-890). */
const PRODUCE_VERSION = 12;
const END_TXN_VERSION = 5;
const TRANSACTION = 1;
const CODECS: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

class Producer {
  readonly #link = new Link();
  readonly #transactionalId = settings.get('transactional') ?? null;
  readonly #compression = CODECS[upTo(CODECS.length)];
  readonly #sequences = new Map<string, number>();
  #id = -1;
  #epoch = -1;
  #sent = 0;

  async begin(): Promise<void> {
    const transactionalId = this.#transactionalId;
    if (transactionalId !== null)
      await settled(
        () =>
          this.#link.ask(findCoordinatorRequest, findCoordinatorResponse, 4, {
            keyType: TRANSACTION,
            coordinatorKeys: [transactionalId],
          }),
        ({ coordinators }) => coordinators[0]!.errorCode,
      );
    const body = { transactionalId, transactionTimeoutMs: 10_000 };
    const answer = await settled(
      () => this.#link.ask(initProducerIdRequest, initProducerIdResponse, 5, body),
      ({ errorCode }) => errorCode,
    );
    this.#take(answer.errorCode, answer);
  }

  async burst(topic: Topic, partition: number, count: number): Promise<void> {
    const index = this.#sent;
    const place = `${topic.name}-${partition}`;
    const baseSequence = this.#sequences.get(place) ?? 0;
    this.#sent += count;
    say('s', nowUs(), topic.number, partition, index, count);
    const records = encodeBatch({
      ...{ producerId: this.#id, producerEpoch: this.#epoch, baseSequence, compression: this.#compression },
      isTransactional: this.#transactionalId !== null,
      records: Array.from({ length: count }, (_, at) => ({
        ...{ timestamp: Date.now(), key: null, value: value(index + at) },
      })),
    });
    const body = {
      ...{ transactionalId: this.#transactionalId, acks: -1, timeoutMs: 10_000 },
      topicData: [{ name: topic.name, partitionData: [{ index: partition, records }] }],
    };
    const { errorCode, baseOffset } = await settled(
      async () => {
        const answer = await this.#link.ask(produceRequest, produceResponse, PRODUCE_VERSION, body);
        return answer?.responses[0]?.partitionResponses[0];
      },
      (answer) => answer.errorCode,
    );
    if (errorCode !== ErrorCode.NONE) this.#refused('produce', errorCode);
    this.#sequences.set(place, baseSequence + count);
    say('a', nowUs(), topic.number, partition, baseOffset, index, count);
  }

  async end(isCommit: boolean): Promise<void> {
    const body = {
      ...{ transactionalId: this.#transactionalId!, producerId: this.#id, producerEpoch: this.#epoch },
      committed: isCommit,
    };
    const answer = await settled(
      () => this.#link.ask(endTxnRequest, endTxnResponse, END_TXN_VERSION, body),
      ({ errorCode }) => errorCode,
    );
    this.#take(answer.errorCode, answer);
  }

  close(): void {
    this.#link.close();
  }

  #take(errorCode: ErrorCode, next: { producerId: number; producerEpoch: number }): void {
    if (errorCode !== ErrorCode.NONE) this.#refused('transaction', errorCode);
    this.#id = next.producerId;
    this.#epoch = next.producerEpoch;
    this.#sequences.clear();
  }

  /** Transactions are fenced or time out; nothing else may be refused. */
  #refused(what: string, errorCode: ErrorCode): never {
    const why = `${what}: ${errorName(errorCode)} for ${this.#id} in epoch ${this.#epoch}`;
    if (this.#transactionalId === null) throw new Error(why);
    giveUp(why);
  }
}

async function burst(producer: Producer, pace: Pace): Promise<number> {
  const topic = topics[upTo(topics.length)]!;
  const count = pace.burst();
  await producer.burst(topic, upTo(topic.partitions), count);
  return count;
}

export async function produce(): Promise<void> {
  const [producer, pace] = [new Producer(), new Pace()];
  await producer.begin();
  for (let sent = 0; await pace.wait(sent); ) sent = await burst(producer, pace);
  producer.close();
}

export async function transact(): Promise<void> {
  const [producer, pace] = [new Producer(), new Pace()];
  await producer.begin();
  let sent = 0;
  for (let transaction = 0; await pace.wait(sent); transaction += 1) {
    sent = 0;
    say('b', nowUs(), transaction);
    for (let bursts = 1 + upTo(4); bursts > 0; bursts -= 1) sent += await burst(producer, pace);
    const isCommit = random() >= Number(settings.get('aborts') ?? 0.15);
    say(isCommit ? 'c' : 'x', nowUs(), transaction);
    await producer.end(isCommit);
    say(isCommit ? 'C' : 'X', nowUs(), transaction);
  }
  producer.close();
}
