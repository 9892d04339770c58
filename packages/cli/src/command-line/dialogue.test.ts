import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { ask, type Question } from './dialogue.ts';

/** What comes of these keys, and what the terminal shows meanwhile. */
async function answered(keys: string, more: Partial<Question> = {}) {
  const [stdin, stderr] = [new PassThrough(), Object.assign(new PassThrough(), { isTTY: true, columns: 80 })];
  let shown = '';
  stderr.on('data', (bytes: Buffer) => {
    shown += bytes;
  });
  const { signal } = new AbortController();
  const answer = ask('Sure? ', { terminal: { stdin, stderr }, signal, ...more });
  stdin.write(keys);
  const given = await answer.catch((error: unknown) => error);
  return { given, shown };
}

test('a question has an answer, or none when the input ends', async () => {
  const { given, shown } = await answered('yes\r');
  assert.equal(given, 'yes');
  assert.match(shown, /Sure\? /);
  assert.equal((await answered('\x04')).given, undefined);
});

test('an answer counts though nothing comes behind it', async () => {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const { signal } = new AbortController();
  for (const isSecret of [true, false]) {
    const terminal = { stdin: Readable.from(['geheim\n']), stderr };
    assert.equal(await ask('Password: ', { terminal, signal, isSecret }), 'geheim');
  }
});

test('a secret is not shown', async () => {
  const { given, shown } = await answered('geheim\r', { isSecret: true });
  assert.deepEqual([given, shown], ['geheim', 'Sure? \n']);
});

test('Ctrl-C interrupts the command', async () => {
  const command = new AbortController();
  const { signal } = command;
  const { given } = await answered('\x03', { signal, interrupt: () => command.abort() });
  assert.equal(given, signal.reason);
});
