import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { NoBrokerReachableError } from '@moldau/client';
import { nodeClock, nodeHoldingTimers } from '@moldau/io';
import type { CommandContext } from '../command-line/command.ts';
import { Output } from '../output/output.ts';
import { LiveView } from '../top/live-view.ts';
import { TestCluster } from './testing-cluster.ts';
import { run } from './top.ts';
import { top } from './top-verb.ts';

const NAME = `watched-${randomUUID().slice(0, 8)}`;
let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
  await cluster.topic(NAME, 2, [4, 2]);
  await cluster.admin.groupOffsets.alter(NAME, [{ topic: NAME, partition: 0, offset: 1 }]);
});
after(() => cluster.stop());

test('without a terminal each look is a line, or all figures for programs', async () => {
  const options = { interval: 20, count: 2 };
  const { code, out } = await cluster.run([top], 'top', {}, options);
  assert.equal(code, 0);
  assert.match(
    out,
    /^(brokers \d+, topics \d+, groups \d+: \d+ records\/s in, \d+ behind, answers in [\d.]+ ms\n){2}$/,
  );
  const { out: lines } = await cluster.run([top], 'top', {}, options, { output: 'ndjson' });
  const looks = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(looks.length, 2);
  const group = looks[0].groups.find((each: { group: string }) => each.group === NAME);
  assert.deepEqual([group.lag, group.members], [3, 0]);
  const topic = looks[0].topics.find((each: { topic: string }) => each.topic === NAME);
  assert.equal(topic.partitions, 2);
  assert.ok(topic.sizeBytes > 0 && looks[0].brokers[0].latencyMs > 0);
});

test('on a terminal keys are heard, and it is left as it was', async () => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const chunks: Buffer[] = [];
  stdout.on('data', (bytes: Buffer) => chunks.push(bytes));
  const terminal = {
    ...{ stdin, stdout, stderr: new PassThrough(), columns: 80 },
    ...{ isInteractive: true, showsProgress: true, canAsk: true, hasColors: false },
  };
  const none = { topics: [], groups: [], clients: [], brokers: [], recordsPerSecond: 0, lag: 0 };
  const ended = Promise.withResolvers<void>();
  {
    using view = new LiveView(terminal, 'topics', ended.resolve);
    view.show(none);
    view.showTrouble('no answer: it is away');
    stdin.write('g');
    await new Promise((resolve) => setImmediate(resolve));
    stdin.write('q');
    await ended.promise;
  }
  await new Promise((resolve) => setImmediate(resolve));
  const written = Buffer.concat(chunks).toString();
  assert.ok(written.startsWith('\x1b[?1049h') && written.endsWith('\x1b[?1049l'));
  assert.ok(written.includes('[topics]') && written.includes('[groups]'));
  assert.ok(written.includes('no answer: it is away'));
});

test('a broker that is away for a while is waited for', async () => {
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (bytes: Buffer) => chunks.push(bytes));
  let asked = 0;
  const describe = async (options: object) => {
    if (++asked === 2) throw new NoBrokerReachableError('No broker:\n- k:1', []);
    return await cluster.admin.cluster.describe(options);
  };
  const apiVersions = (options: object) => cluster.admin.cluster.apiVersions(options);
  const told: string[] = [];
  const context = {
    ...{ terminal: { isInteractive: false }, output: new Output('table', stdout), clock: nodeClock },
    ...{ timers: nodeHoldingTimers, signal: new AbortController().signal },
    admin: Object.create(cluster.admin, { cluster: { value: { describe, apiVersions } } }),
    tell: (line: string) => told.push(line),
  };
  await run(context as unknown as CommandContext, {}, { interval: 10, count: 3 });
  assert.deepEqual(told, ['moldau: no answer: k:1']);
  assert.equal(Buffer.concat(chunks).toString().trim().split('\n').length, 2);
});

/** Looks once more after the first look, for which the broker takes as long as `answered` does. */
async function live(
  environment: Record<string, string>,
  answered?: Promise<void>,
  stdout = new PassThrough(),
) {
  let asked = 0;
  const describe = async (options: object) => {
    if (++asked === 2) await answered;
    return await cluster.admin.cluster.describe(options);
  };
  const apiVersions = (options: object) => cluster.admin.cluster.apiVersions(options);
  const context = {
    ...{ terminal: { isInteractive: true, stdin: new PassThrough(), stdout, columns: 80 }, environment },
    ...{ output: new Output('table', stdout), clock: nodeClock, signal: new AbortController().signal },
    timers: { after: (ms: number, act: () => void) => nodeHoldingTimers.after(Math.min(ms, 20), act) },
    admin: Object.create(cluster.admin, { cluster: { value: { describe, apiVersions } } }),
  };
  await run(context as unknown as CommandContext, {}, { interval: 10, count: 1 });
}

test('while a broker takes its time the figures on the screen are said to be old', async () => {
  const stdout = new PassThrough();
  let written = '';
  const answered = Promise.withResolvers<void>();
  stdout.on('data', (bytes: Buffer) => {
    written += bytes.toString();
    if (/no answer for 3 s/.test(written)) answered.resolve();
  });
  await live({}, answered.promise, stdout);
  await new Promise((resolve) => setImmediate(resolve));
  assert.match(written, /no answer for 3 s: these figures are old.*brokers 1, topics/s);
});

test('a terminal that cannot be drawn on gets lines', async () => {
  const stdout = new PassThrough();
  await live({ TERM: 'dumb' }, undefined, stdout);
  assert.match(String(stdout.read()), /^brokers 1, topics .* ms\n$/);
});
