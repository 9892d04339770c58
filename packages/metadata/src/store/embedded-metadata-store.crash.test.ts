import assert from 'node:assert/strict';
import test from 'node:test';
import { silentLogger } from '@moldau/io';
import { MemoryDisk, SeededRandom, seedOf } from '@moldau/testing';
import { MetadataImage } from '../metadata-image.ts';
import type { MetadataRecord } from '../records.ts';
import { EmbeddedMetadataStore } from './embedded-metadata-store.ts';
import type { MetadataWatcher } from './metadata-store.ts';

const RUNS = 60;
const LIVES_PER_RUN = 6;

/** Topics are numbered in the order of their records, so an image says which prefix of the log it holds. */
function topic(n: number): MetadataRecord {
  const state = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] };
  return {
    type: 'topic',
    id: `${String(n).padStart(21, '0')}A`,
    name: `${n}`,
    partitions: [{ count: 1, state }],
  };
}

async function openStore(disk: MemoryDisk) {
  const store = await EmbeddedMetadataStore.open({
    disk,
    logger: silentLogger,
    directory: '/data/metadata',
    snapshotMinLogBytes: 500,
  });
  const controllerEpoch = await (await store.openSession(1)).claimController();
  let image = new MetadataImage();
  const watcher: MetadataWatcher = {
    restart(records) {
      image = new MetadataImage();
      for (const record of records) image.apply(record);
    },
    committed(records) {
      for (const record of records) image.apply(record);
    },
  };
  await store.watch(0, watcher);
  return { store, controllerEpoch, image: () => image };
}

/** One life of a process: appends and snapshots until it is killed or loses power. Returns how many topics were acknowledged. */
async function live(disk: MemoryDisk, random: SeededRandom, acknowledged: number): Promise<number> {
  const { store, controllerEpoch, image } = await openStore(disk);
  const found = image().topicCount;
  assert.ok(found >= acknowledged, `${acknowledged} topics were acknowledged, ${found} are there`);
  for (let n = 0; n < found; n += 1) assert.ok(image().topicByName(`${n}`), `topic ${n} is missing`);
  let durable = found;
  const steps = random.below(12);
  for (let step = 0; step < steps; step += 1) {
    const count = 1 + random.below(6);
    const records = Array.from({ length: count }, (_, n) => topic(durable + n));
    await store.append(records, { controllerEpoch, position: durable });
    durable += count;
    if (store.isSnapshotDue && random.chance(0.7)) {
      const written = store.writeSnapshot(image().records(), durable).catch(() => {});
      if (random.chance(0.5)) await written;
    }
  }
  if (random.chance(0.3)) await store.close();
  else if (random.chance(0.7)) {
    const unanswered = store.append([topic(durable), topic(durable + 1)], {
      controllerEpoch,
      position: durable,
    });
    unanswered.catch(() => {});
    for (let turn = random.below(4); turn > 0; turn -= 1) await new Promise(setImmediate);
  }
  return durable;
}

test('whatever was acknowledged survives kills and power cuts at any moment', async () => {
  const seed = seedOf();
  for (let run = 0; run < RUNS; run += 1) {
    const random = new SeededRandom(seed + run);
    try {
      const disk = new MemoryDisk();
      await disk.makeDirectory('/data');
      await disk.syncDirectory('/');
      let acknowledged = 0;
      for (let life = 0; life < LIVES_PER_RUN; life += 1) {
        acknowledged = await live(disk, random, acknowledged);
        if (random.chance(0.5)) disk.kill();
        else disk.powerCut(random);
      }
    } catch (error) {
      throw new Error(`failed; repeat with SEED=${seed + run}`, { cause: error });
    }
  }
});
