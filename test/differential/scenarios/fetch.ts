// Records read: offsets, limits, sessions, epochs.

import { batchOf } from '../records.ts';
import { Fetch, inEveryVersion, type Scenario } from '../scenario.ts';
import type { Side } from '../side.ts';

const UNKNOWN_ID = 'abcdefghijklmnopqrstuA';
const FULL_EPOCH = 0;
const NO_SESSION_EPOCH = -1;

interface Topic {
  name: string;
  id: string;
}

interface Wanted {
  topic: Topic;
  partition?: number;
  fetchOffset?: number;
  currentLeaderEpoch?: number;
  lastFetchedEpoch?: number;
  logStartOffset?: number;
  partitionMaxBytes?: number;
}

interface Limits {
  maxBytes?: number;
  minBytes?: number;
  maxWaitMs?: number;
  isolationLevel?: number;
  sessionId?: number;
  sessionEpoch?: number;
  replicaId?: number;
  forgotten?: { topic: Topic; partitions: number[] }[];
}

function fetch(side: Side, version: number, wanted: Wanted[], label: string, limits: Limits = {}) {
  const { forgotten = [], ...others } = limits;
  return side.ask(
    Fetch,
    version,
    {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 10_000_000,
      sessionEpoch: NO_SESSION_EPOCH,
      ...others,
      topics: wanted.map(({ topic, ...partition }) => ({
        topic: topic.name,
        topicId: topic.id,
        partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000, ...partition }],
      })),
      forgottenTopicsData: forgotten.map(({ topic, partitions }) => ({
        topic: topic.name,
        topicId: topic.id,
        partitions,
      })),
    },
    label,
  );
}

export const fetchScenarios: readonly Scenario[] = [
  inEveryVersion(
    Fetch,
    'offsets',
    async (side, version) => {
      const topic = await side.createTopic('a', { partitions: 2 });
      await fetch(side, version, [{ topic }], 'of an empty log');
      await fetch(side, version, [{ topic, fetchOffset: 1 }], 'of an empty log, too high');
      for (let index = 0; index < 4; index++)
        await side.append(topic.name, batchOf([`a${index}`, `b${index}`]));
      for (const fetchOffset of [0, 1, 3, 7, 8, 9, -1, -2])
        await fetch(side, version, [{ topic, fetchOffset }], `from ${fetchOffset}`);
      await fetch(side, version, [{ topic, partition: 7 }], 'unknown partition');
      await fetch(side, version, [{ topic, partition: -1 }], 'negative partition');
      const unknown = { name: `${topic.name}x`, id: UNKNOWN_ID };
      await fetch(side, version, [{ topic: unknown }], 'unknown topic');
      await fetch(side, version, [{ topic: { name: '', id: 'AAAAAAAAAAAAAAAAAAAAAA' } }], 'no topic');
      await fetch(side, version, [{ topic: unknown }, { topic }], 'one unknown');
      await fetch(side, version, [{ topic }, { topic, partition: 1 }], 'two partitions');
      await fetch(side, version, [], 'nothing');
      await fetch(side, version, [{ topic, fetchOffset: 8 }], 'wait in vain', {
        maxWaitMs: 100,
        minBytes: 1,
      });
      await fetch(side, version, [{ topic, logStartOffset: 5 }], 'log start offset of a consumer');
    },
    { from: 4 },
  ),
  inEveryVersion(
    Fetch,
    'limits',
    async (side, version) => {
      const topic = await side.createTopic('a', { partitions: 2 });
      const other = await side.createTopic('b');
      for (let index = 0; index < 4; index++) {
        await side.append(topic.name, batchOf(['x'.repeat(100)]));
        await side.append(topic.name, batchOf(['y'.repeat(100)]), 1);
        await side.append(other.name, batchOf(['z'.repeat(100)]));
      }
      for (const partitionMaxBytes of [-1, 0, 1, 100, 200, 350, 400])
        await fetch(side, version, [{ topic, partitionMaxBytes }], `partition's max ${partitionMaxBytes}`);
      for (const maxBytes of [-1, 0, 1, 200, 350, 600, 1000])
        await fetch(side, version, [{ topic }, { topic: other }], `max ${maxBytes}`, { maxBytes });
      await fetch(
        side,
        version,
        [
          { topic, partitionMaxBytes: 1 },
          { topic: other, partitionMaxBytes: 1 },
        ],
        'both 1',
      );
      await fetch(
        side,
        version,
        [
          { topic, partitionMaxBytes: 0 },
          { topic: other, partitionMaxBytes: 0 },
        ],
        'both 0',
      );
      await fetch(
        side,
        version,
        [
          { topic, fetchOffset: 4 },
          { topic: other, partitionMaxBytes: 1 },
        ],
        'first at its end',
      );
      await fetch(side, version, [{ topic, fetchOffset: 2 }], 'min above all', {
        minBytes: 100_000,
        maxWaitMs: 50,
      });
      await fetch(side, version, [{ topic, fetchOffset: 2 }], 'negative wait', {
        minBytes: 1,
        maxWaitMs: -1,
      });
    },
    { from: 4 },
  ),
  inEveryVersion(
    Fetch,
    'isolation and replicas',
    async (side, version) => {
      const topic = await side.createTopic('a');
      await side.append(topic.name, batchOf(['a', 'b']));
      for (const isolationLevel of [0, 1, 2])
        await fetch(side, version, [{ topic }], `isolation ${isolationLevel}`, { isolationLevel });
      await fetch(side, version, [{ topic, fetchOffset: 9 }], 'isolation 1, out of range', {
        isolationLevel: 1,
      });
      if (version < 15) await fetch(side, version, [{ topic }], 'as a debugging consumer', { replicaId: -2 });
    },
    { from: 4 },
  ),
  inEveryVersion(
    Fetch,
    'sessions',
    async (side, version) => {
      const a = await side.createTopic('a', { partitions: 2 });
      const b = await side.createTopic('b');
      await side.append(a.name, batchOf(['a']));
      const first = await fetch(side, version, [{ topic: a }, { topic: b }], 'new', {
        sessionEpoch: FULL_EPOCH,
      });
      const sessionId = first?.sessionId ?? 0;
      const go = (sessionEpoch: number, label: string, wanted: Wanted[] = [], limits: Limits = {}) =>
        fetch(side, version, wanted, label, { sessionId, sessionEpoch, ...limits });
      await go(1, 'the same again');
      await go(2, 'moved', [{ topic: a, fetchOffset: 1 }]);
      await go(3, 'nothing new');
      await side.append(b.name, batchOf(['b']));
      await go(4, 'news');
      await go(4, 'an old epoch');
      await go(9, 'a later epoch');
      await go(5, 'goes on');
      await go(6, 'b moves', [{ topic: b, fetchOffset: 1 }]);
      await go(7, 'another partition', [{ topic: a, partition: 1 }]);
      await go(8, 'nothing new again');
      await go(9, 'an error', [{ topic: b, fetchOffset: 99 }]);
      await go(10, 'the error again');
      await go(11, 'forget', [], { forgotten: [{ topic: b, partitions: [0] }] });
      await go(12, 'unknown topic', [{ topic: { name: `${a.name}x`, id: UNKNOWN_ID } }]);
      await go(13, 'unknown topic again');
      await go(14, 'unknown partition', [{ topic: a, partition: 9 }]);
      await fetch(side, version, [], 'unknown session', { sessionId: 12345, sessionEpoch: 1 });
      await fetch(side, version, [], 'no session', { sessionId: 0, sessionEpoch: 1 });
      if (version >= 13) await fetch(side, 12, [{ topic: a }], 'by name', { sessionId, sessionEpoch: 15 });
      else if (version === 12)
        await fetch(side, 13, [{ topic: a }], 'by id', { sessionId, sessionEpoch: 15 });
      await go(NO_SESSION_EPOCH, 'closed', [{ topic: a }]);
      await go(15, 'after the end');
      const second = await fetch(side, version, [{ topic: a }], 'new again', { sessionEpoch: FULL_EPOCH });
      const again = second?.sessionId ?? 0;
      await fetch(side, version, [{ topic: b }], 'anew', { sessionId: again, sessionEpoch: FULL_EPOCH });
      await fetch(side, version, [], 'the one replaced', { sessionId: again, sessionEpoch: 1 });
      await fetch(side, version, [], 'new and empty', { sessionEpoch: FULL_EPOCH });
      const third = await fetch(side, version, [{ topic: a }], 'a third', { sessionEpoch: FULL_EPOCH });
      await fetch(side, version, [], 'forget all', {
        sessionId: third?.sessionId ?? 0,
        sessionEpoch: 1,
        forgotten: [{ topic: a, partitions: [0] }],
      });
      await fetch(side, version, [], 'after all', { sessionId: third?.sessionId ?? 0, sessionEpoch: 2 });
    },
    { from: 7 },
  ),
  inEveryVersion(
    Fetch,
    'leader epochs',
    async (side, version) => {
      const topic = await side.createTopic('a');
      await side.append(topic.name, batchOf(['a', 'b']));
      await side.append(topic.name, batchOf(['c']));
      for (const currentLeaderEpoch of [-1, 0, 1, 7, -5])
        await fetch(side, version, [{ topic, currentLeaderEpoch }], `current ${currentLeaderEpoch}`);
      for (const [lastFetchedEpoch, fetchOffset] of [
        [0, 1],
        [0, 3],
        [0, 4],
        [1, 1],
        [5, 3],
        [5, 4],
        [-1, 3],
      ] as const)
        await fetch(
          side,
          version,
          [{ topic, lastFetchedEpoch, fetchOffset }],
          `fetched ${lastFetchedEpoch} to ${fetchOffset}`,
        );
    },
    { from: 9 },
  ),
];
