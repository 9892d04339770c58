import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from './memory-disk.ts';
import { SeededRandom } from './seeded-random.ts';

async function withFile(disk: MemoryDisk, path: string, text: string, position = 0): Promise<void> {
  const file = await disk.open(path, 'write');
  await file.write([Buffer.from(text)], position);
  await file.close();
}

const text = async (disk: MemoryDisk, path: string): Promise<string> => String(await disk.readFile(path));

test('behaves as files do', async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/a/b');
  await withFile(disk, '/a/b/x', 'hello');
  await withFile(disk, '/a/b/x', '!', 7);
  assert.equal(await text(disk, '/a/b/x'), 'hello\0\0!');
  await disk.rename('/a/b/x', '/a/y');
  assert.deepEqual(await disk.list('/a/b'), []);
  assert.equal((await disk.stat('/a/y'))?.sizeBytes, 8);
  await assert.rejects(disk.open('/a/b/x', 'read'), { code: 'ENOENT' });
  await assert.rejects(disk.open('/none/x', 'write'), { code: 'ENOENT' });
  await disk.replaceFile('/a/y', Buffer.from('new'));
  assert.equal(await text(disk, '/a/y'), 'new');
  const file = await disk.open('/a/y', 'write');
  await file.truncate(1);
  const buffer = Buffer.alloc(9);
  assert.equal(await file.read(buffer, 0), 1);
  assert.equal(disk.openFileCount, 1);
  await file.close();
  await disk.removeTree('/a');
  assert.equal(await disk.stat('/a/y'), undefined);
});

test('a power cut loses bytes that were not synced, and entries of folders that were not', async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/d');
  await disk.syncDirectory('/');
  const file = await disk.open('/d/x', 'write');
  await file.write([Buffer.from('synced')], 0);
  await file.sync();
  await disk.syncDirectory('/d');
  await file.write([Buffer.from(' and not')], 6);
  await withFile(disk, '/d/unnamed', 'z');
  const boot = await disk.bootId();
  disk.powerCut();
  assert.equal(await text(disk, '/d/x'), 'synced');
  assert.deepEqual(await disk.list('/d'), [{ name: 'x', kind: 'file' }]);
  assert.notEqual(await disk.bootId(), boot);
  await assert.rejects(file.write([Buffer.from('ghost')], 0), { code: 'EBADF' });
});

test('a kill keeps what was written, and frees locks', async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/d');
  await withFile(disk, '/d/x', 'unsynced');
  assert.ok(await disk.lock('/d'));
  assert.equal(await disk.lock('/d'), undefined);
  disk.kill();
  assert.equal(await text(disk, '/d/x'), 'unsynced');
  assert.ok(await disk.lock('/d'));
});

test('of what was not synced a power cut may keep any part, whole sectors at least', async () => {
  const results = new Set<string>();
  for (let seed = 0; seed < 40; seed++) {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/d');
    await withFile(disk, '/d/x', 'a'.repeat(512) + 'b'.repeat(512));
    await disk.syncDirectory('/d');
    await disk.syncDirectory('/');
    disk.powerCut(new SeededRandom(seed));
    const left = (await text(disk, '/d/x')).replaceAll('\0', '0');
    results.add(left.replace(/(.)\1*/g, '$1'));
  }
  assert.deepEqual([...results].toSorted(), ['', '0b', 'a', 'ab']);
});

test('faults strike once, where told; a failed sync loses its bytes for good', async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/d');
  await disk.syncDirectory('/');
  const file = await disk.open('/d/x', 'write');
  await disk.syncDirectory('/d');
  await file.write([Buffer.from('lost')], 0);
  disk.fail({ operation: 'sync', path: '/d/x', code: 'EIO' });
  await assert.rejects(file.sync(), { code: 'EIO' });
  await file.sync();
  assert.equal(await text(disk, '/d/x'), 'lost', 'still in the page cache');
  disk.fail({ operation: 'write', code: 'EIO', writtenBytes: 3 });
  await assert.rejects(file.write([Buffer.from('torn')], 4), { code: 'EIO' });
  assert.equal(await text(disk, '/d/x'), 'losttor');
  disk.powerCut();
  assert.equal(await text(disk, '/d/x'), '');
});

test('a full disk takes what still fits and says ENOSPC; removing makes room', async () => {
  const disk = new MemoryDisk({ capacityBytes: 10 });
  await disk.makeDirectory('/d');
  await withFile(disk, '/d/x', '12345678');
  await assert.rejects(withFile(disk, '/d/y', 'abcd'), { code: 'ENOSPC' });
  assert.equal(await text(disk, '/d/y'), 'ab');
  await withFile(disk, '/d/x', 'overwriting is fine'.slice(0, 8));
  await disk.remove('/d/x');
  await withFile(disk, '/d/y', 'abcd');
  assert.equal((await disk.space('/d')).freeBytes, 6);
});
