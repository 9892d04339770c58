import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { seedOf } from '@moldau/testing';
import type { Log } from './log.ts';
import type { LogManager } from './log-manager.ts';
import { batchOf, openLog, readAll, settle, World } from './testing-logs.ts';

const logDirs = ['/one', '/two'];
const NAME = 'topic-0';

async function append(log: Log, ...values: string[]): Promise<void> {
  await log.append(batchOf(values), { leaderEpoch: 0 }).written;
}

async function valuesOf(log: Log): Promise<string[]> {
  return (await readAll(log)).map(({ value }) => String(value));
}

/** Where the log's folder is, and what else is in the log dirs of it. */
async function places(world: World): Promise<string[]> {
  const names = await Promise.all(
    logDirs.map(async (path) => (await world.names(path)).map((name) => `${path}/${name}`)),
  );
  return names.flat().filter((path) => path.includes(NAME) && !path.endsWith('-delete'));
}

async function arrived(manager: LogManager, path: string): Promise<boolean> {
  for (let turn = 0; turn < 400; turn++) {
    const dirs = await manager.logDirUsage();
    const dir = dirs.find((each) => each.path === path);
    if (dir?.logs.some(({ directoryName }) => directoryName === NAME)) return true;
    await settle(5);
  }
  return false;
}

test('a log is moved with all that it holds, and goes on where it was', async () => {
  const world = new World();
  const manager = await world.open({ logDirs });
  const log = await openLog(manager, { segmentBytes: 300 });
  for (let index = 0; index < 20; index++) await append(log, `before ${index}`);
  manager.moveTo(log, '/two');
  assert.ok(await arrived(manager, '/two'));
  await append(log, 'after');
  await settle();
  assert.equal((await valuesOf(log)).length, 21);
  await manager.close();
  const again = await world.open({ logDirs });
  assert.deepEqual(await places(world), [`/two/${NAME}`]);
  const values = await valuesOf(await openLog(again, { segmentBytes: 300 }));
  assert.deepEqual([values[0], values.at(-1), values.length], ['before 0', 'after', 21]);
  await again.close();
});

test('a log is appended to and read while it is moved', async () => {
  const world = new World();
  const manager = await world.open({ logDirs });
  const log = await openLog(manager, { segmentBytes: 500 });
  await append(log, 'first');
  let count = 1;
  for (const path of ['/two', '/one', '/two']) {
    manager.moveTo(log, path);
    for (let turn = 0; turn < 60; turn++) {
      await append(log, `record ${count++}`);
      if (turn % 10 === 0) assert.equal((await valuesOf(log)).length, count);
    }
    assert.ok(await arrived(manager, path));
  }
  await log.flush();
  assert.equal((await valuesOf(log)).length, count);
  await manager.close();
});

test('a log without a folder gets it where it was asked to be', async () => {
  const world = new World();
  const manager = await world.open({ logDirs });
  const log = await openLog(manager);
  manager.moveTo(log, '/two');
  await append(log, 'first');
  assert.deepEqual(await places(world), [`/two/${NAME}`]);
  await manager.close();
});

test('a copy is told of while it is made, and forgotten when the log is to stay', async () => {
  const world = new World();
  const manager = await world.open({ logDirs });
  const log = await openLog(manager);
  await append(log, 'first');
  manager.moveTo(log, '/two');
  const future = async () => (await manager.logDirUsage()).map(({ futureLogs }) => futureLogs);
  const [one, two] = await future();
  assert.deepEqual(one, []);
  assert.equal(two?.[0]?.directoryName, NAME);
  manager.moveTo(log, '/one');
  assert.deepEqual(await future(), [[], []]);
  await settle(100);
  assert.deepEqual(await places(world), [`/one/${NAME}`]);
  await manager.close();
  assert.deepEqual(await places(world), [`/one/${NAME}`]);
});

test('a log that is removed while it is moved is gone from both', async () => {
  for (const turns of [0, 1, 5, 20, 40, 60]) {
    const world = new World();
    const manager = await world.open({ logDirs });
    const log = await openLog(manager);
    await append(log, 'first');
    manager.moveTo(log, '/two');
    await settle(turns);
    await manager.remove(NAME);
    await manager.close();
    const again = await world.open({ logDirs });
    assert.deepEqual(again.directoryNames(), [], String(turns));
    await again.close();
  }
});

test('a folder that is no log dir is refused', async () => {
  const world = new World();
  const manager = await world.open({ logDirs });
  const log = await openLog(manager);
  assert.throws(
    () => manager.moveTo(log, '/three'),
    (error) => error instanceof KafkaError && error.code === ErrorCode.LOG_DIR_NOT_FOUND,
  );
  await manager.close();
});

for (const end of ['kill', 'cutPower'] as const) {
  test(`what was acknowledged is there once after a ${end} at any moment of a move`, async () => {
    const seed = seedOf();
    for (let round = 0; round < 25; round++) {
      const world = new World({ seed: seed + round });
      const manager = await world.open({ logDirs });
      const log = await openLog(manager, { segmentBytes: 400 });
      const acknowledged: string[] = [];
      const write = async (value: string) => {
        await append(log, value);
        await log.flush();
        acknowledged.push(value);
      };
      for (let index = 0; index < 5; index++) await write(`before ${index}`);
      manager.moveTo(log, '/two');
      void (async () => {
        for (let index = 0; index < 50; index++) await write(`during ${index}`);
      })().catch(() => {});
      await settle(world.random.below(120));
      const expected = [...acknowledged];
      await world[end]();
      const again = await world.open({ logDirs });
      const values = await valuesOf(await openLog(again, { segmentBytes: 400 }));
      const reason = `seed ${seed + round}`;
      assert.deepEqual(values.slice(0, expected.length), expected, reason);
      await again.close();
      const folders = (await places(world)).filter((path) => path.endsWith(NAME));
      assert.equal(folders.length, 1, reason);
    }
  });
}
