// Offsets by time, and by leader epoch.

import { batchOf, LONG_AGO_MS } from '../records.ts';
import {
  DeleteRecords,
  inEveryVersion,
  ListOffsets,
  OffsetForLeaderEpoch,
  type Scenario,
} from '../scenario.ts';
import type { Side } from '../side.ts';

const SPECIALS = [-1, -2, -3, -4, -5, -6, -7] as const;

function list(
  side: Side,
  version: number,
  name: string,
  timestamp: number,
  fields: {
    isolationLevel?: number;
    currentLeaderEpoch?: number;
    partitionIndex?: number;
    label?: string;
    replicaId?: number;
  } = {},
) {
  const {
    isolationLevel = 0,
    currentLeaderEpoch = -1,
    partitionIndex = 0,
    label = '',
    replicaId = -1,
  } = fields;
  return side.ask(
    ListOffsets,
    version,
    {
      replicaId,
      isolationLevel,
      timeoutMs: 1000,
      topics: [{ name, partitions: [{ partitionIndex, currentLeaderEpoch, timestamp }] }],
    },
    `${timestamp - (timestamp > 1e9 ? LONG_AGO_MS : 0)} ${label}`,
  );
}

export const offsetScenarios: readonly Scenario[] = [
  inEveryVersion(ListOffsets, 'of an empty log', async (side, version) => {
    const { name } = await side.createTopic('a');
    for (const timestamp of [...SPECIALS, 0, LONG_AGO_MS]) await list(side, version, name, timestamp);
  }),
  inEveryVersion(ListOffsets, 'by time', async (side, version) => {
    const { name } = await side.createTopic('a');
    await side.append(name, batchOf(['a', 'b', 'c']));
    await side.append(name, batchOf(['d', 'e'], { fromMs: LONG_AGO_MS + 100_000 }));
    await side.append(name, batchOf(['f'], { fromMs: LONG_AGO_MS + 50_000 }));
    await side.append(name, batchOf(['g', 'h', 'i'], { fromMs: LONG_AGO_MS + 200_000, compression: 'gzip' }));
    await side.append(name, batchOf(['j'], { fromMs: LONG_AGO_MS + 201_000 }));
    for (const timestamp of SPECIALS) await list(side, version, name, timestamp);
    for (const ms of [
      -1, 0, 1, 1000, 2000, 2001, 50_000, 100_000, 100_500, 101_001, 200_500, 202_000, 202_001,
    ])
      await list(side, version, name, LONG_AGO_MS + ms);
    await list(side, version, name, 0);
    for (const isolationLevel of [1, 2])
      await list(side, version, name, -1, { isolationLevel, label: `isolation ${isolationLevel}` });
    for (const currentLeaderEpoch of [0, 1])
      await list(side, version, name, -1, { currentLeaderEpoch, label: `epoch ${currentLeaderEpoch}` });
    await list(side, version, name, -1, { partitionIndex: 7, label: 'unknown partition' });
    await list(side, version, `${name}x`, -1, { label: 'unknown topic' });
    await list(side, version, 'a/b', -1, { label: 'bad name' });
    await list(side, version, name, -1, { replicaId: -2, label: 'debugging' });
    const partition = { partitionIndex: 0, timestamp: -1 };
    await side.ask(
      ListOffsets,
      version,
      { replicaId: -1, topics: [{ name, partitions: [partition, partition] }] },
      'twice',
    );
    await side.ask(
      DeleteRecords,
      2,
      { topics: [{ name, partitions: [{ partitionIndex: 0, offset: 2 }] }], timeoutMs: 1000 },
      '',
    );
    for (const timestamp of [...SPECIALS, 0, LONG_AGO_MS, LONG_AGO_MS + 2000])
      await list(side, version, name, timestamp, { label: 'after DeleteRecords' });
    await side.ask(
      DeleteRecords,
      2,
      { topics: [{ name, partitions: [{ partitionIndex: 0, offset: -1 }] }], timeoutMs: 1000 },
      '',
    );
    for (const timestamp of [...SPECIALS, 0, LONG_AGO_MS])
      await list(side, version, name, timestamp, { label: 'after all went' });
  }),
  inEveryVersion(ListOffsets, 'of LogAppendTime', async (side, version) => {
    const { name } = await side.createTopic('a', { configs: { 'message.timestamp.type': 'LogAppendTime' } });
    await side.append(name, batchOf(['a', 'b', 'c']));
    await side.append(name, batchOf(['d', 'e', 'f'], { compression: 'lz4' }));
    for (const timestamp of [...SPECIALS, 0, LONG_AGO_MS, Date.now() + 100_000])
      await list(side, version, name, timestamp);
  }),
  inEveryVersion(OffsetForLeaderEpoch, 'right and wrong', async (side, version) => {
    const { name } = await side.createTopic('a');
    const ask = (
      leaderEpoch: number,
      label: string,
      fields: { currentLeaderEpoch?: number; partition?: number; topic?: string } = {},
    ) =>
      side.ask(
        OffsetForLeaderEpoch,
        version,
        {
          replicaId: -1,
          topics: [
            {
              topic: fields.topic ?? name,
              partitions: [
                {
                  partition: fields.partition ?? 0,
                  currentLeaderEpoch: fields.currentLeaderEpoch ?? -1,
                  leaderEpoch,
                },
              ],
            },
          ],
        },
        label,
      );
    for (const epoch of [-1, 0, 1, 5]) await ask(epoch, `${epoch} of an empty log`);
    await side.append(name, batchOf(['a', 'b', 'c']));
    for (const epoch of [-2, -1, 0, 1, 5]) await ask(epoch, `${epoch}`);
    for (const currentLeaderEpoch of [0, 1])
      await ask(0, `current ${currentLeaderEpoch}`, { currentLeaderEpoch });
    await ask(0, 'unknown partition', { partition: 9 });
    await ask(0, 'unknown topic', { topic: `${name}x` });
  }),
];
