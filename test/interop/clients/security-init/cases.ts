// From `moldau security init` to a record that a real client wrote and read, with the settings as they were written.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../harness/broker.ts';
import { main, testCase } from '../../harness/cases.ts';
import { run } from '../../harness/command.ts';

const MOLDAU = [
  process.execPath,
  '--conditions=source',
  resolve(import.meta.dirname, '../../../../packages/cli/bin/moldau.js'),
];
const python = process.env.INTEROP_PYTHON ?? 'python3';

testCase('printed-settings', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'moldau-security-init-'));
  const port = await freePort();
  const made = await run([...MOLDAU, 'security', 'init', '--port', String(port)], {
    ...{ cwd: folder, timeoutMs: 20_000 },
  });
  assert.equal(made.code, 0, made.errors);
  const [node = '', ...flags] = MOLDAU;
  const broker = spawn(node, [...flags, 'server', '--config', 'moldau-security/server.properties'], {
    ...{ cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  });
  try {
    await new Promise<void>((ready, failed) => {
      let said = '';
      broker.stderr.on('data', (bytes: Buffer) => {
        said += bytes.toString();
        if (said.includes('Moldau is ready')) ready();
      });
      broker.on('exit', () => failed(new Error(said)));
    });
    const use = async (...password: string[]) => {
      const program = join(import.meta.dirname, 'use.py');
      const settings = join(folder, 'moldau-security/clients/librdkafka.properties');
      const { output, errors } = await run([python, program, settings, ...password], { timeoutMs: 45_000 });
      return output.trim() || errors;
    };
    assert.equal(await use(), 'hello');
    assert.equal(await use('wrong'), 'refused');
    return 'a record written and read with the settings as they were written; a wrong password is refused';
  } finally {
    broker.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
});

await main();
