// Offsets that groups commit in transactions.

import {
  AddOffsetsToTxn,
  FindCoordinator,
  inEveryVersion,
  OffsetCommit,
  OffsetDelete,
  OffsetFetch,
  type Scenario,
  TxnOffsetCommit,
} from '../scenario.ts';
import { pause, type Side } from '../side.ts';
import { TransactionalProducer } from './transactional-producer.ts';

const COMMIT_VERSION = 8;
const FETCH_VERSION = 9;
const FIRST_VERSION_WITH_ADDING = 5;

async function untilCoordinated(side: Side, groupId: string): Promise<void> {
  for (let attempt = 0; attempt < 1500; attempt++) {
    const found = await side.quietly(FindCoordinator, 3, { key: groupId, keyType: 0 });
    const topics = [{ name: 'x', partitionIndexes: [0] }];
    const { groups } = await side.quietly(OffsetFetch, FETCH_VERSION, { groups: [{ groupId, topics }] });
    if (found.errorCode === 0 && groups[0]!.errorCode === 0) return;
    await pause(25);
  }
  throw new Error('no coordinator');
}

export const transactionalOffsetScenarios: readonly Scenario[] = [
  inEveryVersion(
    TxnOffsetCommit,
    'pending, committed and aborted',
    async (side, version) => {
      const { name } = await side.createTopic('a', { partitions: 3 });
      const groupId = `${side.prefix}g`;
      await untilCoordinated(side, groupId);
      const producer = await new TransactionalProducer(side, 'one').init();
      const { transactionalId, producerId, producerEpoch } = producer;
      const commit = (label: string, offset: number, fields: object = {}, topic = name, partitionIndex = 0) =>
        side.ask(
          TxnOffsetCommit,
          version,
          {
            ...{ transactionalId, groupId, producerId, producerEpoch },
            topics: [
              {
                name: topic,
                partitions: [{ partitionIndex, committedOffset: offset, committedMetadata: 'm' }],
              },
            ],
            ...fields,
          },
          label,
        );
      const show = async (label: string): Promise<void> => {
        for (const requireStable of [false, true]) {
          const topics = [{ name, partitionIndexes: [0, 1, 2] }];
          const query = { groups: [{ groupId, topics }], requireStable };
          await side.ask(OffsetFetch, FETCH_VERSION, query, `${label} stable ${requireStable}`);
          const all = { groups: [{ groupId, topics: null }], requireStable };
          await side.ask(OffsetFetch, FETCH_VERSION, all, `${label} all stable ${requireStable}`);
        }
      };
      const plain = (offset: number) =>
        side.quietly(OffsetCommit, COMMIT_VERSION, {
          groupId,
          generationIdOrMemberEpoch: -1,
          memberId: '',
          topics: [
            { name, partitions: [{ partitionIndex: 0, committedOffset: offset, committedMetadata: 'p' }] },
          ],
        });
      const add = async (): Promise<void> => {
        const query = { transactionalId, producerId, producerEpoch, groupId };
        for (let attempt = 0; attempt < 1500; attempt++) {
          const { errorCode } = await side.quietly(AddOffsetsToTxn, 3, query);
          if (errorCode === 0) return;
          await pause(10);
        }
      };
      if (version < FIRST_VERSION_WITH_ADDING) await commit('not added', 1);
      await commit('unknown topic', 1, {}, `${name}x`);
      await commit('unknown partition', 1, {}, name, 7);
      await commit('empty group', 1, { groupId: '' });
      await add();
      await commit('added', 5);
      await commit('old epoch', 6, { producerEpoch: producerEpoch - 1 });
      await commit('too much metadata', 6, {
        topics: [
          {
            name,
            partitions: [{ partitionIndex: 1, committedOffset: 6, committedMetadata: 'x'.repeat(5000) }],
          },
        ],
      });
      if (version >= 3) {
        await commit('of a member that is none', 6, { memberId: 'nobody', generationId: 3 });
        await commit('of a generation', 6, { generationId: 3 });
        await commit('of an instance', 6, { groupInstanceId: 'i' });
      }
      await show('pending');
      await producer.end(true);
      await show('committed');
      await add();
      await commit('second', 50);
      await plain(20);
      await show('overtaken, pending');
      await producer.end(true);
      await show('overtaken, committed');
      await add();
      await commit('third', 60, {}, name, 2);
      await producer.end(false);
      await show('aborted');
      await add();
      await commit('fourth', 70, {}, name, 2);
      await side.ask(OffsetDelete, 0, {
        groupId,
        topics: [{ name, partitions: [{ partitionIndex: 2 }, { partitionIndex: 1 }] }],
      });
      await show('deleted while pending');
      await producer.end(true);
      await show('deleted, committed');
    },
    // Kafka asks for producers of several versions at once, and then gives all of them the errors of one.
    { isAlone: true },
  ),
];
