// What logs do on a disk that is full, and has room again later: nothing that was acknowledged is lost, and nobody has to start anything again.

import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '@moldau/testing';
import type { Log } from './log.ts';
import type { LogManager } from './log-manager.ts';
import { batchOf, markerOf, openLog, readAll, settle, World } from './testing-logs.ts';

const LEADER = { leaderEpoch: 0 };
const CONFIG = { segmentBytes: 2000, indexIntervalBytes: 200, retentionMs: -1 };
/** More than the room that a full folder waits for. */
const CAPACITY_BYTES = 2_000_000;
const FILLER = '/filler';

/** Takes all room but so much. */
async function fill(world: World, leftBytes: number): Promise<void> {
  await world.disk.remove(FILLER).catch(() => {});
  const file = await world.disk.open(FILLER, 'write');
  await file.write([Buffer.alloc(Math.max(0, world.disk.freeBytes() - leftBytes))], 0);
  await file.close();
}

async function passTime(world: World, ms: number): Promise<void> {
  await world.time.advance(ms);
  await settle();
}

test('the indexes of a full disk are not needed to go on when there is room again', async () => {
  const world = new World({ capacityBytes: CAPACITY_BYTES });
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  for (const value of ['a', 'b', 'c']) await log.append(batchOf([value.repeat(300)]), LEADER).written;
  await fill(world, 10);
  await assert.rejects(log.append(batchOf(['d']), LEADER).written, /no space left/);
  await settle();
  await world.disk.remove(FILLER);
  assert.throws(() => log.append(batchOf(['d']), LEADER), /no space left/);
  await passTime(world, 1500);
  assert.throws(() => log.append(batchOf(['d']), LEADER), /no space left/);
  await settle();
  assert.equal(log.append(batchOf(['d']), LEADER).baseOffset, 3);
  await log.flush();
  await manager.close();
});

test('who watches sees that a disk is full, and that it has room again, though nobody appends', async () => {
  const world = new World({ capacityBytes: CAPACITY_BYTES });
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  await log.append(batchOf(['a'.repeat(300)]), LEADER).written;
  const isFull = () => manager.logDirs()[0]!.isFull();
  assert.equal(isFull(), false);
  await fill(world, 10);
  await assert.rejects(log.append(batchOf(['b']), LEADER).written, /no space left/);
  await passTime(world, 1500);
  isFull();
  await settle();
  assert.equal(isFull(), true);
  await world.disk.remove(FILLER);
  await passTime(world, 1500);
  isFull();
  await settle();
  assert.equal(isFull(), false);
  await manager.close();
});

test('a segment that was closed while the disk was full is finished when there is room again', async () => {
  const world = new World({ capacityBytes: CAPACITY_BYTES });
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  log.append(batchOf(['a'.repeat(1200)]), LEADER);
  await log.flush();
  const clear = world.disk.fail({ operation: 'write', path: 'index', code: 'ENOSPC', times: 1000 });
  log.append(batchOf(['b'.repeat(1200)]), LEADER);
  await log.flush();
  await passTime(world, 60_000);
  assert.equal(await world.has('/data/topic-0/00000000000000000001.snapshot'), false);
  clear();
  await passTime(world, 60_000);
  assert.equal(await world.has('/data/topic-0/00000000000000000001.snapshot'), true);
  await passTime(world, 61_000);
  assert.match(String(await world.disk.readFile('/data/recovery-point-offset-checkpoint')), /topic 0 2/);
  await manager.close();
});

test('checkpoint files that find no room are told of once, and written when there is some', async () => {
  const world = new World({ capacityBytes: CAPACITY_BYTES });
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  const complaints = () => world.told('error').filter((line) => line.includes('checkpoint files')).length;
  for (let round = 1; round <= 2; round++) {
    log.append(batchOf([`v${round}`]), LEADER);
    await log.flush();
    await fill(world, 0);
    for (let minute = 0; minute < 5; minute++) await passTime(world, 60_000);
    assert.equal(complaints(), round);
    await world.disk.remove(FILLER);
    await passTime(world, 61_000);
    const written = String(await world.disk.readFile('/data/recovery-point-offset-checkpoint'));
    assert.match(written, new RegExp(`topic 0 ${round}`));
  }
  await manager.close();
});

test('an aborted transaction that finds no room in its index is not durable yet, and the folder stays', async () => {
  const world = new World({ capacityBytes: CAPACITY_BYTES });
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  const transactional = { producerId: 5, producerEpoch: 0, isTransactional: true };
  const verification = log.beginVerification({
    producerId: 5,
    producerEpoch: 0,
    baseSequence: 0,
    supportsEpochBump: false,
  });
  log.append(batchOf(['a'], { ...transactional, baseSequence: 0 }), { ...LEADER, verification });
  await log.flush();
  const clear = world.disk.fail({ operation: 'write', path: 'txnindex', code: 'ENOSPC', times: 1000 });
  log.append(markerOf(5, 0, false), { ...LEADER, origin: 'coordinator' });
  const flushed = log.flush();
  let isFlushed = false;
  flushed.then(
    () => {
      isFlushed = true;
    },
    () => {},
  );
  await passTime(world, 5000);
  assert.equal(isFlushed, false);
  clear();
  await passTime(world, 5000);
  await flushed;
  assert.equal((await manager.logDirUsage())[0]!.offlineReason, undefined);
  await manager.close();
});

/** Producers send in order and again until they are acknowledged, while the disk is filled and freed, and the process killed. */
async function live(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const world = new World({ seed, capacityBytes: CAPACITY_BYTES });
  const names = ['a-0', 'b-0'];
  const acknowledged = new Map(names.map((name) => [name, 0]));
  let manager: LogManager = await world.open();
  const openAll = () => Promise.all(names.map((name) => openLog(manager, CONFIG, name)));
  let logs = await openAll();
  const send = async (log: Log, name: string): Promise<void> => {
    const sequence = acknowledged.get(name)!;
    const text = `${sequence} `.padEnd(50 + random.below(600), 'x');
    const batch = batchOf([text], { producerId: 5, producerEpoch: 0, baseSequence: sequence });
    const { baseOffset, written } = log.append(batch, LEADER);
    assert.equal(baseOffset, sequence);
    await Promise.all([written, log.flush()]);
    acknowledged.set(name, sequence + 1);
  };
  for (let round = 0; round < 12; round++) {
    await fill(world, random.below(4000));
    for (let n = 0; n < 8; n++) {
      await Promise.all(logs.map((log, index) => send(log, names[index]!).catch(() => {})));
      await passTime(world, random.below(1000));
    }
    const isKilled = random.below(3) === 0;
    if (isKilled) {
      await (random.below(2) === 0 ? world.kill() : world.cutPower());
      manager = await world.open();
      if (random.below(2) === 0) await world.disk.remove(FILLER);
      logs = await openAll();
    }
    await world.disk.remove(FILLER).catch(() => {});
    for (const [index, name] of names.entries()) {
      await passTime(world, 1500);
      await send(logs[index]!, name).catch(() => {});
      await passTime(world, 1500);
      await send(logs[index]!, name);
      const values = (await readAll(logs[index]!)).map(({ value }) => Number(value.trimEnd().split(' ')[0]));
      assert.deepEqual(values, [...Array(acknowledged.get(name)).keys()]);
    }
    assert.equal((await manager.logDirUsage())[0]!.offlineReason, undefined);
  }
  await manager.close();
}

test('a disk that is full now and then, under load and kills, costs nothing that was acknowledged', async () => {
  for (let seed = 1; seed <= 4; seed++)
    await live(seed).catch((error: unknown) =>
      assert.fail(`seed ${seed}: ${error instanceof Error ? error.stack : error}`),
    );
});
