// kcat against a broker. Each message is a file to send, and what comes back is printed with its lengths, so every byte can be compared.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  body,
  largeRecords,
  type Member,
  main,
  type SeenMessage,
  sameRecords,
  type TestRecord,
  testCase,
  topicName,
  totalBytes,
  until,
} from '../../harness/cases.ts';

function kcat(args: readonly string[], input: string | Buffer = ''): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('timeout', ['40', 'kcat', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(new Error(`kcat ${args.join(' ')} exited with ${code}: ${errors.slice(-1_000)}`));
    });
  });
}

interface Consumed extends TestRecord {
  offset: number;
  timestampMs: number;
}

/** Reads `offset keyLength valueLength timestamp headers\n` followed by that many bytes, again and again. */
function parse(bytes: Buffer): Consumed[] {
  const found: Consumed[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    const [offset, keyBytes, valueBytes, stamp, ...headers] = bytes.toString('utf8', at, end).split(' ');
    at = end + 1;
    const take = (size: number) => {
      if (size < 0) return null;
      at += size;
      return bytes.subarray(at - size, at);
    };
    const key = take(Number(keyBytes));
    const value = take(Number(valueBytes));
    at += 1;
    const pairs = headers.join(' ').split(',').filter(Boolean);
    found.push({
      offset: Number(offset),
      timestampMs: Number(stamp),
      key,
      value,
      headers: pairs.map((pair) => {
        const [name = '', text = ''] = pair.split('=');
        return { key: name, value: Buffer.from(text) };
      }),
    });
  }
  return found;
}

async function consume(bootstrap: string, topic: string, args: readonly string[]): Promise<Consumed[]> {
  const format = '%o %K %S %T %h\n%k%s\n';
  return parse(
    await kcat(['-C', '-b', bootstrap, '-t', topic, '-p', '0', '-f', format, '-q', '-u', ...args]),
  );
}

async function there(
  bootstrap: string,
  topic: string,
  wanted: readonly TestRecord[],
  args: readonly string[],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kcat-'));
  const files = wanted.map((record, index) => {
    const path = join(folder, String(index));
    writeFileSync(path, record.value ?? '');
    return path;
  });
  await kcat(['-P', '-b', bootstrap, '-t', topic, '-p', '0', '-X', 'linger.ms=20', ...args, ...files]);
  rmSync(folder, { recursive: true });
}

const mixed = Array.from({ length: 60 }, (_, index) => ({
  key: null,
  value: body(index, [1, 17, 100, 1_000, 9_000, 60_000][index % 6] ?? 1),
  headers: [],
}));

async function thereAndBack(
  bootstrap: string,
  name: string,
  wanted: TestRecord[],
  args: readonly string[],
): Promise<string> {
  const topic = topicName(name);
  await there(bootstrap, topic, wanted, args);
  const limits = ['-o', 'beginning', '-c', String(wanted.length), '-X', 'check.crcs=true'];
  const old = args.filter((arg, index) => arg.includes('version') || args[index + 1]?.includes('version'));
  const found = await consume(bootstrap, topic, [...limits, ...old]);
  sameRecords(found, wanted);
  assert.deepEqual(
    found.map((record) => record.offset),
    wanted.map((_, index) => index),
  );
  const late = await consume(bootstrap, topic, ['-o', '7', '-e']);
  sameRecords(late, wanted.slice(7));
  return totalBytes(wanted);
}

for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'])
  testCase(`codec-${codec}`, (bootstrap) => thereAndBack(bootstrap, `codec-${codec}`, mixed, ['-z', codec]));

const large = largeRecords().map((record) => ({ ...record, key: null }));
testCase('large', (bootstrap) =>
  thereAndBack(bootstrap, 'large', large, ['-X', 'message.max.bytes=2000000']),
);

testCase('idempotent', (bootstrap) =>
  thereAndBack(bootstrap, 'idempotent', mixed, [
    '-X',
    'enable.idempotence=true',
    '-X',
    'batch.num.messages=7',
  ]),
);

testCase('keys-and-headers', async (bootstrap) => {
  const topic = topicName('keys');
  const target = ['-P', '-b', bootstrap, '-t', topic, '-p', '0', '-K', ':', '-Z'];
  await kcat(
    [...target, '-H', 'trace=abc', '-H', 'trace=again', '-H', 'empty='],
    'one:first\ntwo:\n:third\n',
  );
  const found = await consume(bootstrap, topic, ['-o', 'beginning', '-e']);
  const headers = ['trace=abc', 'trace=again', 'empty='].map((pair) => {
    const [key = '', value = ''] = pair.split('=');
    return { key, value: Buffer.from(value) };
  });
  const text = (value: string | null) => (value === null ? null : Buffer.from(value));
  sameRecords(
    found,
    [
      ['one', 'first'],
      ['two', null],
      [null, 'third'],
    ].map(([key, value]) => ({ key: text(key ?? null), value: text(value ?? null), headers })),
  );
  return undefined;
});

testCase('metadata', async (bootstrap) => {
  const topic = topicName('metadata');
  await there(bootstrap, topic, mixed.slice(0, 3), []);
  const answer = JSON.parse((await kcat(['-L', '-J', '-b', bootstrap])).toString()) as {
    brokers: { id: number; name: string }[];
    topics: { topic: string; partitions: { leader: number; isrs: { id: number }[] }[] }[];
  };
  assert.equal(answer.brokers[0]?.name, bootstrap);
  const found = answer.topics.find((one) => one.topic === topic);
  assert.equal(found?.partitions[0]?.leader, answer.brokers[0]?.id);
  assert.equal(found?.partitions[0]?.isrs.length, 1);
  return undefined;
});

testCase('offsets-by-time', async (bootstrap) => {
  const topic = topicName('by-time');
  await there(bootstrap, topic, mixed.slice(0, 3), []);
  const firstRound = await consume(bootstrap, topic, ['-o', 'beginning', '-e']);
  const last = firstRound[2]?.timestampMs ?? 0;
  await until('the clock has moved on', () => Date.now() > last + 2);
  await there(bootstrap, topic, mixed.slice(3, 6), []);
  const query = async (at: number) => {
    const answer = (await kcat(['-Q', '-b', bootstrap, '-t', `${topic}:0:${at}`])).toString();
    return Number(/offset (-?\d+)/.exec(answer)?.[1]);
  };
  assert.equal(await query(1_000), 0);
  assert.equal(await query(last + 1), 3);
  assert.equal(await query(-1), 6);
  assert.equal(await query(-2), 0);
  const window = await consume(bootstrap, topic, ['-o', `s@${last + 1}`, '-e']);
  assert.deepEqual(
    window.map((record) => record.offset),
    [3, 4, 5],
  );
  return undefined;
});

testCase('tail', async (bootstrap) => {
  const topic = topicName('tail');
  await there(bootstrap, topic, mixed.slice(0, 20), []);
  const found = await consume(bootstrap, topic, ['-o', '-5', '-e']);
  assert.deepEqual(
    found.map((record) => record.offset),
    [15, 16, 17, 18, 19],
  );
  return undefined;
});

/** A member of a group: kcat tells its assignment on standard error and each message on a line. */
function startMember(bootstrap: string, topic: string, group: string, args: readonly string[]): Member {
  const settings = ['auto.offset.reset=earliest', 'session.timeout.ms=6000', 'heartbeat.interval.ms=300'];
  settings.push('auto.commit.interval.ms=100');
  const child = spawn('kcat', [
    ...[
      '-b',
      bootstrap,
      '-G',
      group,
      '-u',
      '-f',
      '%p %o %s\n',
      ...settings.flatMap((setting) => ['-X', setting]),
    ],
    ...args,
    topic,
  ]);
  let assignment: number[] = [];
  const seen: SeenMessage[] = [];
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (output + chunk.toString()).split('\n');
    output = lines.pop() ?? '';
    for (const line of lines) {
      const [partition, offset, value = ''] = line.split(' ');
      seen.push({ partition: Number(partition), offset: Number(offset), value });
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    const lines = (errors + chunk.toString()).split('\n');
    errors = lines.pop() ?? '';
    for (const line of lines) {
      if (/rebalanced.*assigned:/.test(line))
        assignment = [...line.matchAll(/\[(\d+)\]/g)].map((match) => Number(match[1]));
      else if (/rebalanced.*revoked:/.test(line)) assignment = [];
    }
  });
  return {
    assignment: () => assignment,
    seen,
    close: () =>
      new Promise((resolve) => {
        assignment = [];
        child.on('close', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

testCase('group', async (bootstrap) => {
  const topic = topicName('group');
  await kcat(['-P', '-b', bootstrap, '-t', topic, '-p', '0'], 'zero\n');
  const first = startMember(bootstrap, topic, `g-${topic}`, []);
  await until('the first has the partition', () => first.assignment().length === 1);
  await kcat(['-P', '-b', bootstrap, '-t', topic], 'a\nb\nc\n');
  await until('the first has seen all', () => first.seen.length === 4);
  const second = startMember(bootstrap, topic, `g-${topic}`, []);
  await until('one of the two has it', () => first.assignment().length + second.assignment().length === 1);
  await first.close();
  await until('the second has it', () => second.assignment().length === 1);
  await kcat(['-P', '-b', bootstrap, '-t', topic], 'd\ne\n');
  await until('the second has seen the rest', () => second.seen.length >= 2);
  assert.deepEqual(
    second.seen.map((message) => message.value),
    ['d', 'e'],
  );
  await second.close();
  return undefined;
});

for (const version of ['0.9.0.1', '0.10.0.0'])
  testCase(`old-${version.split('.').slice(0, 2).join('.')}`, async (bootstrap) => {
    const old = ['-X', 'api.version.request=false', '-X', `broker.version.fallback=${version}`];
    for (const codec of ['none', 'gzip', 'snappy', 'lz4'])
      await thereAndBack(bootstrap, `old-${version}-${codec}`, mixed, ['-z', codec, ...old]);
    return undefined;
  });

await main();
