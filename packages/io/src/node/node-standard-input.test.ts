import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'moldau-stdin-'));
after(() => rmSync(folder, { recursive: true }));

/** Tells the size of the largest piece, and of all. */
const READ = `
  import { nodeStandardInput } from '@moldau/io';
  let [largest, all] = [0, 0];
  for await (const { length } of nodeStandardInput()) {
    largest = Math.max(largest, length);
    all += length;
  }
  console.log(largest, all);
`;

async function readBy(stdin: number | 'pipe', input = ''): Promise<number[]> {
  const script = ['--conditions=source', '--input-type=module', '-e', READ];
  const child = spawn(process.execPath, script, { stdio: [stdin, 'pipe', 'inherit'] });
  let told = '';
  child.stdout!.on('data', (text) => {
    told += text;
  });
  child.stdin?.end(input);
  await once(child, 'close');
  return told.trim().split(' ').map(Number);
}

test('a file is read in large pieces, from where the one before stopped reading', async () => {
  const path = join(folder, 'lines');
  writeFileSync(path, Buffer.alloc(3_000_000));
  const descriptor = openSync(path, 'r');
  readSync(descriptor, Buffer.alloc(10));
  assert.deepEqual(await readBy(descriptor), [1024 * 1024, 2_999_990]);
  closeSync(descriptor);
});

test('a pipe is read as it comes, to its end', async () => {
  const [, all] = await readBy('pipe', 'x'.repeat(100_000));
  assert.equal(all, 100_000);
});
