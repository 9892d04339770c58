import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionError } from '@moldau/client';
import { ManualTime, MemoryDisk } from '@moldau/testing';
import { Command } from 'commander';
import { addNouns, addVerb } from '../command-line/program.ts';
import { nouns } from '../commands/nouns.ts';
import { verbs } from '../commands/verbs.ts';
import { diagnose } from './diagnose.ts';
import { checkDiskSpeed, measureDisk } from './disk-speed.ts';
import type { BrokerFacts, Facts, GroupFacts, LagFacts, TopicFacts } from './facts.ts';
import { isBroker } from './gather-machine.ts';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const HEALTHY: Facts = {
  nowMs: NOW_MS,
  brokers: [broker(1)],
  topics: [topic('orders')],
  groups: [group({})],
  lookedForMs: 3000,
  clocks: [],
  clientMaxRequestBytes: undefined,
  wayIn: undefined,
  machine: undefined,
};

function broker(id: number, facts: Partial<BrokerFacts> = {}): BrokerFacts {
  const apis = new Map([[3, 13]]);
  return {
    id,
    address: `kafka-${id}:9092`,
    error: undefined,
    configs: new Map(),
    logDirs: [],
    apis,
    ...facts,
  };
}

function topic(
  name: string,
  configs: Readonly<Record<string, string>> = {},
  partition: Partial<TopicFacts['partitions'][number]> = {},
): TopicFacts {
  return {
    ...{ name, isInternal: false },
    partitions: [{ index: 0, leaderId: 1, replicas: [1], inSyncReplicas: [1], ...partition }],
    configs: new Map(Object.entries(configs).map(([key, value]) => [key, { value, isDefault: false }])),
  };
}

function group(lag: Partial<LagFacts>, facts: Partial<GroupFacts> = {}): GroupFacts {
  const none = { startOffset: 0, safeOffset: undefined, retentionMs: undefined };
  const lags: LagFacts[] = [
    { topic: 'orders', partition: 0, committed: [9, 9], end: [9, 9], ...none, ...lag },
  ];
  return { groupId: 'billing', states: ['stable', 'stable'], memberCount: 1, lags, ...facts };
}

/** Of all tests of this file, for the last one. */
const mends = new Map<string, string>();

function found(facts: Partial<Facts>): string[] {
  return diagnose({ ...HEALTHY, ...facts }).map(({ severity, check, mend }) => {
    mends.set(check, mend);
    return `${severity} ${check}`;
  });
}

test('nothing is found where all is well', () => {
  assert.deepEqual(found({}), []);
});

test('partitions without a leader come first, and those with too few replicas in sync', () => {
  const three = { replicas: [1, 2, 3] };
  const topics = [
    topic('fine', {}, { ...three, inSyncReplicas: [1, 2, 3] }),
    topic('behind', {}, { ...three, inSyncReplicas: [1, 2] }),
    topic('refused', { 'min.insync.replicas': '2' }, { ...three, inSyncReplicas: [1] }),
    topic('away', {}, { ...three, leaderId: undefined, inSyncReplicas: [] }),
  ];
  assert.deepEqual(found({ topics }), [
    'error below-min-insync-replicas',
    'error partition-without-leader',
    'warning under-replicated',
  ]);
});

test('where the only replica is lost no election is advised', () => {
  const mendOf = (replicas: readonly number[]) => {
    const topics = [topic('away', {}, { leaderId: undefined, replicas, inSyncReplicas: [] })];
    const [finding] = diagnose({ ...HEALTHY, topics });
    mends.set(`partition-without-leader of ${replicas.length}`, finding!.mend);
    return finding!.mend;
  };
  assert.match(mendOf([2]), /^start the broker that has it \(2\); .*`moldau topic delete away`/);
  assert.match(mendOf([2, 3]), /`moldau cluster elect-leaders away --type unclean`/);
});

test('settings of topics that hurt some day are told', () => {
  const pair = { replicas: [1, 2], inSyncReplicas: [1, 2] };
  assert.deepEqual(found({ topics: [topic('a', { 'min.insync.replicas': '2' })] }), [
    'error min-insync-above-replicas',
  ]);
  assert.deepEqual(found({ topics: [topic('a', { 'min.insync.replicas': '2' }, pair)] }), [
    'warning min-insync-equals-replicas',
  ]);
  assert.deepEqual(found({ brokers: [broker(1), broker(2)] }), ['warning single-replica']);
});

test('limits of size that contradict each other are told', () => {
  const configs = (bytes: string) => new Map([['message.max.bytes', bytes]]);
  const brokers = [broker(1, { configs: configs('1000') }), broker(2, { configs: configs('2000') })];
  assert.deepEqual(found({ brokers, topics: [] }), ['warning message-size-brokers']);
  const small = [broker(1, { configs: new Map([['socket.request.max.bytes', '5000']]) })];
  const topics = [topic('large', { 'max.message.bytes': '6000' })];
  assert.deepEqual(found({ brokers: small, topics }), ['warning message-size-request']);
  assert.deepEqual(found({ topics, clientMaxRequestBytes: 7000 }), ['note message-size-client']);
  assert.deepEqual(found({ topics, clientMaxRequestBytes: 5000 }), ['warning message-size-client']);
  const [one] = diagnose({ ...HEALTHY, topics: [...topics, ...topics], clientMaxRequestBytes: 7000 });
  assert.equal(one?.subject, 'topics large, large');
});

test('a lag that grows is told, and whether anybody reads', () => {
  const growing = { committed: [5, 5], end: [9, 12] } as const;
  assert.deepEqual(found({ groups: [group(growing)] }), ['warning lag-growing']);
  assert.deepEqual(found({ groups: [group(growing, { memberCount: 0 })] }), [
    'warning group-without-readers',
  ]);
  assert.deepEqual(found({ groups: [group({ committed: [5, 9], end: [9, 12] })] }), []);
});

test('a group that does nothing about what waits for it is told, as a warning once that is proven', () => {
  const waiting = { committed: [5, 5], end: [9, 9] } as const;
  assert.deepEqual(found({ groups: [group(waiting)] }), ['note group-stuck']);
  assert.deepEqual(found({ groups: [group(waiting)], lookedForMs: 15_000 }), ['warning group-stuck']);
  const [proven] = diagnose({ ...HEALTHY, groups: [group(waiting)], lookedForMs: 15_000 });
  assert.match(proven!.mend, /`moldau consume orders -p 0 -o 5 -n 1` shows the record/);
  assert.deepEqual(found({ groups: [group(waiting, { memberCount: 0 })] }), []);
  assert.deepEqual(found({ groups: [group({ committed: [5, 6], end: [9, 9] })] }), []);
});

test('a disk is measured, and told as slow when it is', async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/data');
  const time = new ManualTime();
  assert.equal((await measureDisk('/data', disk, time)).path, '/data');
  assert.deepEqual(await disk.list('/data'), []);
  const severity = (bytesPerSecond: number, syncMs: number) =>
    checkDiskSpeed({ path: '/data', bytesPerSecond, syncMs }).severity;
  assert.deepEqual(
    [severity(500e6, 1), severity(10e6, 1), severity(500e6, 200)],
    ['note', 'warning', 'warning'],
  );
});

test('records that are lost to retention, or soon will be, are told', () => {
  const lost = { committed: [4, 5], end: [90, 90], startOffset: 50 } as const;
  assert.deepEqual(found({ groups: [group(lost)] }), ['error records-deleted-unread']);
  const near = { committed: [5, 5], end: [90, 90], safeOffset: 40, retentionMs: DAY_MS } as const;
  const [finding] = diagnose({ ...HEALTHY, groups: [group(near)] });
  assert.equal(finding?.check, 'retention-shorter-than-lag');
  assert.match(finding.mend, /`moldau topic alter orders -c retention\.ms=172800000`/);
});

test('a group that is still rebalancing at the second look is told', () => {
  const states = ['preparing-rebalance', 'completing-rebalance'] as const;
  assert.deepEqual(found({ groups: [group({}, { states })] }), ['warning group-rebalancing']);
  assert.deepEqual(found({ groups: [group({}, { states: ['preparing-rebalance', 'stable'] })] }), []);
});

test('disks that fill up, brokers out of reach and brokers of different versions are told', () => {
  const disk = (usableBytes: number, error?: string) =>
    broker(1, { logDirs: [{ path: '/data', error, totalBytes: 100, usableBytes }] });
  assert.deepEqual(found({ brokers: [disk(50)] }), []);
  assert.deepEqual(found({ brokers: [disk(10)] }), ['warning disk-space']);
  assert.deepEqual(found({ brokers: [disk(4)] }), ['error disk-space']);
  assert.deepEqual(found({ brokers: [disk(50, 'I/O error')] }), ['error log-dir-offline']);
  const error = new ConnectionError('CONNECTION_FAILED', 'kafka-2:9092: this name has no address');
  assert.deepEqual(found({ topics: [], brokers: [broker(1), broker(2, { error })] }), [
    'error broker-unreachable',
  ]);
  const expired = Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' });
  const untrusted = new ConnectionError('CONNECTION_FAILED', 'kafka-2:9092: expired', { cause: expired });
  assert.deepEqual(found({ topics: [], brokers: [broker(1), broker(2, { error: untrusted })] }), [
    'error tls-certificate-expired',
  ]);
  const [alone] = diagnose({ ...HEALTHY, brokers: [broker(1, { error })], wayIn: 'PLAINTEXT://k:9092' });
  assert.match(alone!.mend, /^advertised\.listeners=PLAINTEXT:\/\/k:9092 in the configuration of broker 1/);
  const [first] = diagnose({
    ...HEALTHY,
    brokers: [broker(1, { error }), broker(2)],
    wayIn: 'PLAINTEXT://k:9092',
  });
  assert.match(first!.mend, /^advertised\.listeners=PLAINTEXT:\/\/HOST:PORT in/);
  assert.deepEqual(found({ topics: [], brokers: [broker(1), broker(2, { apis: new Map([[3, 12]]) })] }), [
    'warning api-versions',
  ]);
});

test('clocks that disagree are told, ahead and behind, and records from the future', () => {
  const clock = (newestMs: number, isOfBrokers = true, writtenAfterMs?: number) => ({
    clocks: [{ topic: '__consumer_offsets', isOfBrokers, newestMs, writtenAfterMs }],
  });
  assert.deepEqual(found(clock(NOW_MS - DAY_MS)), []);
  assert.deepEqual(found(clock(NOW_MS + 10_000)), ['warning clock-skew']);
  assert.deepEqual(found(clock(NOW_MS - 60_000, true, NOW_MS - 3000)), ['warning clock-skew']);
  assert.deepEqual(found(clock(NOW_MS + DAY_MS, false)), ['warning records-from-the-future']);
});

test('a machine that gives its broker too little is told of', () => {
  const machine = {
    ...{ memoryTotalBytes: 1000, memoryAvailableBytes: 10, swapTotalBytes: 1000, swappiness: 60 },
    brokers: [{ processId: 7, maxOpenFiles: 1024, openFiles: 900, swappedBytes: 2 ** 30 }],
  };
  assert.deepEqual(found({ machine }), [
    'error open-files',
    'warning swapped-out',
    'warning memory',
    'note swappiness',
  ]);
  assert.ok(isBroker('java\0-Xmx1G\0kafka.Kafka\0server.properties\0'));
  assert.ok(isBroker('node\0/usr/bin/moldau\0server\0--data\0d\0'));
  assert.ok(isBroker('/usr/bin/node\0/opt/moldau.mjs\0server\0'));
  assert.ok(!isBroker('vim\0server.properties\0'));
});

test('each command that mends something is one', async () => {
  assert.ok(mends.size > 20);
  for (const [check, mend] of mends) {
    for (const [, line] of mend.matchAll(/`moldau ([^`]+)`/g)) {
      const words = line!.split(' ');
      let runs = 0;
      const count = () => Promise.resolve(void runs++);
      const program = new Command().exitOverride().configureOutput({ writeErr() {} });
      for (const verb of verbs) addVerb(program, verb, count);
      await addNouns(program, nouns, words, count);
      for (const command of program.commands) command.exitOverride();
      await assert.doesNotReject(program.parseAsync(words, { from: 'user' }), `${check}: ${line}`);
      assert.equal(runs, 1, `${check}: ${line}`);
    }
    assert.doesNotMatch(mend.replaceAll(/`[^`]*`/g, ''), /\bmoldau (?!server)/, check);
  }
});
