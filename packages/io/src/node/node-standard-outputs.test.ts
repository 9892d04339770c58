import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

/** More than a pipe or a socket holds. */
const LENGTH = 1_000_000;

const BEGINNING = `
  import { readFileSync } from 'node:fs';
  import { once } from 'node:events';
  import { connect, createServer } from 'node:net';
  import { openNodeStandardOutputs } from ${JSON.stringify(join(import.meta.dirname, 'node-standard-outputs.ts'))};
  const blocks = (descriptor) => {
    const [, flags] = /flags:\\s+(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + descriptor, 'utf8'));
    return (Number.parseInt(flags, 8) & 0o4000) === 0;
  };
  openNodeStandardOutputs();
`;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs a program with sockets for its outputs, as Node gives them to those it starts, or by a script of the shell. */
async function run(program: string, script = '"$@"', leaves?: 'error'): Promise<Ended> {
  const node = [process.execPath, '--input-type=module', '-e', BEGINNING + program];
  const child = spawn('bash', ['-o', 'pipefail', '-c', script, 'bash', ...node]);
  const texts = { out: '', error: '' };
  for (const [name, stream] of [
    ['out', child.stdout],
    ['error', child.stderr],
  ] as const) {
    if (name === leaves) stream.destroy();
    else
      stream.setEncoding('utf8').on('data', (text) => {
        texts[name] += text;
      });
  }
  child.stdin.end();
  const [code] = await once(child, 'close');
  return { code, ...texts };
}

test('pipes are left to those with whom they are shared as they were', async () => {
  const program = `
    process.stderr.write('told\\n');
    process.stdout.write('printed ' + blocks(1) + ' ' + blocks(2));
  `;
  assert.deepEqual(await run(program, '"$@" 2>&1 | cat'), {
    ...{ code: 0, out: 'told\nprinted true true', error: '' },
  });
});

test('so is standard error that is a socket, also when connections are closed', async () => {
  const { error } = await run(`
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    await once(connect(server.address().port).resume(), 'close');
    server.close();
    console.error('told', blocks(2));
  `);
  assert.equal(error, 'told true\n');
});

test('what a pipe has no room for is kept until it has', async () => {
  const program = `
    process.stdout.write('x'.repeat(${LENGTH}));
    process.stderr.write(String(process.stdout.writableLength > 0));
  `;
  const { code, out, error } = await run(program, '"$@" | cat');
  assert.deepEqual([code, out.length, error], [0, LENGTH, 'true']);
});

test('what was told is out when the process ends at once, also where others made it non-blocking', async () => {
  const makeNonBlocking = `new (await import('node:net')).Socket({ fd: 2, readable: false });`;
  for (const before of ['', makeNonBlocking]) {
    const program = `${before} process.stderr.write('x'.repeat(${LENGTH})); process.exit();`;
    const { code, out } = await run(program, '"$@" 2>&1 | cat');
    assert.deepEqual([code, out.length], [0, LENGTH]);
  }
});

test('goes on where nobody reads what is told', async () => {
  const program = `
    for await (const _ of process.stdin);
    for (let time = 0; time < 3; time++) process.stderr.write('told');
    process.stdout.write('printed');
  `;
  assert.deepEqual(await run(program, '"$@"', 'error'), { code: 0, out: 'printed', error: '' });
});

test('whoever prints is told that nobody reads it', async () => {
  const program = `
    const printing = setInterval(() => process.stdout.write('printed'), 1);
    process.stdout.once('error', ({ code }) => {
      clearInterval(printing);
      process.stderr.write(code);
    });
  `;
  const { error } = await run(program, '"$@" | true');
  assert.equal(error, 'EPIPE');
});
