// Transactional producers: their ids and epochs, what they add to their transactions, how these end, and how they look
// from outside. What the brokers write into partitions is the matter of other scenarios.

import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  DescribeTransactions,
  EndTxn,
  FindCoordinator,
  InitProducerId,
  inEveryVersion,
  ListTransactions,
  type Scenario,
} from '../scenario.ts';
import { type Api, pause, type Side } from '../side.ts';

const NO_PRODUCER = { producerId: -1, producerEpoch: -1 };
/** Answers of a moment: the coordinator is not there yet, or writes markers. */
const PASSING = new Set([14, 15, 16, 51]);
const INIT_VERSION = 4;
const FIRST_BATCHED_VERSION = 4;
const FIRST_VERSION_WITH_EPOCH_BUMP = 5;

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Asks until the answer is not of a moment, and keeps that one. */
async function until<Query, Answer>(
  side: Side,
  asked: Api<Query, Answer>,
  version: number,
  query: Query,
  label: string,
  codeOf: (answer: Answer) => number,
): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    const answer = await side.quietly(asked, version, query);
    if (!PASSING.has(codeOf(answer)) || attempt > 400) {
      side.record(`${asked.name} v${version} ${label}`, answer);
      return answer;
    }
    await pause(10);
  }
}

class Transactional {
  readonly #side: Side;
  readonly #version: number;
  readonly transactionalId: string;

  constructor(side: Side, version: number, name = 'id') {
    this.#side = side;
    this.#version = version;
    this.transactionalId = `${side.prefix}${name}`;
  }

  init(label: string, query: object = {}, version = INIT_VERSION): Promise<Producer> {
    const { transactionalId } = this;
    const whole = { transactionalId, transactionTimeoutMs: 60_000, ...NO_PRODUCER, ...query };
    return until(this.#side, InitProducerId, version, whole, label, ({ errorCode }) => errorCode);
  }

  /** With the API of clients that follow the protocol of the version of EndTxn. */
  add(producer: Producer, name: string, partitions: number[], label: string, version = this.#addVersion) {
    const query = this.addQuery(producer, [{ name, partitions }]);
    return until(this.#side, AddPartitionsToTxn, version, query, label, (answer) => {
      const [topic] = answer.resultsByTopicV3AndBelow.length
        ? answer.resultsByTopicV3AndBelow
        : (answer.resultsByTransaction[0]?.topicResults ?? []);
      return topic?.resultsByPartition[0]?.partitionErrorCode ?? answer.errorCode;
    });
  }

  addQuery(
    { producerId, producerEpoch }: Producer,
    topics: { name: string; partitions: number[] }[],
    verifyOnly = false,
  ) {
    const { transactionalId } = this;
    return {
      transactions: [{ transactionalId, producerId, producerEpoch, verifyOnly, topics }],
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: topics,
    };
  }

  end({ producerId, producerEpoch }: Producer, committed: boolean, label: string, version = this.#version) {
    const query = { transactionalId: this.transactionalId, producerId, producerEpoch, committed };
    return until(this.#side, EndTxn, version, query, label, ({ errorCode }) => errorCode);
  }

  /** Waits until markers are written. */
  async describe(label: string): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const query = { transactionalIds: [this.transactionalId] };
      const answer = await this.#side.quietly(DescribeTransactions, 0, query);
      if (!answer.transactionStates[0]!.transactionState.startsWith('Prepare') || attempt > 400) {
        this.#side.record(`described ${label}`, inOrder(answer));
        return;
      }
      await pause(10);
    }
  }

  get #addVersion(): number {
    return this.#version >= FIRST_VERSION_WITH_EPOCH_BUMP ? 5 : 3;
  }
}

/** Kafka lists a transaction's partitions as its hash table has them. */
function inOrder<T extends { transactionStates: { topics: { topic: string; partitions: number[] }[] }[] }>(
  answer: T,
): T {
  for (const { topics } of answer.transactionStates)
    for (const { partitions } of topics) partitions.sort((a, b) => a - b);
  return answer;
}

/** Who the producer is in its next transaction. */
function next(
  producer: Producer,
  answer: { producerId: number; producerEpoch: number },
  version: number,
): Producer {
  if (version < FIRST_VERSION_WITH_EPOCH_BUMP) return producer;
  return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}

const WRONG = [
  ['another id', 1_000_000, 0],
  ['an older epoch', 0, -1],
  ['a newer epoch', 0, 1],
] as const;

function wrong({ producerId, producerEpoch }: Producer): [string, Producer][] {
  return WRONG.map(([label, id, epoch]) => [
    label,
    { producerId: producerId + id, producerEpoch: producerEpoch + epoch },
  ]);
}

export const transactionScenarios: readonly Scenario[] = [
  inEveryVersion(
    FindCoordinator,
    'of transactions',
    async (side, version) => {
      const query = (key: string) => ({ key, keyType: 1, coordinatorKeys: [key] });
      for (const key of [`${side.prefix}id`, ''])
        await until(side, FindCoordinator, version, query(key), `'${key.slice(-2)}'`, (answer) =>
          version >= 4 ? answer.coordinators[0]!.errorCode : answer.errorCode,
        );
    },
    { from: 1 },
  ),
  inEveryVersion(InitProducerId, 'transactional', async (side, version) => {
    const producer = new Transactional(side, version);
    await producer.init('first', {}, version);
    const second = await producer.init('again', {}, version);
    await producer.describe('after two');
    for (const transactionTimeoutMs of [0, -1, 900_000, 900_001])
      await producer.init(`timeout ${transactionTimeoutMs}`, { transactionTimeoutMs }, version);
    await producer.init('empty id', { transactionalId: '' }, version);
    if (version < 3) return;
    await producer.init('old epoch', second, version);
    const known = await producer.init('anew', {}, version);
    const { producerId, producerEpoch } = known;
    await producer.init('bump', { producerId, producerEpoch }, version);
    await producer.init('retry of a bump', { producerId, producerEpoch }, version);
    await producer.init('bump of a bump', { producerId, producerEpoch: producerEpoch + 1 }, version);
    await producer.init('retry of the bump before', { producerId, producerEpoch }, version);
    await producer.init('other id', { producerId: producerId + 1_000_000, producerEpoch: 0 }, version);
    await producer.init('future epoch', { producerId, producerEpoch: producerEpoch + 9 }, version);
    await producer.init('half known', { producerId }, version);
    const stranger = { transactionalId: `${side.prefix}new`, producerId, producerEpoch };
    await producer.init('unknown transactional id', stranger, version);
  }),
  inEveryVersion(InitProducerId, 'over an ongoing transaction', async (side, version) => {
    const { name } = await side.createTopic('a');
    for (const addVersion of [3, 5]) {
      const producer = new Transactional(side, version, `id-${addVersion}`);
      const old = await producer.init('first', {}, version);
      await producer.add(old, name, [0], 'add', addVersion);
      await producer.init('second', {}, version);
      await producer.describe('after the second');
      await producer.add(old, name, [0], 'add by the first', addVersion);
      for (const endVersion of [1, 4, 5]) await producer.end(old, true, 'end by the first', endVersion);
    }
  }),
  inEveryVersion(AddPartitionsToTxn, 'partitions', async (side, version) => {
    const { name: a } = await side.createTopic('a', { partitions: 3 });
    const { name: b } = await side.createTopic('b');
    const producer = new Transactional(side, version);
    await producer.add({ producerId: 5, producerEpoch: 0 }, a, [0], 'unknown transactional id', version);
    const known = await producer.init('init');
    for (const [label, by] of wrong(known)) await producer.add(by, a, [0], label, version);
    await producer.add(known, a, [0, 1], 'two', version);
    await producer.describe('with two');
    await producer.add(known, a, [1], 'one again', version);
    await producer.add(known, a, [2, 2, 0], 'one twice', version);
    await producer.add(known, a, [], 'none', version);
    await producer.add(known, a, [7], 'an unknown partition', version);
    const ask = (topics: { name: string; partitions: number[] }[], label: string, verifyOnly = false) =>
      side.ask(AddPartitionsToTxn, version, producer.addQuery(known, topics, verifyOnly), label);
    await ask([], 'no topics');
    await ask(
      [
        { name: b, partitions: [0, 1] },
        { name: a, partitions: [0] },
      ],
      'some unknown',
    );
    await ask(
      [
        { name: `${a}-unknown`, partitions: [0] },
        { name: b, partitions: [0] },
      ],
      'an unknown topic',
    );
    await ask(
      [
        { name: b, partitions: [0] },
        { name: a, partitions: [0] },
      ],
      'two topics',
    );
    if (version >= FIRST_BATCHED_VERSION) {
      await ask([{ name: a, partitions: [0, 1, 2] }], 'verify', true);
      await ask([{ name: a, partitions: [9] }], 'verify an unknown partition', true);
      for (const [label, by] of wrong(known))
        await side.ask(
          AddPartitionsToTxn,
          version,
          producer.addQuery(by, [{ name: a, partitions: [0] }], true),
          `verify ${label}`,
        );
    }
    await producer.describe('at last');
  }),
  inEveryVersion(
    AddPartitionsToTxn,
    'of several transactions',
    async (side, version) => {
      const { name } = await side.createTopic('a', { partitions: 3 });
      const [one, two] = [new Transactional(side, version, 'one'), new Transactional(side, version, 'two')];
      const [first, second] = [await one.init('one'), await two.init('two')];
      await one.add(first, name, [0], 'before');
      const transactions = [
        ...one.addQuery(first, [{ name, partitions: [0, 1] }], true).transactions,
        ...two.addQuery(second, [{ name, partitions: [2] }]).transactions,
        ...new Transactional(side, version, 'three').addQuery(second, [{ name, partitions: [2] }])
          .transactions,
        ...new Transactional(side, version, 'four').addQuery(second, [{ name: 'none', partitions: [2] }])
          .transactions,
      ];
      const answer = await side.quietly(AddPartitionsToTxn, version, { transactions });
      const sorted = [...answer.resultsByTransaction].sort((a, b) =>
        a.transactionalId < b.transactionalId ? -1 : 1,
      );
      side.record('four at once', { ...answer, resultsByTransaction: sorted });
      await two.describe('two');
    },
    { from: FIRST_BATCHED_VERSION },
  ),
  inEveryVersion(AddOffsetsToTxn, 'a group', async (side, version) => {
    const producer = new Transactional(side, version);
    const { transactionalId } = producer;
    const groupId = `${side.prefix}group`;
    const add = (by: Producer, label: string) => {
      const { producerId, producerEpoch } = by;
      const query = { transactionalId, producerId, producerEpoch, groupId };
      return until(side, AddOffsetsToTxn, version, query, label, ({ errorCode }) => errorCode);
    };
    await add({ producerId: 5, producerEpoch: 0 }, 'unknown transactional id');
    const known = await producer.init('init');
    for (const [label, by] of wrong(known)) await add(by, label);
    await add(known, 'known');
    await add(known, 'again');
    const { transactionStates } = await side.quietly(DescribeTransactions, 0, {
      transactionalIds: [transactionalId],
    });
    const { transactionState, topics } = transactionStates[0]!;
    side.record('state', [
      transactionState,
      topics.map(({ topic, partitions }) => [topic, partitions.length]),
    ]);
  }),
  inEveryVersion(EndTxn, 'in each state', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    const producer = new Transactional(side, version);
    await producer.end({ producerId: 5, producerEpoch: 0 }, true, 'unknown transactional id');
    let by = await producer.init('init');
    await producer.end(by, true, 'commit of nothing');
    by = next(by, await producer.end(by, false, 'abort of nothing'), version);
    if (version < FIRST_VERSION_WITH_EPOCH_BUMP) by = await producer.init('init');
    for (const committed of [true, false]) {
      await producer.add(by, name, [0, 1], 'add');
      for (const [label, other] of wrong(by))
        await producer.end(other, committed, `${committed} by ${label}`);
      await producer.describe('ongoing');
      const answer = await producer.end(by, committed, `${committed}`);
      await producer.describe('ended');
      await producer.end(by, committed, `${committed} again`);
      await producer.end(by, !committed, `${!committed} then`);
      by = next(by, answer, version);
      for (const [label, other] of wrong(by))
        await producer.end(other, committed, `${committed} then by ${label}`);
      await producer.end(by, true, 'commit of nothing more');
      if (version >= FIRST_VERSION_WITH_EPOCH_BUMP) {
        by = next(by, await producer.end(by, false, 'abort of nothing more'), version);
        by = next(by, await producer.end(by, false, 'and once more'), version);
      }
      await producer.describe('at last');
    }
    await producer.end({ ...by, producerId: -1 }, true, 'no producer');
    await side.ask(EndTxn, version, { transactionalId: '', ...by, committed: true }, 'empty id');
  }),
  inEveryVersion(EndTxn, 'late, in the next transaction', async (side, version) => {
    const { name } = await side.createTopic('a');
    const producer = new Transactional(side, version);
    const first = await producer.init('init');
    await producer.add(first, name, [0], 'add');
    const second = next(first, await producer.end(first, true, 'end'), version);
    await producer.add(second, name, [0], 'add more');
    if (version >= FIRST_VERSION_WITH_EPOCH_BUMP) {
      await producer.end(first, true, 'late commit');
      await producer.end(first, false, 'late abort');
    }
    await producer.describe('then');
    await producer.end(second, true, 'end more');
  }),
  inEveryVersion(DescribeTransactions, 'states', async (side, version) => {
    const { name } = await side.createTopic('a', { partitions: 2 });
    const [empty, ongoing, ended] = ['empty', 'ongoing', 'ended'].map(
      (each) => new Transactional(side, 3, each),
    );
    await empty!.init('empty', { transactionTimeoutMs: 1_234 });
    await ongoing!.add(await ongoing!.init('ongoing'), name, [1, 0], 'add');
    const by = await ended!.init('ended');
    await ended!.add(by, name, [1], 'add');
    await ended!.end(by, true, 'end');
    await ended!.describe('ended');
    const transactionalIds = ['empty', 'ongoing', 'ended', 'unknown'].map((each) => `${side.prefix}${each}`);
    const several = { transactionalIds: [...transactionalIds, ''] };
    side.record('several', inOrder(await side.quietly(DescribeTransactions, version, several)));
    await side.ask(DescribeTransactions, version, { transactionalIds: [] }, 'none');
  }),
  inEveryVersion(ListTransactions, 'with filters', async (side, version) => {
    const { name } = await side.createTopic('a');
    const [empty, ongoing] = ['empty', 'ongoing'].map((each) => new Transactional(side, 3, each));
    const { producerId } = await empty!.init('empty');
    await ongoing!.add(await ongoing!.init('ongoing'), name, [0], 'add');
    const none = {
      stateFilters: [],
      producerIdFilters: [],
      durationFilter: -1,
      transactionalIdPattern: null,
    };
    const ask = async (label: string, filter: object) => {
      const { transactionStates, ...rest } = await side.quietly(ListTransactions, version, {
        ...none,
        ...filter,
      });
      const own = transactionStates.filter(({ transactionalId }) => transactionalId.startsWith(side.prefix));
      own.sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1));
      side.record(label, { ...rest, transactionStates: own });
    };
    await ask('all', {});
    await ask('by state', { stateFilters: ['Ongoing'] });
    await ask('by two states', { stateFilters: ['Ongoing', 'Empty'] });
    await ask('by unknown states', { stateFilters: ['ongoing', 'Dead', 'PrepareEpochFence', ''] });
    await ask('by a known and an unknown state', { stateFilters: ['Empty', 'Nothing'] });
    await ask('by producer', { producerIdFilters: [producerId, -1] });
    await ask('by nobody', { producerIdFilters: [-1] });
    if (version < 1) return;
    await ask('older than nothing', { durationFilter: 0 });
    await ask('older than an hour', { durationFilter: 3_600_000 });
    await ask('negative age', { durationFilter: -5 });
    if (version < 2) return;
    await ask('by name', { transactionalIdPattern: `.*empt[y]` });
    await ask('by a part of the name', { transactionalIdPattern: 'empty' });
    await ask('by an empty pattern', { transactionalIdPattern: '' });
    await ask('by a bad pattern', { transactionalIdPattern: '(' });
  }),
];
