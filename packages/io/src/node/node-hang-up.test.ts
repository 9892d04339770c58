import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const asked = `${process.execPath} --conditions=source --input-type=module -e "import { isNodeHangUpIgnored } from '@moldau/io'; console.log(isNodeHangUpIgnored())"`;
const said = (script: string): string =>
  execFileSync('bash', ['-c', script], { cwd: import.meta.dirname, encoding: 'utf8' }).trim();

test('what nohup started, or a shell that ignores SIGHUP, is to outlive its terminal; nothing else is', {
  skip: process.platform !== 'linux',
}, () => {
  // Each of more than one command, so that the shell stays until its child has asked.
  assert.equal(said(`nohup ${asked} 2>/dev/null; true`), 'true');
  assert.equal(said(`trap '' HUP; ${asked}; true`), 'true');
  assert.equal(said(`trap - HUP; ${asked}; true`), 'false');
});
