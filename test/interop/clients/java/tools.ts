// Kafka's command line tools against a broker.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ErrorCode,
  encodeBatch,
  initProducerIdRequest,
  initProducerIdResponse,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import { RawClient } from '@moldau/testing';
import { FIRST_MS, main, RUN, testCase, until } from '../../harness/cases.ts';
import { at, CLASSES, create, failing, fill, java, lines, ownProcess, tool } from './tool-runner.ts';

const PREALLOCATED_BYTES = 10_485_756;

testCase('topics', async (bootstrap) => {
  const topic = await create(bootstrap, 'tool-topics', 3, '--config', 'retention.ms=123456');
  assert.match(await tool('topics', ...at(bootstrap), '--list'), new RegExp(`^${topic}$`, 'm'));
  const described = await tool('topics', ...at(bootstrap), '--describe', '--topic', topic);
  assert.match(described, /PartitionCount: 3\s+ReplicationFactor: 1\s+Configs: .*retention.ms=123456/);
  assert.match(described, /Partition: 2\s+Leader: \d+\s+Replicas: \d+\s+Isr: \d+/);
  await tool('topics', ...at(bootstrap), '--alter', '--topic', topic, '--partitions', '5');
  await until('five partitions', async () =>
    (await tool('topics', ...at(bootstrap), '--describe', '--topic', topic)).includes('PartitionCount: 5'),
  );
  assert.equal(
    (await tool('topics', ...at(bootstrap), '--describe', '--under-replicated-partitions')).trim(),
    '',
  );
  assert.equal((await tool('topics', ...at(bootstrap), '--describe', '--unavailable-partitions')).trim(), '');
  assert.match(await failing('topics', ...at(bootstrap), '--create', '--topic', topic), /already exists/);
  await tool('topics', ...at(bootstrap), '--delete', '--topic', topic);
  await until(
    'the topic is gone',
    async () => !(await tool('topics', ...at(bootstrap), '--list')).includes(topic),
  );
  assert.match(await failing('topics', ...at(bootstrap), '--describe', '--topic', topic), /does not exist/);
  return undefined;
});

testCase('console', async (bootstrap) => {
  const topic = await create(bootstrap, 'console');
  const parse = ['parse.key=true', 'parse.headers=true', 'null.marker=NULL'];
  const properties = parse.flatMap((property) => ['--reader-property', property]);
  const input = 'a:1\tone\tfirst\nb:2,c:3\ttwo\tNULL\nNULL\tNULL\tthird é\n';
  await ownProcess('console-producer', [...at(bootstrap), '--topic', topic, ...properties], input);
  const print = ['print.key', 'print.headers', 'print.offset', 'print.partition'];
  const shown = print.flatMap((property) => ['--formatter-property', `${property}=true`]);
  const read = ['--topic', topic, '--from-beginning', '--max-messages', '3', '--group', `console-${RUN}`];
  const { output } = await ownProcess('console-consumer', [...at(bootstrap), ...read, ...shown]);
  assert.deepEqual(output.trim().split('\n'), [
    'Partition:0\tOffset:0\ta:1\tone\tfirst',
    'Partition:0\tOffset:1\tb:2,c:3\ttwo\tnull',
    'Partition:0\tOffset:2\tNO_HEADERS\tnull\tthird é',
  ]);
  await ownProcess(
    'console-producer',
    [...at(bootstrap), '--topic', topic, '--compression-codec', 'zstd'],
    lines(100),
  );
  const rest = ['--topic', topic, '--max-messages', '100', '--group', `console-${RUN}`];
  const later = await ownProcess('console-consumer', [...at(bootstrap), ...rest]);
  assert.equal(later.output, lines(100));
  return undefined;
});

testCase('consumer-groups', async (bootstrap) => {
  const topic = await create(bootstrap, 'groups', 2);
  const group = `tool-${topic}`;
  await fill(bootstrap, topic, 100);
  const read = ['--topic', topic, '--group', group, '--num-records', '100', '--timeout', '20000'];
  await tool('consumer-perf', ...at(bootstrap), ...read);
  const groups = (...args: string[]) => tool('consumer-groups', ...at(bootstrap), ...args);
  const offsets = async () => {
    const described = await groups('--describe', '--group', group, '--offsets');
    const rows = described.split('\n').filter((line) => line.startsWith(group));
    const columns = rows.map((row) => row.trim().split(/\s+/)).sort((a, b) => Number(a[2]) - Number(b[2]));
    return columns.map(
      (row) => [Number(row[3] === '-' ? row[4] : row[3]), Number(row[3] === '-' ? row[5] : row[4])] as const,
    );
  };
  await until('the commits of all', async () => {
    const found = await offsets();
    return found.length === 2 && found.every(([current, end]) => current === end);
  });
  const ends = (await offsets()).map(([, end]) => end);
  assert.equal((ends[0] ?? 0) + (ends[1] ?? 0), 100);
  assert.match(await groups('--list', '--state'), new RegExp(`${group}\\s+Empty`));
  assert.match(await groups('--describe', '--group', group, '--state'), /Empty/);
  assert.match(await groups('--describe', '--group', group, '--members'), /no active members|^$/m);
  const reset = async (...how: string[]) => {
    await groups('--group', group, '--reset-offsets', '--topic', topic, ...how, '--execute');
    return (await offsets()).map(([current]) => current);
  };
  assert.deepEqual(await reset('--to-earliest'), [0, 0]);
  assert.deepEqual(await reset('--to-offset', '9'), [9, 9]);
  assert.deepEqual(await reset('--shift-by', '-4'), [5, 5]);
  assert.deepEqual(await reset('--shift-by', '1000000'), ends);
  assert.deepEqual(await reset('--to-datetime', '2020-01-01T00:00:00.000'), [0, 0]);
  assert.deepEqual(await reset('--to-latest'), ends);
  assert.deepEqual(await reset('--by-duration', 'PT1H'), [0, 0]);
  assert.deepEqual(await reset('--to-current'), [0, 0]);
  const temporary = mkdtempSync(join(tmpdir(), 'interop-'));
  const plan = join(temporary, 'plan.csv');
  writeFileSync(plan, `${topic},0,3\n${topic},1,4\n`);
  assert.deepEqual(await reset('--from-file', plan), [3, 4]);
  rmSync(temporary, { recursive: true });
  const dry = await groups('--group', group, '--reset-offsets', '--topic', topic, '--to-latest', '--dry-run');
  assert.match(dry, new RegExp(`${group}\\s+${topic}\\s+0\\s+${ends[0]}`));
  assert.deepEqual(
    (await offsets()).map(([current]) => current),
    [3, 4],
  );
  await groups('--group', group, '--delete-offsets', '--topic', `${topic}:1`);
  assert.equal((await offsets()).length, 1);
  assert.match(await groups('--delete', '--group', group), /successful/);
  assert.ok(!(await groups('--list')).includes(group));
  return undefined;
});

testCase('groups', async (bootstrap) => {
  const topic = await create(bootstrap, 'live', 4);
  const group = `live-${topic}`;
  await fill(bootstrap, topic, 40);
  const args = [
    ...java,
    CLASSES['console-consumer'],
    ...at(bootstrap),
    '--topic',
    topic,
    '--group',
    group,
    '--from-beginning',
  ];
  const members = [0, 1].map(() => spawn(args[0] ?? '', args.slice(1), { stdio: 'ignore' }));
  try {
    const rows = async () => {
      const shown = await failing(
        'consumer-groups',
        ...at(bootstrap),
        '--describe',
        '--group',
        group,
        '--members',
        '--verbose',
      );
      return shown.split('\n').filter((line) => line.startsWith(group));
    };
    const isShared = async () => {
      const found = await rows();
      return found.length === 2 && found.every((row) => /\s2\s/.test(row) && row.includes(topic));
    };
    await until('two members hold two partitions each', isShared, 40_000);
    const described = await tool('consumer-groups', ...at(bootstrap), '--describe', '--group', group);
    assert.match(described, new RegExp(`${group}\\s+${topic}\\s+0\\s.*\\s/127.0.0.1\\s`));
    assert.match(
      await tool('groups', ...at(bootstrap), '--list'),
      new RegExp(`${group}\\s+Classic\\s+consumer`),
    );
    assert.match(
      await failing('consumer-groups', ...at(bootstrap), '--delete', '--group', group),
      /not empty|NonEmpty/i,
    );
  } finally {
    for (const member of members) member.kill('SIGTERM');
  }
  return undefined;
});

testCase('configs', async (bootstrap) => {
  const topic = await create(bootstrap, 'configs');
  const target = ['--entity-type', 'topics', '--entity-name', topic];
  const described = async (...more: string[]) =>
    tool('configs', ...at(bootstrap), ...target, '--describe', ...more);
  const change = ['--alter', '--add-config', 'retention.ms=777000,cleanup.policy=[compact,delete]'];
  await tool('configs', ...at(bootstrap), ...target, ...change);
  await until('the new values', async () => {
    const text = await described();
    return text.includes('retention.ms=777000') && text.includes('cleanup.policy=compact,delete');
  });
  await tool('configs', ...at(bootstrap), ...target, '--alter', '--delete-config', 'retention.ms');
  await until('the value is gone', async () => !(await described()).includes('retention.ms=777000'));
  assert.match(await described('--all'), /retention\.ms=604800000 .*DEFAULT_CONFIG|retention\.ms=604800000/);
  assert.match(
    await failing('configs', ...at(bootstrap), ...target, '--alter', '--add-config', 'retention.ms=soon'),
    /Invalid value/,
  );
  const listed = await tool('topics', ...at(bootstrap), '--describe', '--topic', topic);
  assert.match(listed, /Configs: .*cleanup.policy=compact,delete/);
  const id = /Leader: (\d+)/.exec(listed)?.[1] ?? '';
  const broker = ['--entity-type', 'brokers', '--entity-name', id, '--describe', '--all'];
  assert.match(await tool('configs', ...at(bootstrap), ...broker), /log\.retention\.hours=168/);
  const loggers = ['--entity-type', 'broker-loggers', '--entity-name', id];
  for (const level of ['ERROR', 'WARN']) {
    await tool('configs', ...at(bootstrap), ...loggers, '--alter', '--add-config', `root=${level}`);
    assert.match(
      await tool('configs', ...at(bootstrap), ...loggers, '--describe'),
      new RegExp(`^ *root=${level} `, 'm'),
    );
  }
  const everywhere = ['--entity-type', 'brokers', '--entity-default'];
  await tool(
    'configs',
    ...at(bootstrap),
    ...everywhere,
    '--alter',
    '--add-config',
    'log.retention.ms=999000',
  );
  await until('the default of all brokers', async () =>
    (await tool('configs', ...at(bootstrap), ...everywhere, '--describe')).includes(
      'log.retention.ms=999000',
    ),
  );
  await tool('configs', ...at(bootstrap), ...everywhere, '--alter', '--delete-config', 'log.retention.ms');
  return undefined;
});

testCase('transactions', async (bootstrap) => {
  const topic = await create(bootstrap, 'transactions', 2);
  const id = `id-${topic}`;
  const shape = ['--topic', topic, '--num-records', '20000', '--record-size', '100', '--throughput', '-1'];
  const transactional = ['--transactional-id', id, '--transaction-duration-ms', '100'];
  const produced = await ownProcess('producer-perf', [
    ...[...shape, ...transactional, '--bootstrap-server', bootstrap],
  ]);
  assert.match(produced.output, /20000 records sent/);
  const transactions = (...args: string[]) => tool('transactions', ...at(bootstrap), ...args);
  assert.match(await transactions('list'), new RegExp(`${id}\\s+\\d+\\s+\\d+\\s+CompleteCommit`));
  assert.match(await transactions('describe', '--transactional-id', id), /CompleteCommit\s+60000/);
  const producers = await transactions('describe-producers', '--topic', topic, '--partition', '0');
  assert.match(producers, /^\d+\s+\d+\s+\d+\s+-?\d+\s+\d+\s+None/m);
  const hanging = await transactions('find-hanging', '--topic', topic, '--max-transaction-timeout', '0');
  assert.doesNotMatch(hanging, new RegExp(`^${topic}`, 'm'));
  return produced.output.trim().split('\n').at(-1)?.slice(0, 60);
});

/** An open transaction that no coordinator knows, and so nobody ends: what a late batch of an old client leaves where nothing is verified. */
async function leaveHanging(bootstrap: string, topic: string, transactionalId: string): Promise<void> {
  const client = await RawClient.dial({ port: Number(bootstrap.split(':').at(-1)) });
  try {
    const { producerId, producerEpoch } = await client.request(
      initProducerIdRequest,
      initProducerIdResponse,
      4,
      { transactionalId, transactionTimeoutMs: 60_000 },
    );
    const records = encodeBatch({
      ...{ producerId, producerEpoch, baseSequence: 0, isTransactional: true },
      records: [{ timestamp: FIRST_MS, key: null, value: Buffer.from('late') }],
    });
    const { responses } = await client.request(produceRequest, produceResponse, 11, {
      ...{ transactionalId, acks: -1, timeoutMs: 10_000 },
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    });
    assert.equal(responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
  } finally {
    client.close();
  }
}

testCase('transactions-hanging', async (bootstrap) => {
  const topic = await create(bootstrap, 'hanging');
  const verification = (change: string, value: string) =>
    tool(
      'configs',
      ...at(bootstrap),
      '--entity-type',
      'brokers',
      '--entity-default',
      '--alter',
      change,
      value,
    );
  await verification('--add-config', 'transaction.partition.verification.enable=false');
  try {
    await leaveHanging(bootstrap, topic, `id-${topic}`);
  } finally {
    await verification('--delete-config', 'transaction.partition.verification.enable');
  }
  await fill(bootstrap, topic, 10);
  const transactions = (...args: string[]) => tool('transactions', ...at(bootstrap), ...args);
  const found = await transactions('find-hanging', '--topic', topic);
  assert.match(found, new RegExp(`^${topic}\\s+0\\s+\\d+\\s+0\\s+-?\\d+\\s+0\\s`, 'm'));
  const read = ['--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'];
  const stuck = await failing('console-consumer', ...at(bootstrap), ...read, '--timeout-ms', '3000');
  assert.match(stuck, /Processed a total of 0 messages/);
  await transactions('abort', '--topic', topic, '--partition', '0', '--start-offset', '0');
  assert.doesNotMatch(await transactions('find-hanging', '--topic', topic), new RegExp(`^${topic}`, 'm'));
  const freed = await tool('console-consumer', ...at(bootstrap), ...read, '--max-messages', '10');
  assert.match(freed, /Processed a total of 10 messages/);
  return undefined;
});

testCase('quotas', async (bootstrap) => {
  const topic = await create(bootstrap, 'quotas');
  const quota = (clientId: string, ...change: string[]) =>
    tool('configs', ...at(bootstrap), '--entity-type', 'clients', '--entity-name', clientId, ...change);
  const shape = ['--topic', topic, '--num-records', '1000'];
  const throttled = (shown: string, side: 'produce' | 'fetch', clientId: string) => {
    const metric = new RegExp(`:${side}-throttle-time-max:\\{client-id=${clientId}\\}\\s*: ([\\d.]+)`);
    const throttleMs = Number(metric.exec(shown)?.[1]);
    assert.ok(throttleMs > 0, `no throttle time of ${clientId}:\n${shown.slice(-1_500)}`);
    return throttleMs;
  };
  const [producer, consumer] = ['perf-producer-client', 'perf-consumer-client'];
  await quota(producer, '--alter', '--add-config', 'producer_byte_rate=70000');
  await quota(consumer, '--alter', '--add-config', 'consumer_byte_rate=70000');
  try {
    assert.match(await quota(producer, '--describe'), /producer_byte_rate=70000/);
    const startedMs = performance.now();
    const properties = ['batch.size=10000', 'linger.ms=0', 'acks=1'];
    const produced = await tool(
      'producer-perf',
      ...[...shape, '--record-size', '1000', '--throughput', '-1', '--print-metrics'],
      ...['--bootstrap-server', bootstrap],
      ...properties.flatMap((property) => ['--command-property', property]),
    );
    const seconds = (performance.now() - startedMs) / 1000;
    // 1 MB at 70 KB/s, of which what the first seconds may hold is not held back.
    assert.ok(seconds > 2, `all was written after ${seconds} s`);
    const small = ['fetch.max.bytes=50000', 'max.partition.fetch.bytes=50000'];
    const consumed = await tool(
      'consumer-perf',
      ...[...at(bootstrap), ...shape, '--timeout', '60000', '--print-metrics'],
      ...small.flatMap((property) => ['--command-property', property]),
    );
    const waits = [throttled(produced, 'produce', producer), throttled(consumed, 'fetch', consumer)];
    return `1 MB in ${seconds.toFixed(1)} s, throttled for up to ${waits.join(' and ')} ms`;
  } finally {
    await quota(producer, '--alter', '--delete-config', 'producer_byte_rate');
    await quota(consumer, '--alter', '--delete-config', 'consumer_byte_rate');
  }
});

testCase('perf', async (bootstrap) => {
  const topic = await create(bootstrap, 'perf', 3);
  const shape = ['--topic', topic, '--num-records', '100000', '--record-size', '200', '--throughput', '-1'];
  const produced = await ownProcess('producer-perf', [
    ...[...shape, '--bootstrap-server', bootstrap, '--command-property', 'compression.type=lz4'],
    ...['--command-property', 'acks=all'],
  ]);
  const rate = /100000 records sent, ([\d.]+) records\/sec/.exec(produced.output)?.[1];
  assert.ok(Number(rate) > 1_000, produced.output);
  const consumed = await ownProcess('consumer-perf', [
    ...at(bootstrap),
    '--topic',
    topic,
    '--num-records',
    '100000',
  ]);
  assert.match(consumed.output, /, 100000, /);
  return `${rate} records/s produced`;
});

testCase('offsets-and-records', async (bootstrap) => {
  const topic = await create(bootstrap, 'offsets');
  await fill(bootstrap, topic, 50);
  const get = async (time: string) => {
    const answer = await tool(
      'get-offsets',
      ...at(bootstrap),
      '--topic-partitions',
      `${topic}:0`,
      '--time',
      time,
    );
    return Number(answer.trim().split(':')[2]);
  };
  assert.equal(await get('latest'), 50);
  assert.equal(await get('earliest'), 0);
  assert.ok((await get('max-timestamp')) >= 0);
  assert.equal(await get('1000'), 0);
  const temporary = mkdtempSync(join(tmpdir(), 'interop-'));
  const plan = join(temporary, 'plan.json');
  writeFileSync(plan, JSON.stringify({ version: 1, partitions: [{ topic, partition: 0, offset: 20 }] }));
  assert.match(
    await tool('delete-records', ...at(bootstrap), '--offset-json-file', plan),
    /low_watermark: 20/,
  );
  rmSync(temporary, { recursive: true });
  assert.equal(await get('earliest'), 20);
  const described = await tool('log-dirs', ...at(bootstrap), '--describe', '--topic-list', topic);
  const json = JSON.parse(described.split('\n').find((line) => line.startsWith('{')) ?? '{}') as {
    brokers: { logDirs: { error: unknown; partitions: { partition: string; size: number }[] }[] }[];
  };
  const [directory] = json.brokers[0]?.logDirs ?? [];
  assert.equal(directory?.error, null);
  assert.equal(directory?.partitions[0]?.partition, `${topic}-0`);
  assert.ok((directory?.partitions[0]?.size ?? 0) > 5_000);
  return undefined;
});

testCase('verifiable', async (bootstrap) => {
  const topic = await create(bootstrap, 'verifiable', 2);
  const shape = ['--topic', topic, '--max-messages', '500', '--acks', '-1'];
  const produced = await ownProcess('verifiable-producer', [...at(bootstrap), ...shape]);
  assert.equal(produced.output.match(/"name":"producer_send_success"/g)?.length, 500);
  assert.match(produced.output, /"name":"tool_data".*"acked":500/);
  const read = [
    '--topic',
    topic,
    '--group-id',
    `verifiable-${RUN}`,
    '--max-messages',
    '500',
    '--reset-policy',
    'earliest',
  ];
  const consumed = await ownProcess('verifiable-consumer', [...at(bootstrap), ...read]);
  const counts = [...consumed.output.matchAll(/"name":"records_consumed".*?"count":(\d+)/g)].map((match) =>
    Number(match[1]),
  );
  const altCounts = [...consumed.output.matchAll(/"count":(\d+)/g)].map((match) => Number(match[1]));
  const total = (counts.length > 0 ? counts : altCounts).reduce((sum, count) => sum + count, 0);
  assert.equal(total, 500, consumed.output.slice(-1_000));
  assert.match(
    consumed.output,
    /"name":"offsets_committed".*"success":true|"success":true.*"name":"offsets_committed"/,
  );
  return undefined;
});

testCase('api-versions', async (bootstrap) => {
  const shown = await tool('api-versions', ...at(bootstrap));
  assert.match(shown, /\(id: \d+ rack: .*\) -> \(/);
  assert.match(shown, /Produce\(0\): 0 to 13 \[usable: 13\]/);
  assert.match(shown, /Fetch\(1\): \d+ to 18 \[usable: 18\]/);
  assert.match(shown, /ApiVersions\(18\): 0 to \d+ \[usable: \d+\]/);
  assert.match(await tool('cluster', 'cluster-id', ...at(bootstrap)), /Cluster ID: \S{22}/);
  return undefined;
});

testCase('e2e-latency', async (bootstrap) => {
  const topic = await create(bootstrap, 'latency');
  const shape = ['--topic', topic, '--num-records', '200', '--producer-acks', '1', '--record-size', '100'];
  const shown = await tool('e2e-latency', ...at(bootstrap), ...shape);
  const found = /50th = (\d+), 99th = (\d+)/.exec(shown);
  assert.ok(found !== null, shown);
  return `p50 ${found[1]} ms, p99 ${found[2]} ms`;
});

testCase('dump-log', async (bootstrap) => {
  const data = process.env.INTEROP_DATA ?? '';
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    const topic = await create(
      bootstrap,
      `dump-${codec}`,
      1,
      '--config',
      'segment.bytes=1048576',
      '--config',
      'index.interval.bytes=1000',
    );
    const shape = ['--topic', topic, '--num-records', '20000', '--record-size', '200', '--throughput', '-1'];
    const how = ['--command-property', `compression.type=${codec}`, '--command-property', 'acks=all'];
    await tool('producer-perf', ...shape, '--bootstrap-server', bootstrap, ...how);
    const directory = join(data, `${topic}-0`);
    const files = readdirSync(directory).sort();
    let records = 0;
    for (const file of files.filter((name) => /\.(log|index|timeindex|snapshot)$/.test(name))) {
      const path = join(directory, file);
      // Kafka allots the index of the newest segment in advance; its dump tool cannot read it while it is open.
      if (file.endsWith('index') && statSync(path).size >= PREALLOCATED_BYTES) continue;
      const deep = await tool('dump-log', '--files', path, '--print-data-log', '--deep-iteration');
      records += deep.match(/^\| offset: /gm)?.length ?? 0;
      assert.doesNotMatch(
        deep,
        /isvalid: false|Mismatch|Exception|Found .*(error|invalid)/i,
        `${file}:\n${deep.slice(-1_500)}`,
      );
      if (!file.endsWith('index')) continue;
      const sane = await tool('dump-log', '--files', path, '--index-sanity-check');
      assert.match(sane, /passed sanity check|Indexed offset|is empty/, sane);
      assert.doesNotMatch(sane, /fail|corrupt|Exception/i, `${file}: ${sane}`);
    }
    assert.equal(records, 20_000, `${codec}: records in ${files.join(' ')}`);
  }
  return undefined;
});

testCase('dump-offsets', async (bootstrap) => {
  const data = process.env.INTEROP_DATA ?? '';
  const topic = await create(bootstrap, 'dump-offsets');
  const group = `dumped-${RUN}`;
  await fill(bootstrap, topic, 10);
  await tool(
    'consumer-perf',
    ...at(bootstrap),
    '--topic',
    topic,
    '--group',
    group,
    '--num-records',
    '10',
    '--timeout',
    '20000',
  );
  let text = '';
  for (const directory of readdirSync(data).filter((name) => name.startsWith('__consumer_offsets-')))
    for (const file of readdirSync(join(data, directory)).filter((name) => name.endsWith('.log')))
      text += await tool('dump-log', '--files', join(data, directory, file), '--offsets-decoder');
  assert.match(text, new RegExp(`"group":"${group}","topic":"${topic}","partition":0`));
  assert.match(text, new RegExp(`"type":"2".*"group":"${group}"|"group":"${group}"`));
  assert.doesNotMatch(text, /Exception|isvalid: false/i);
  return undefined;
});

await main();
