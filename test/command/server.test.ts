// The command as people start it: a process of its own, with a real broker on a free port and a folder of its own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Moldau } from '../../packages/cli/src/testing-moldau.ts';

const commands = new Moldau();
const { folder } = commands;
const moldau = (...args: string[]) => commands.run(...args);

after(() => commands.removeAll());

describe('moldau', { concurrency: 4, timeout: 90_000 }, () => {
  it('serves from one command, and stops cleanly', async () => {
    const { child, ended, ready } = moldau('server', '--listen', '127.0.0.1:0', '--data', 'served');
    assert.ok((await ready) > 0);
    assert.ok(readdirSync(join(folder, 'served')).includes('meta.properties'));
    child.kill('SIGTERM');
    const { code, error, out } = await ended;
    assert.equal(code, 0);
    assert.equal(error.split('\n').length, 2, error);
    assert.equal(out, '');
  });

  it('stops cleanly when its terminal goes away, and lives on when it was started with nohup', async () => {
    const words = ['server', '--listen', '127.0.0.1:0', '--log-level', 'info', '--data'];
    const { child, ended, ready } = moldau(...words, 'hung-up');
    await ready;
    child.stderr.destroy();
    child.kill('SIGHUP');
    assert.equal((await ended).code, 0);

    const kept = commands.runIn({ _: '/usr/bin/nohup' }, ...words, 'hung-up');
    await kept.ready;
    kept.child.kill('SIGHUP');
    kept.child.kill('SIGTERM');
    const { code, error } = await kept.ended;
    assert.equal(code, 0);
    assert.match(error, /"signal":"SIGTERM","msg":"stopping"/);
    assert.doesNotMatch(error, /SIGHUP|recovered/);
  });

  it('ends with the npm that started it', { timeout: 30_000 }, async ({ signal }) => {
    const words = ['start', '--', '--listen', '127.0.0.1:0', '--data', join(folder, 'by-npm')];
    const root = join(import.meta.dirname, '../..');
    const npm = spawn('npm', words, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    try {
      let told = '';
      npm.stdout.resume();
      for await (const text of npm.stderr.iterator({ destroyOnReturn: false })) {
        told += text;
        if (told.includes('Moldau is ready on')) break;
      }
      assert.match(told, /Moldau is ready on/);
      npm.stderr.resume();
      npm.kill('SIGTERM');
      // That is when nobody has its outputs any more.
      await once(npm, 'close', { signal });
    } finally {
      if (npm.stdout.readableEnded === false) process.kill(-npm.pid!, 'SIGKILL');
    }
  });

  it('does not start twice in one folder', async () => {
    const first = moldau('server', '--listen', '127.0.0.1:0', '--data', 'held');
    await first.ready;
    const { code, error } = await moldau('server', '--listen', '127.0.0.1:0', '--data', 'held').ended;
    assert.equal(code, 1);
    assert.match(error, /^moldau: log dir \/\S+\/held is in use by another process: [^\n]+\n$/);
    first.child.kill('SIGTERM');
    await first.ended;
  });

  it('runs for a user who has no home', async () => {
    const homeless = `import os from 'node:os'; os.homedir = () => { throw new Error('no home'); };`;
    const environment = {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(homeless)}`,
      XDG_CACHE_HOME: '',
    };
    const { code, error } = await commands.runIn(environment, '--version').ended;
    assert.deepEqual({ code, error }, { code: 0, error: '' });
  });

  it('names the port that is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, error } = await moldau('server', '--listen', `127.0.0.1:${port}`, '--data', 'taken').ended;
    other.close();
    assert.equal(code, 1);
    assert.match(error, new RegExp(`^moldau: port ${port} on 127\\.0\\.0\\.1 is in use[^\n]+\n$`));
  });

  it('names a folder that cannot be made', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    const { code, error } = await moldau('server', '--listen', '127.0.0.1:0', '--data', 'a-file/data').ended;
    assert.equal(code, 1);
    assert.match(error, /^moldau: [^\n]*a-file\/data[^\n]*\n$/);
  });

  it('names what is wrong in a file', async () => {
    writeFileSync(join(folder, 'server.properties'), 'num.partitions=many\n');
    const { code, error } = await moldau('server', '--config', 'server.properties').ended;
    assert.equal(code, 2);
    assert.equal(
      error,
      'moldau: Invalid value "many" for configuration num.partitions: expected a whole number of 32 bits of at least 1\n',
    );
  });

  it('prints its version and its help, and refuses what it does not know with code 2', async () => {
    const version = await moldau('--version').ended;
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
    assert.equal(version.code, 0);
    const help = await moldau('server', '--help').ended;
    assert.match(help.out, /--listen <host:port>/);
    assert.equal(help.code, 0);
    const wrong = await moldau('server', '--listne', 'x').ended;
    assert.match(wrong.error, /^moldau: unknown option '--listne'\n\(Did you mean --listen\?\)\n$/);
    assert.equal(wrong.code, 2);
  });
});
