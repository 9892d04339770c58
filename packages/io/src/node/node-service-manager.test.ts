import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { tellServiceManagerReady } from './node-service-manager.ts';

const folder = mkdtempSync(join(tmpdir(), 'moldau-notify-'));
after(() => rmSync(folder, { recursive: true }));

/** A systemd-notify that writes down what it is told. */
function helper(script: string): string {
  const path = join(folder, 'systemd-notify');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('the service manager', () => {
  it('is told that the service is ready', async () => {
    const told = join(folder, 'told');
    helper(`echo "$NOTIFY_SOCKET $*" > ${told}.new && /bin/mv ${told}.new ${told}`);
    tellServiceManagerReady({ PATH: folder, NOTIFY_SOCKET: '/run/notify' }, assert.fail);
    while (!existsSync(told)) await setTimeout(5);
    assert.equal(readFileSync(told, 'utf8'), '/run/notify --ready\n');
  });

  it('is not looked for where none waits', () => {
    tellServiceManagerReady({ PATH: '/nowhere' }, assert.fail);
  });

  it('tells why it could not be told', async () => {
    const reason = (path: string) =>
      new Promise<string>((resolve) =>
        tellServiceManagerReady({ PATH: path, NOTIFY_SOCKET: '/run/notify' }, resolve),
      );
    assert.match(await reason('/nowhere'), /could not be run: .*ENOENT/);
    helper('exit 3');
    assert.equal(await reason(folder), 'systemd-notify ended with code 3');
  });
});
