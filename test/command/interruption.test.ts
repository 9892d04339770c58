// Ctrl-C and SIGTERM while no broker is there any more: what was begun is tried for some seconds, and what could not be done is said.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { Moldau } from '../../packages/cli/src/testing-moldau.ts';

/** LAST_WORK_MS, the time to start and end, and what a busy machine takes. */
const MOST_MS = 9_000;
const TOPIC = 'left';

const commands = new Moldau();
const server = commands.runIn(
  {},
  ...['server', '--listen', '127.0.0.1:0', '--data', 'data', '--set', 'group.initial.rebalance.delay.ms=0'],
);
let brokers: string;

before(async () => {
  brokers = `127.0.0.1:${await server.ready}`;
  await commands.run('topic', 'create', TOPIC, '--brokers', brokers).ended;
});
after(() => commands.removeAll());

interface Started {
  readonly words: string;
  readonly signal?: NodeJS.Signals;
  /** Standard error has to match. */
  readonly says?: RegExp;
  /** Standard output, in the end. */
  readonly shows?: RegExp;
  /** What it writes when it is under way. */
  readonly begun?: RegExp;
}

const UNCOMMITTED =
  /^moldau: the last offsets are not committed, and what was read since the last commit comes again: .+$/m;

const ALL: readonly Started[] = [
  { words: `consume ${TOPIC} -g one`, says: UNCOMMITTED },
  { words: `consume ${TOPIC} -g two -X group.protocol=classic`, signal: 'SIGTERM', says: UNCOMMITTED },
  { words: `consume ${TOPIC}` },
  {
    words: `perf produce ${TOPIC} -r 100`,
    begun: /[1-9]\d* records, [1-9].*, 99 % within/,
    says: /^moldau: \d+ records were not acknowledged$/m,
    shows: /^Records: +[1-9]/m,
  },
  { words: `perf latency ${TOPIC} -n 1000000`, begun: /99 % within/, shows: /^Records: +[1-9]/m },
  { words: 'top --interval 200ms', begun: /behind/ },
  { words: `kafka-console-consumer --topic ${TOPIC} --group three --from-beginning` },
  { words: `kafka-verifiable-consumer --topic ${TOPIC} --group-id four`, begun: /records_consumed/ },
  {
    words: `kafka-verifiable-producer --topic ${TOPIC} --throughput 50`,
    signal: 'SIGTERM',
    begun: /success/,
  },
  { words: `kafka-consumer-perf-test --topic ${TOPIC} --num-records 1000000 --timeout 100000` },
];

test('who measures sending counts what is acknowledged, and ends with what is wrong', {
  timeout: 60_000,
}, async () => {
  const gone = commands.runIn({}, 'server', '--listen', '127.0.0.1:0', '--data', 'gone');
  const address = `127.0.0.1:${await gone.ready}`;
  await commands.run('topic', 'create', TOPIC, '--brokers', address).ended;
  const limits = ['-X', 'delivery.timeout.ms=2500', '-X', 'request.timeout.ms=1000'];
  const measuring = commands.run('perf', 'produce', TOPIC, '-r', '100', '--brokers', address, ...limits);
  while (!/[1-9]\d* records/.test(measuring.written.error)) await once(measuring.child.stderr, 'data');
  gone.child.kill('SIGKILL');
  const { code, out, error } = await measuring.ended;
  assert.equal(code, 1);
  assert.match(error, /^0 records, 0 records\/s, 0 B\/s$/m);
  assert.match(error, /^moldau: \d+ records were not acknowledged$/m);
  assert.match(
    error,
    /^moldau: left, partition 0: \d+ records were not acknowledged within the 2500 ms of /m,
  );
  assert.match(out, /^Records: +[1-9]/m);
});

test('the first signal ends each command within seconds', { timeout: 120_000 }, async () => {
  const feeding = commands.run('perf', 'produce', TOPIC, '-r', '20', '--brokers', brokers);
  const all = ALL.map((each) => {
    const option = each.words.startsWith('kafka') ? '--bootstrap-server' : '--brokers';
    return { each, ...commands.run(...each.words.split(' '), option, brokers) };
  });
  await Promise.all(
    all.map(async ({ each: { begun = /./ }, child, ended, written }) => {
      const isOver = ended.then(() => true);
      while (!begun.test(written.out) && !begun.test(written.error))
        if ((await Promise.race([isOver, once(child.stdout, 'data'), once(child.stderr, 'data')])) === true)
          break;
    }),
  );
  server.child.kill('SIGKILL');
  await server.ended.catch(() => {});
  const startMs = performance.now();
  feeding.child.kill('SIGINT');
  await Promise.all(
    all.map(async ({ each: { words, signal = 'SIGINT', says, shows }, child, ended }) => {
      child.kill(signal);
      const { code, out, error } = await ended;
      const tookMs = performance.now() - startMs;
      assert.equal(code, signal === 'SIGINT' ? 130 : 143, `${words}: ${error}`);
      assert.ok(tookMs < MOST_MS, `${words} took ${tookMs} ms`);
      if (says !== undefined) assert.match(error, says, words);
      if (shows !== undefined) assert.match(out, shows, words);
    }),
  );
});
