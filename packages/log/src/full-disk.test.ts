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

/** A transaction that is in the log, and aborted by a marker that is not flushed yet. */
async function appendAborted(log: Log): Promise<void> {
  const producer = { producerId: 5, producerEpoch: 0, baseSequence: 0 };
  const verification = log.beginVerification({ ...producer, supportsEpochBump: false });
  log.append(batchOf(['a'], { ...producer, isTransactional: true }), { ...LEADER, verification });
  await log.flush();
  log.append(markerOf(5, 0, false), { ...LEADER, origin: 'coordinator' });
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
  await appendAborted(log);
  const clear = world.disk.fail({ operation: 'write', path: 'txnindex', code: 'ENOSPC', times: 1000 });
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

/** Until appends are taken again. */
async function waitForRoom(world: World, log: Log): Promise<void> {
  await world.disk.remove(FILLER);
  await passTime(world, 1500);
  assert.throws(() => log.append(batchOf(['early']), LEADER), /no space left/);
  await settle();
}

test('what was refused while its segment was being closed leaves no trace', async () => {
  const world = new World({ capacityBytes: CAPACITY_BYTES });
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  const batch = (producerId: number, baseSequence: number, value: string) =>
    batchOf([value], { producerId, producerEpoch: 0, baseSequence });
  log.append(batch(5, 0, 'a'.repeat(800)), LEADER);
  await log.flush();
  await fill(world, 100);
  const refused = [batch(5, 1, 'b'.repeat(800)), batch(5, 2, 'c'.repeat(1200))];
  for (const { status } of await Promise.allSettled(refused.map((each) => log.append(each, LEADER).written)))
    assert.equal(status, 'rejected');
  await settle();
  await waitForRoom(world, log);
  for (let sequence = 0; sequence < 3; sequence++) {
    log.append(batch(6, sequence, 'd'), LEADER);
    await log.flush();
    // Long enough for files to be written that could not be before, and for idle ones to be closed.
    await passTime(world, 60_000);
    await passTime(world, 60_000);
    await passTime(world, 61_000);
  }
  const recoveryPoints = String(await world.disk.readFile('/data/recovery-point-offset-checkpoint'));
  assert.match(recoveryPoints, /topic 0 4/);
  await fill(world, 10);
  await assert.rejects(log.append(batch(6, 3, 'e'), LEADER).written, /no space left/);
  await settle();
  await waitForRoom(world, log);
  assert.equal(log.append(batch(5, 1, 'b'.repeat(800)), LEADER).duplicate, false);
  await log.flush();
  assert.deepEqual(world.told('warn'), []);
  await manager.close();
});

test('an aborted transaction that finds no room for long fails those who wait, and is written later', async () => {
  const world = new World({ capacityBytes: CAPACITY_BYTES });
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  await appendAborted(log);
  const clear = world.disk.fail({ operation: 'write', path: 'txnindex', code: 'ENOSPC', times: 1000 });
  const flushed = assert.rejects(log.flush(), /no space left in \/data .*aborted/);
  for (let second = 0; second < 40; second++) await passTime(world, 1000);
  await flushed;
  clear();
  await log.flush();
  assert.equal((await manager.logDirUsage())[0]!.offlineReason, undefined);
  await manager.close();
});

test('an aborted transaction that found no room before a clean stop is known after it', async () => {
  const world = new World({ capacityBytes: CAPACITY_BYTES });
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  await appendAborted(log);
  const clear = world.disk.fail({ operation: 'write', path: 'txnindex', code: 'ENOSPC', times: 1000 });
  const closed = manager.close();
  for (let second = 0; second < 40; second++) await passTime(world, 1000);
  await closed;
  clear();
  const again = await world.open();
  const producers = (await (await openLog(again, CONFIG)).abortedTransactions(0, 2)).map(
    (each) => each.producerId,
  );
  assert.deepEqual(producers, [5]);
  await again.close();
});

test('an aborted transaction that found no room when it was recovered is known after another kill', async () => {
  const world = new World({ capacityBytes: 100_000_000 });
  const before = await openLog(await world.open(), CONFIG);
  await appendAborted(before);
  // This closes the segment of the transaction, and nothing of it can be finished any more.
  const clear = world.disk.fail({ operation: 'sync', path: '.log', code: 'EIO', times: 1000 });
  await before.append(batchOf(['b'.repeat(1900)]), LEADER).written;
  await world.kill();
  clear();
  const full = world.disk.fail({ operation: 'write', path: 'txnindex', code: 'ENOSPC', times: 1000 });
  // Long enough for the tail to be noted before the next roll.
  const large = { ...CONFIG, segmentBytes: 2 ** 30 };
  const recovered = await openLog(await world.open(), large);
  full();
  for (let megabytes = 0; megabytes < 34; megabytes++) {
    await recovered.append(batchOf(['c'.repeat(1_000_000)]), LEADER).written;
    await passTime(world, 100);
  }
  await passTime(world, 2000);
  await world.kill();
  const manager = await world.open();
  const again = await openLog(manager, large);
  const found = await again.abortedTransactions(0, 2);
  assert.deepEqual(
    found.map(({ producerId }) => producerId),
    [5],
  );
  await manager.close();
});

test('a failed fsync is no want of room, whatever it says: the folder is offline', async () => {
  const world = new World();
  const manager = await world.open();
  const log = await openLog(manager, CONFIG);
  await appendAborted(log);
  world.disk.fail({ operation: 'sync', path: 'txnindex', code: 'ENOSPC' });
  const flushed = assert.rejects(log.flush(), /offline: fsync of topic-0/);
  await passTime(world, 5000);
  await flushed;
  await manager.close();
});

/** Producers send several batches at once, in order and again until they are acknowledged, while the disk is filled and freed, and the process killed. */
async function live(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const world = new World({ seed, capacityBytes: CAPACITY_BYTES });
  const names = ['a-0', 'b-0'];
  const senders = names.flatMap((name) =>
    [5, 6].map((producerId) => ({ name, producerId, acknowledged: 0 })),
  );
  type Sender = (typeof senders)[number];
  let manager: LogManager = await world.open();
  const openAll = async () =>
    new Map(
      await Promise.all(names.map(async (name) => [name, await openLog(manager, CONFIG, name)] as const)),
    );
  let logs = await openAll();
  const sendOne = async ({ name, producerId }: Sender, baseSequence: number): Promise<void> => {
    const log = logs.get(name)!;
    const text = `${producerId} ${baseSequence} `.padEnd(50 + random.below(600), 'x');
    const { written } = log.append(batchOf([text], { producerId, producerEpoch: 0, baseSequence }), LEADER);
    await Promise.all([written, log.flush()]);
  };
  const send = async (sender: Sender, count: number): Promise<boolean> => {
    const sent = Array.from({ length: count }, (_, n) => sendOne(sender, sender.acknowledged + n));
    const results = (await Promise.allSettled(sent)).map(({ status }) => status === 'fulfilled');
    const firstLost = results.indexOf(false);
    assert.equal(results.lastIndexOf(true) > firstLost && firstLost >= 0, false);
    sender.acknowledged += firstLost < 0 ? count : firstLost;
    return firstLost < 0;
  };
  for (let round = 0; round < 12; round++) {
    await fill(world, random.below(6000));
    for (let n = 0; n < 8; n++) {
      await Promise.all(senders.map((sender) => send(sender, 1 + random.below(4))));
      await passTime(world, random.below(10) === 0 ? 61_000 : random.below(1000));
    }
    const isKilled = random.below(3) === 0;
    if (isKilled) {
      await (random.below(2) === 0 ? world.kill() : world.cutPower());
      manager = await world.open();
      if (random.below(2) === 0) await world.disk.remove(FILLER);
      logs = await openAll();
    }
    await world.disk.remove(FILLER).catch(() => {});
    for (const sender of senders) {
      for (let attempt = 0; attempt < 3; attempt++) {
        await passTime(world, 1500);
        if (await send(sender, 4)) break;
        assert.notEqual(attempt, 2);
      }
    }
    for (const { name, producerId, acknowledged } of senders) {
      const found = (await readAll(logs.get(name)!)).map(({ value }) => value.split(' ').map(Number));
      const sequences = found.flatMap(([id, sequence]) => (id === producerId ? [sequence] : []));
      assert.deepEqual(sequences, [...Array(acknowledged).keys()]);
    }
    assert.equal((await manager.logDirUsage())[0]!.offlineReason, undefined);
  }
  await manager.close();
}

test('a disk that is full now and then, under load and kills, costs nothing that was acknowledged', async () => {
  for (let seed = 1; seed <= 2; seed++)
    await live(seed).catch((error: unknown) =>
      assert.fail(`seed ${seed}: ${error instanceof Error ? error.stack : error}`),
    );
});
