// The command line as a process sees it: what only whole processes show.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { startTestBroker } from '@moldau/testing';
import { BIN, Moldau } from '../../packages/cli/src/testing-moldau.ts';

const execFileAsync = promisify(execFile);

const moldau = new Moldau();
after(() => moldau.removeAll());

test('what fails is said on standard error, with an exit code that tells usage from failure', async () => {
  const run = (...args: string[]) => moldau.runIn({ MOLDAU_CONFIG: 'none.yaml' }, ...args).ended;
  const [wrong, unknown, none, property] = await Promise.all([
    run('topic', 'create', 'x', '-p', 'many'),
    run('topic', 'crate'),
    run('topic', 'list', '-b', '127.0.0.1:1', '--timeout', '200ms'),
    run('topic', 'list', '-X', 'lingr.ms=5'),
  ]);
  assert.equal(property.code, 2);
  assert.match(property.error, /no property lingr\.ms .*: did you mean linger\.ms\?\n$/);
  assert.deepEqual(
    [wrong.code, wrong.error],
    [2, 'moldau: --partitions: expected a whole number from 1 on, not many\n'],
  );
  assert.equal(unknown.code, 2);
  assert.match(unknown.error, /Did you mean create/);
  assert.deepEqual([none.code, none.out], [1, '']);
  assert.match(none.error, /^moldau: No broker .*\n- 127\.0\.0\.1:1: nothing listens there/);
});

test('a full disk ends a command with what is wrong, not with a crash', async () => {
  const full = (command: string) =>
    execFileAsync('sh', ['-c', `"${process.execPath}" --conditions=source "${BIN}" ${command} > /dev/full`], {
      env: { ...process.env, MOLDAU_CONFIG: 'none.yaml' },
    }).then(
      () => assert.fail('it went well'),
      ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
    );
  for (const command of ['profile list', '--help']) {
    const { code, stderr } = await full(command);
    assert.deepEqual([code, stderr.split('\n').length], [1, 2], stderr);
    assert.match(stderr, /^moldau: standard output takes no more: ENOSPC/);
  }
});

test('who waits for records ends when nobody reads them any more, without a word', async () => {
  await using broker = await startTestBroker({ settings: ['num.partitions=1'] });
  const at = ['-b', `${broker.host}:${broker.port}`];
  assert.equal((await moldau.run('topic', 'create', 'orders', ...at).ended).code, 0);
  const sending = moldau.run('produce', 'orders', ...at);
  sending.child.stdin.end('one\n');
  const { child, ended } = moldau.run('consume', 'orders', ...at);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  assert.deepEqual(await ended, { code: 0, out: 'one\n', error: '' });
});

test('those who write to the same standard error still wait for who reads it', async () => {
  await using broker = await startTestBroker({ settings: ['num.partitions=1'] });
  const at = ['-b', `${broker.host}:${broker.port}`];
  assert.equal((await moldau.run('topic', 'create', 'orders', ...at).ended).code, 0);
  const sending = moldau.run('produce', 'orders', ...at);
  sending.child.stdin.end('one\n');
  assert.equal((await sending.ended).code, 0);
  const command = `"${process.execPath}" --conditions=source "${BIN}" consume orders ${at.join(' ')}`;
  const script = `set -o pipefail; ${command} | { read line; echo "$line"; cat /proc/self/fdinfo/2; }`;
  const { stdout } = await execFileAsync('bash', ['-c', script]);
  const [, line, flags] = /^(one)\n.*flags:\s+(\d+)/s.exec(stdout)!;
  assert.deepEqual([line, Number.parseInt(flags!, 8) & constants.O_NONBLOCK], ['one', 0]);
});

for (const [signal, code] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends commands with ${code}`, { timeout: 60_000 }, async () => {
    await using broker = await startTestBroker({ settings: ['num.partitions=1'] });
    const at = ['-b', `${broker.host}:${broker.port}`];
    await moldau.run('topic', 'create', 'orders', ...at).ended;
    const producing = moldau.run('produce', 'orders', ...at);
    producing.child.stdin.write('one\n');
    const consuming = moldau.run('consume', '--regex', 'orders|none', '-g', 'a', ...at);
    await once(consuming.child.stdout, 'data');
    producing.child.kill(signal);
    consuming.child.kill(signal);
    assert.deepEqual(await producing.ended, { code, out: '', error: '' });
    assert.equal((await consuming.ended).code, code);
  });
}

test('help is there in all the words that people ask for it, and ends with its reader', async () => {
  const [plain, before, between] = await Promise.all([
    moldau.run('topic', 'list', '--help').ended,
    moldau.run('help', 'topic', 'list').ended,
    moldau.run('topics', 'help', 'list').ended,
  ]);
  assert.match(plain.out, /^Usage: moldau topic list/);
  for (const { out, code } of [plain, before, between]) assert.deepEqual([out, code], [plain.out, 0]);
  const wrong = await moldau.run('topic', 'describe').ended;
  assert.deepEqual(
    [wrong.code, wrong.error],
    [2, "moldau: missing required argument 'topic'\n`moldau topic describe --help` says what there is\n"],
  );
  const { child, ended } = moldau.run('--help');
  child.stdout.destroy();
  const { code, error } = await ended;
  assert.deepEqual([code, error], [0, '']);
});

test('a profile may have properties of producers and consumers, and none that nobody knows', async () => {
  await using broker = await startTestBroker();
  const at = { MOLDAU_CONFIG: `${moldau.folder}/profiles.yaml` };
  const brokers = `${broker.host}:${broker.port}`;
  const set = (...given: string[]) =>
    moldau.runIn(at, 'profile', 'set', 'here', '--brokers', brokers, ...given).ended;
  assert.equal((await set('-X', 'linger.ms=5', '-X', 'group.id=g', '-X', 'ssl.ca.location=ca.pem')).code, 0);
  const { code, error } = await set('-X', 'bootstrap.server=a');
  assert.equal(code, 2);
  assert.match(error, /did you mean bootstrap\.servers\?/);
  assert.equal((await set('-X', 'ssl.ca.location=')).code, 0);
  assert.deepEqual(await moldau.runIn(at, 'topic', 'list', '-o', 'ndjson').ended, {
    ...{ code: 0, out: '', error: '' },
  });
});
