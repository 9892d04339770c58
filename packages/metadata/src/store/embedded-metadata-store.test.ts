import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { type Disk, type DiskFile, nodeDisk, silentLogger } from '@moldau/io';
import { MetadataImage } from '../metadata-image.ts';
import type { MetadataRecord } from '../records.ts';
import { EmbeddedMetadataStore } from './embedded-metadata-store.ts';
import { MetadataFencedError, MetadataStoreError, type MetadataWatcher } from './metadata-store.ts';

/** The machine's disk with some of its methods replaced. */
function diskWith(changed: Partial<Disk>): Disk {
  return new Proxy(nodeDisk, {
    get(target, name: keyof Disk) {
      return changed[name] ?? target[name].bind(target);
    },
  });
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'moldau-metadata-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An image that follows a store. */
class Follower implements MetadataWatcher {
  image = new MetadataImage();
  position = 0;
  restarts = 0;

  restart(records: readonly MetadataRecord[], position: number): void {
    this.image = new MetadataImage();
    this.position = position;
    this.restarts += 1;
    for (const record of records) this.image.apply(record);
  }

  committed(records: readonly MetadataRecord[], position: number): void {
    assert.equal(this.position + records.length, position);
    for (const record of records) this.image.apply(record);
    this.position = position;
  }
}

async function openStore(directory: string, options: { disk?: Disk; snapshotMinLogBytes?: number } = {}) {
  const store = await EmbeddedMetadataStore.open({
    disk: nodeDisk,
    logger: silentLogger,
    directory,
    ...options,
  });
  const session = await store.openSession(1);
  const controllerEpoch = await session.claimController();
  const follower = new Follower();
  await store.watch(0, follower);
  const append = (records: MetadataRecord[]) =>
    store.append(records, { controllerEpoch, position: follower.position });
  return { store, follower, append, controllerEpoch };
}

const topicId = (n: number): string => `${String(n).padStart(21, '0')}A`;

function topic(n: number): MetadataRecord {
  const state = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] };
  return { type: 'topic', id: topicId(n), name: `topic-${n}`, partitions: [{ count: 3, state }] };
}

const everyKind: MetadataRecord[] = [
  { type: 'cluster', clusterId: 'Some0Cluster0Id0000000' },
  topic(1),
  topic(2),
  {
    type: 'partitions-added',
    topicId: topicId(1),
    partitions: [{ count: 1, state: { leader: -1, leaderEpoch: 7, replicas: [2, 1], isr: [] } }],
  },
  { type: 'topic-removed', topicId: topicId(2) },
  {
    type: 'config',
    resourceType: 2,
    resourceName: 'topic-1',
    entries: [
      { name: 'a', value: 'ü' },
      { name: 'b', value: null },
    ],
  },
  {
    type: 'broker',
    brokerId: 1,
    rack: null,
    endpoints: [{ listener: 'L', host: 'h', port: 65535, securityProtocol: 'SSL' }],
  },
  { type: 'producer-ids', nextProducerId: 2 ** 40 },
  { type: 'feature', name: 'transaction.version', level: 2 },
  {
    type: 'client-quota',
    entity: [{ entityType: 'user', entityName: null }],
    ...{ key: 'request_percentage', value: 12.5, isRemoved: false },
  },
];

function logFile(directory: string): string {
  const name = readdirSync(directory)
    .filter((file) => file.endsWith('.log'))
    .sort()
    .at(-1);
  return join(directory, name!);
}

test('every kind of record is there again after a clean stop', async (t) => {
  const directory = temporaryFolder(t);
  const first = await openStore(directory);
  assert.equal(await first.append(everyKind), everyKind.length);
  const before = [...first.follower.image.records()];
  await first.store.close();
  const second = await openStore(directory);
  assert.deepEqual([...second.follower.image.records()], before);
  assert.equal(second.follower.position, everyKind.length);
  await second.store.close();
});

test('a watch may start in the middle', async (t) => {
  const { store, append } = await openStore(temporaryFolder(t));
  await append(everyKind.slice(0, 3));
  await append([topic(5)]);
  const seen: MetadataRecord[] = [];
  await store.watch(2, { restart: () => assert.fail(), committed: (records) => void seen.push(...records) });
  assert.deepEqual(seen, [topic(2), topic(5)]);
  await store.close();
});

test('refuses an append from an older controller, and one that has not seen the end', async (t) => {
  const directory = temporaryFolder(t);
  const { store, append, controllerEpoch } = await openStore(directory);
  await append([topic(1)]);
  const append2 = (epoch: number, position: number) =>
    store.append([topic(2)], { controllerEpoch: epoch, position });
  await assert.rejects(append2(controllerEpoch, 0), MetadataFencedError);
  await (await store.openSession(2)).claimController();
  await assert.rejects(append2(controllerEpoch, 1), MetadataFencedError);
  await store.close();
  const again = await openStore(directory);
  assert.equal(again.follower.image.topicCount, 1);
  assert.ok(again.controllerEpoch > controllerEpoch);
  await again.store.close();
});

test('cuts off the append that a crash left half written, wherever it was cut', async (t) => {
  const directory = temporaryFolder(t);
  const { store, append } = await openStore(directory);
  await append([topic(1)]);
  const keptBytes = readFileSync(logFile(directory)).length;
  await append([topic(2)]);
  const whole = readFileSync(logFile(directory));
  // The process dies here: no close.
  for (let length = keptBytes; length < whole.length; length += 1) {
    writeFileSync(logFile(directory), whole.subarray(0, length));
    const again = await openStore(directory);
    assert.equal(again.follower.image.topicCount, 1);
    assert.equal(await again.append([topic(3)]), 2);
    await again.store.close();
    const third = await openStore(directory);
    assert.deepEqual([...third.follower.image.sortedTopicNames()], ['topic-1', 'topic-3']);
    await third.store.close();
  }
  await store.close();
});

test('reports damage below what was durable, and leaves the file alone', async (t) => {
  const directory = temporaryFolder(t);
  const { store, append } = await openStore(directory);
  await append([topic(1)]);
  await append([topic(2)]);
  await store.close();
  const path = logFile(directory);
  const good = readFileSync(path);
  for (const at of [0, 5, 9, 20, 40, Math.floor(good.length / 2), good.length - 40]) {
    const bad = Buffer.from(good);
    bad[at] = bad[at]! ^ 0x40;
    writeFileSync(path, bad);
    await assert.rejects(openStore(directory), (error: Error) => {
      assert.ok(error instanceof MetadataStoreError);
      return error.message.includes(path) && error.message.includes('damaged');
    });
    assert.deepEqual(readFileSync(path), bad);
  }
});

test('a snapshot replaces the log before it, and appends made meanwhile are kept', async (t) => {
  const directory = temporaryFolder(t);
  const { store, append, follower } = await openStore(directory, { snapshotMinLogBytes: 200 });
  await append([topic(1), topic(2), topic(3), topic(4)]);
  assert.equal(store.isSnapshotDue, true);
  const snapshot = store.writeSnapshot(follower.image.records(), follower.position);
  await append([topic(5)]);
  await snapshot;
  await append([topic(6)]);
  assert.equal(store.isSnapshotDue, false);
  assert.deepEqual(readdirSync(directory).sort(), [
    '00000000000000000004.log',
    '00000000000000000004.snapshot',
  ]);
  await store.close();
  const again = await openStore(directory);
  assert.equal(again.follower.restarts, 1);
  assert.deepEqual([...again.follower.image.records()], [...follower.image.records()]);
  await again.store.close();
});

test('a crash while a snapshot is written leaves the log to go by', async (t) => {
  const directory = temporaryFolder(t);
  const noReplace = diskWith({ replaceFile: async () => assert.fail('crash') });
  const { store, append, follower } = await openStore(directory, {
    disk: noReplace,
    snapshotMinLogBytes: 200,
  });
  await append([topic(1), topic(2), topic(3), topic(4)]);
  await assert.rejects(store.writeSnapshot(follower.image.records(), follower.position), /crash/);
  await append([topic(5)]);
  await store.close();
  const again = await openStore(directory);
  assert.equal(again.follower.restarts, 0);
  assert.equal(again.follower.image.topicCount, 5);
  await again.store.close();
});

test('a new log whose name could not be made durable does not count, for the old one goes on', async (t) => {
  const directory = temporaryFolder(t);
  let fails = false;
  const syncDirectory = async (path: string) => {
    if (fails) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
    await nodeDisk.syncDirectory(path);
  };
  const { store, append, follower } = await openStore(directory, { disk: diskWith({ syncDirectory }) });
  await append([topic(1)]);
  fails = true;
  await assert.rejects(store.writeSnapshot(follower.image.records(), follower.position), /EMFILE/);
  fails = false;
  // What a crash leaves half written is behind it then.
  appendFileSync(logFile(directory), 'torn');
  assert.deepEqual((await openStore(directory)).follower.image.sortedTopicNames(), ['topic-1']);
  await append([topic(2)]);
  await store.close();
  const again = await openStore(directory);
  assert.equal(again.follower.image.topicCount, 2);
  await again.append([topic(3)]);
  await again.store.writeSnapshot(again.follower.image.records(), again.follower.position);
  await again.append([topic(4)]);
  await again.store.close();
  const { store: last, follower: seen } = await openStore(directory);
  assert.equal(seen.image.topicCount, 4);
  await last.close();
});

test('reports a damaged snapshot and a missing log', async (t) => {
  const directory = temporaryFolder(t);
  const { store, append, follower } = await openStore(directory);
  await append([topic(1)]);
  await store.writeSnapshot(follower.image.records(), 1);
  await store.close();
  const path = join(directory, '00000000000000000001.snapshot');
  const good = readFileSync(path);
  appendFileSync(path, 'x');
  await assert.rejects(openStore(directory), /00001\.snapshot is damaged/);
  writeFileSync(path, good);
  rmSync(logFile(directory));
  await assert.rejects(openStore(directory), /00001\.log is missing/);
});

/** A disk whose log file fails as told. */
function failingDisk(fail: { write?: Error; sync?: Error }): Disk {
  const open = async (path: string, mode: 'read' | 'write'): Promise<DiskFile> => {
    const file = await nodeDisk.open(path, mode);
    const write: DiskFile['write'] = async (buffers, position) => {
      if (fail.write === undefined) return file.write(buffers, position);
      await file.write([buffers[0]!.subarray(0, 10)], position);
      throw fail.write;
    };
    const sync = async () => {
      if (fail.sync !== undefined) throw fail.sync;
      await file.sync();
    };
    return {
      path,
      write,
      sync,
      read: (buffer, position) => file.read(buffer, position),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      sizeBytes: () => file.sizeBytes(),
      close: () => file.close(),
    };
  };
  return diskWith({ open });
}

test('goes on when the disk has room again', async (t) => {
  const directory = temporaryFolder(t);
  const fail: { write?: Error } = {};
  const { store, append, follower } = await openStore(directory, { disk: failingDisk(fail) });
  await append([topic(1)]);
  fail.write = new Error('ENOSPC: no space left on device');
  await assert.rejects(append([topic(2)]), /cannot write .*no space left/);
  delete fail.write;
  await append([topic(3)]);
  assert.deepEqual(follower.image.sortedTopicNames(), ['topic-1', 'topic-3']);
  await store.close();
  const again = await openStore(directory);
  assert.deepEqual(again.follower.image.sortedTopicNames(), ['topic-1', 'topic-3']);
  await again.store.close();
});

test('never appends again after a failed fsync', async (t) => {
  const fail: { sync?: Error } = {};
  const { store, append, follower } = await openStore(temporaryFolder(t), { disk: failingDisk(fail) });
  fail.sync = new Error('EIO: i/o error');
  await assert.rejects(append([topic(1)]), MetadataStoreError);
  delete fail.sync;
  await assert.rejects(append([topic(1)]), /EIO.*Restart the broker/);
  assert.equal(follower.image.topicCount, 0);
  await store.close();
});

test('opens with twelve thousand topics', async (t) => {
  const directory = temporaryFolder(t);
  const { store, append } = await openStore(directory);
  await append(Array.from({ length: 12_000 }, (_, n) => topic(n)));
  await store.close();
  const again = await openStore(directory);
  assert.equal(again.follower.image.topicCount, 12_000);
  await again.store.close();
});
