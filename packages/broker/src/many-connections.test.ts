import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GoodClient, RawClient, type TemporaryDirectory, temporaryDirectory } from '@moldau/testing';

const CONNECTIONS = 5_000;

// A process of its own, so that its memory is the broker's alone.
let child: ChildProcess;
let port = 0;
let directory: TemporaryDirectory;

before(async () => {
  directory = await temporaryDirectory();
  const main = join(import.meta.dirname, '../../cli/src/main.ts');
  const argv = ['--conditions=source', main, 'server', '--listen', '127.0.0.1:0', '--data', directory.path];
  const settings = ['connections.max.idle.ms=1000', 'moldau.metrics.listen='];
  child = spawn(process.execPath, [...argv, ...settings.flatMap((each) => ['--set', each])], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  port = await new Promise((resolve, reject) => {
    let said = '';
    child.stderr!.on('data', (data) => {
      said += data;
      const ready = /ready on 127\.0\.0\.1:(\d+)/.exec(said);
      if (ready !== null) resolve(Number(ready[1]));
    });
    child.on('exit', () => reject(new Error(said)));
  });
});

after(async () => {
  child.kill('SIGKILL');
  await directory.remove();
});

function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024;
}

test(`${CONNECTIONS} idle connections cost little, keep nobody from being served, and are closed in the end`, {
  skip: process.platform !== 'linux',
}, async () => {
  const good = await GoodClient.dial({ port });
  await good.roundTrip();
  const beforeBytes = residentBytes();
  const clients: RawClient[] = [];
  while (clients.length < CONNECTIONS) {
    clients.push(...(await Promise.all(Array.from({ length: 250 }, () => RawClient.dial({ port })))));
    await good.roundTrip();
  }
  const grownBytes = residentBytes() - beforeBytes;
  assert.ok(grownBytes < 100_000_000, `${grownBytes} bytes`);
  const ends = Promise.all(clients.map((client) => client.closed));
  let areClosed = false;
  void ends.then(() => {
    areClosed = true;
  });
  while (!areClosed) {
    await good.roundTrip();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  good.close();
});

test('clients that send a byte now and then keep their place, and nobody else’s', async () => {
  const good = await GoodClient.dial({ port });
  const clients = await Promise.all(Array.from({ length: 200 }, () => RawClient.dial({ port })));
  const claim = Buffer.from([6, 0, 0, 0]);
  for (const client of clients) client.send(claim);
  const startedMs = performance.now();
  while (performance.now() - startedMs < 1_300) {
    for (const client of clients) client.send(Buffer.alloc(1));
    await good.roundTrip();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(clients.every((client) => !client.isClosed));
  for (const client of clients) client.close();
  good.close();
});
