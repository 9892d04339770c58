import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { nodeDisk } from '@moldau/io';

const folder = mkdtempSync(join(tmpdir(), 'moldau-disk-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('writes more buffers than one system call takes, at a position, and reads them back', async () => {
  const file = await nodeDisk.open(join(folder, 'many'), 'write');
  const buffers = Array.from({ length: 3000 }, (_, index) => Buffer.alloc((index % 3) + 1, index));
  const whole = Buffer.concat(buffers);
  await file.write(buffers, 5);
  await file.sync();
  assert.equal(await file.sizeBytes(), whole.length + 5);
  const back = Buffer.alloc(whole.length + 100);
  assert.equal(await file.read(back, 5), whole.length);
  assert.deepEqual(back.subarray(0, whole.length), whole);
  await file.truncate(7);
  assert.equal(await file.sizeBytes(), 7);
  assert.equal(await file.read(back, 7), 0);
  await file.write([], 0);
  await file.close();
});

test('opening to write keeps what is there; opening to read what is absent says ENOENT', async () => {
  const path = join(folder, 'kept');
  await nodeDisk.replaceFile(path, Buffer.from('old'));
  const file = await nodeDisk.open(path, 'write');
  await file.write([Buffer.from('er')], 3);
  await file.close();
  assert.equal((await nodeDisk.readFile(path)).toString(), 'older');
  await assert.rejects(nodeDisk.open(join(folder, 'absent'), 'read'), { code: 'ENOENT' });
});

test('makes folders with all above them, once and again, and says where none can be', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'moldau-folders-'));
  after(() => rmSync(parent, { recursive: true, force: true }));
  await nodeDisk.makeDirectory(join(parent, 'b', 'c'));
  await nodeDisk.makeDirectory(join(parent, 'b', 'c'));
  assert.ok(statSync(join(parent, 'b', 'c')).isDirectory());
  await nodeDisk.replaceFile(join(parent, 'file'), Buffer.from('x'));
  await assert.rejects(nodeDisk.makeDirectory(join(parent, 'file')), { code: 'EEXIST' });
  await assert.rejects(nodeDisk.makeDirectory(join(parent, 'file', 'd')), { code: 'ENOTDIR' });
  const isLinux = process.platform === 'linux';
  if (isLinux) await assert.rejects(nodeDisk.makeDirectory('/proc/none/d'), { code: 'ENOENT' });
});

test('replacements of one file that overlap leave the last one whole', async () => {
  const path = join(folder, 'replaced');
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(1000));
  await Promise.all(texts.map((text) => nodeDisk.replaceFile(path, Buffer.from(text))));
  assert.equal(readFileSync(path, 'utf8'), texts.at(-1));
  assert.deepEqual(
    (await nodeDisk.list(folder)).filter((entry) => entry.name.endsWith('.tmp')),
    [],
  );
});

test('folders are made, listed, renamed and removed', async () => {
  const deep = join(folder, 'a', 'b');
  await nodeDisk.makeDirectory(deep);
  await nodeDisk.makeDirectory(deep);
  await nodeDisk.replaceFile(join(deep, 'x'), Buffer.from('x'));
  await nodeDisk.syncDirectory(deep);
  assert.deepEqual(await nodeDisk.list(deep), [{ name: 'x', kind: 'file' }]);
  await nodeDisk.rename(deep, join(folder, 'a', 'c'));
  assert.equal(await nodeDisk.stat(deep), undefined);
  const stat = await nodeDisk.stat(join(folder, 'a', 'c', 'x'));
  assert.equal(stat?.kind, 'file');
  assert.equal(stat?.sizeBytes, 1);
  await nodeDisk.remove(join(folder, 'a', 'c', 'x'));
  await nodeDisk.remove(join(folder, 'a', 'c', 'x'));
  await nodeDisk.removeTree(join(folder, 'a'));
  await nodeDisk.removeTree(join(folder, 'a'));
  assert.ok((await nodeDisk.space(folder)).freeBytes > 0);
  assert.equal(await nodeDisk.bootId(), await nodeDisk.bootId());
});

/** A process that holds the folder if it can, says so, and stays until it is killed. */
function holder(directory: string): { answer: Promise<string>; kill(): Promise<void> } {
  const program = `
    import { nodeDisk } from '@moldau/io';
    const lock = await nodeDisk.lock(${JSON.stringify(directory)});
    console.log(lock ? 'held' : 'refused');
    setInterval(() => {}, 1000);
    globalThis.lock = lock;`;
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  return {
    answer: new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data).trim()))),
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
}

test('a folder is held by one process, and free again once that one was killed', async () => {
  const directory = join(folder, 'locked');
  await nodeDisk.makeDirectory(directory);
  const starters = [holder(directory), holder(directory), holder(directory)];
  const answers = await Promise.all(starters.map((starter) => starter.answer));
  assert.deepEqual(answers.toSorted(), ['held', 'refused', 'refused']);
  assert.equal(await nodeDisk.lock(directory), undefined);
  await Promise.all(starters.map((starter) => starter.kill()));
  const lock = await nodeDisk.lock(directory);
  assert.ok(lock);
  assert.equal(await nodeDisk.lock(directory), undefined, 'nor twice by one process');
  await lock.release();
  await lock.release();
  const again = await nodeDisk.lock(directory);
  await again?.release();
  assert.ok(again);
  await assert.rejects(nodeDisk.lock(join(folder, 'absent')), { code: 'ENOENT' });
});

test('what is for the owner alone can be read by nobody else, also when something was left beside it', async (t) => {
  if (process.platform === 'win32') return t.skip('it has no such bits');
  const path = join(folder, 'private', 'secret');
  await nodeDisk.makeDirectory(join(folder, 'private'), 'owner');
  writeFileSync(`${path}.tmp`, 'left by a crash', { mode: 0o666 });
  await nodeDisk.replaceFile(path, Buffer.from('x'), 'owner');
  assert.equal(statSync(join(folder, 'private')).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('a file is open to everybody when it is so and each folder above it', async (t) => {
  if (process.platform === 'win32') return t.skip('it has no such bits');
  const shared = mkdtempSync(join(tmpdir(), 'moldau-shared-'));
  t.after(() => rmSync(shared, { recursive: true, force: true }));
  const path = join(shared, 'file');
  writeFileSync(path, '');
  const accessOf = async (folderMode: number, fileMode: number) => {
    chmodSync(shared, folderMode);
    chmodSync(path, fileMode);
    return nodeDisk.publicAccess(path);
  };
  assert.deepEqual(await accessOf(0o755, 0o644), { read: true, write: false });
  assert.deepEqual(await accessOf(0o711, 0o666), { read: true, write: true });
  assert.deepEqual(await accessOf(0o755, 0o640), { read: false, write: false });
  assert.deepEqual(await accessOf(0o700, 0o666), { read: false, write: false });
  assert.deepEqual(await nodeDisk.publicAccess(join(shared, 'absent')), { read: false, write: false });
});

/** Takes all descriptors that the process may have, gives some back while files are asked for, and tells what it got. */
const OUT_OF_DESCRIPTORS = `
  import { closeSync, openSync, promises } from 'node:fs';
  import { nodeDisk } from '@moldau/io';
  const [folder] = process.argv.slice(1);
  for (const name of ['/known', '/turns']) await nodeDisk.replaceFile(folder + name, Buffer.from('known'));
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null'));
  } catch ({ code }) {
    console.log(code);
  }
  const all = Promise.all([
    nodeDisk.open(folder + '/new', 'write').then((file) => file.close()),
    nodeDisk.readFile(folder + '/known').then(String),
    nodeDisk.list(folder).then((entries) => entries.length > 0),
    nodeDisk.replaceFile(folder + '/known', Buffer.from('replaced')),
  ]);
  const { readFile } = promises;
  let [tries, active, most] = [0, 0, 0];
  promises.readFile = async (path) => {
    if (!path.endsWith('/turns')) return readFile(path);
    active++;
    // All ask once, and in vain; then one after the other.
    if (++tries > 50) most = Math.max(most, active);
    return readFile(path).finally(() => active--);
  };
  const turns = Array.from({ length: 50 }, () => nodeDisk.readFile(folder + '/turns'));
  while (active > 0) await new Promise(setImmediate);
  setTimeout(() => taken.splice(0, 3).forEach((descriptor) => closeSync(descriptor)), 100);
  console.log(JSON.stringify(await all));
  console.log((await Promise.all(turns)).length, most);
`;

test('opens wait their turn while the process has as many files open as it may', {
  skip: process.platform === 'win32',
}, async () => {
  const script = ['--conditions=source', '--input-type=module', '-e', OUT_OF_DESCRIPTORS, folder];
  const child = spawn('/bin/sh', ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, ...script]);
  let [told, wrong] = ['', ''];
  child.stdout.on('data', (text) => {
    told += text;
  });
  child.stderr.on('data', (text) => {
    wrong += text;
  });
  await once(child, 'close');
  assert.equal(told, 'EMFILE\n[null,"known",true,null]\n50 1\n', wrong);
});
