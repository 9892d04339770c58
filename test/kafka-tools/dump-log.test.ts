// kafka-dump-log beside Kafka's own.

import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Comparison, SideBySide } from './side-by-side.ts';

let both: SideBySide;
/** Of the broker. */
let logs: string;
const folder = mkdtempSync(join(tmpdir(), 'moldau-dump-'));

before(async () => {
  both = await SideBySide.start([
    'log.index.interval.bytes=500',
    'offsets.topic.num.partitions=1',
    'transaction.state.log.num.partitions=1',
  ]);
  logs = both.broker.dataDirectory;
  await both.kafka.admin().topics.create([
    { name: 'records', configs: { 'segment.bytes': '1048576' } },
    { name: 'packed', configs: { 'message.timestamp.type': 'LogAppendTime', 'compression.type': 'zstd' } },
  ]);
  await using producer = both.kafka.producer();
  await producer.send('records', { key: 'k', value: 'v', headers: { a: '1', b: '2' } });
  await producer.send('records', { key: null, value: null });
  for (let index = 0; index < 20; index++) await producer.send('records', { value: 'x'.repeat(200) });
  await producer.send('packed', [{ value: 'one' }, { value: 'two' }, { key: 'k', value: 'three' }]);
  await using transactional = both.kafka.producer({ transactionalId: 'payments' });
  await transactional.transaction(async (transaction) => {
    await transaction.send('records', [{ value: 'a' }, { value: 'b' }]);
  });
  const aborted = await transactional.begin();
  await aborted.send('records', { value: 'c' });
  await aborted.abort();
  await using consumer = both.kafka.consumer({
    groupId: 'readers',
    autoOffsetReset: 'earliest',
    groupProtocol: 'classic',
  });
  consumer.subscribe('packed');
  for await (const record of consumer) {
    await consumer.commit([record]);
    break;
  }
});
after(async () => {
  await both.stop();
  rmSync(folder, { recursive: true });
});

function files(partition: string, ending: string): string[] {
  const path = join(logs, partition);
  return existsSync(path)
    ? readdirSync(path)
        .filter((name) => name.endsWith(ending))
        .map((name) => join(path, name))
    : [];
}

const dump = async (words: readonly string[], how: Comparison = {}) =>
  await both.sameWords('kafka-dump-log', words, how);

describe('kafka-dump-log', { timeout: 60_000 }, () => {
  it('shows batches and records', async () => {
    const [log] = files('records-0', '.log');
    const [packed] = files('packed-0', '.log');
    await dump(['--files', `${log},${packed}`]);
    await dump(['--files', log!, '--deep-iteration']);
    await dump(['--files', `${log},${packed}`, '--print-data-log']);
    await dump(['--files', log!, '--print-data-log', '--skip-record-metadata']);
    await dump(['--files', log!, '--max-bytes', '1000', '--value-decoder-class']);
    await dump(['--files', packed!, '--key-decoder-class', 'org.apache.kafka.tools.api.StringDecoder']);
  });

  it("shows what is in Kafka's own topics", async () => {
    const [offsets] = files('__consumer_offsets-0', '.log');
    const [transactions] = files('__transaction_state-0', '.log');
    const { out } = await dump(['--files', offsets!, '--offsets-decoder']);
    assert.match(out, /"group":"readers"/);
    await dump(['--files', transactions!, '--transaction-log-decoder']);
    const reasons = (text: string) => text.replace(/(skipping\.) .*/g, '$1');
    await dump(['--files', transactions!, '--offsets-decoder'], { normal: reasons });
    const [log] = files('packed-0', '.log');
    await dump(['--files', log!, '--offsets-decoder'], { code: 1 });
  });

  it('shows indexes and snapshots, and what does not fit together', async () => {
    const found = ['.index', '.timeindex', '.snapshot', '.txnindex'].flatMap((ending) =>
      files('records-0', ending),
    );
    for (const file of found) {
      await dump(['--files', file]);
      await dump(['--files', file, '--verify-index-only']);
      await dump(['--files', file, '--index-sanity-check']);
    }
  });

  it('says what is wrong with files', async () => {
    const [log] = files('records-0', '.log');
    const path = join(folder, '00000000000000000003.log');
    copyFileSync(log!, path);
    await dump(['--files', path, '--deep-iteration']);
    appendFileSync(path, readFileSync(log!).subarray(0, 80));
    await dump(['--files', path]);
    appendFileSync(path, Buffer.alloc(200));
    const bytes = readFileSync(log!);
    bytes[90]! ^= 1;
    writeFileSync(path, bytes);
    await dump(['--files', path]);
    writeFileSync(path, Buffer.alloc(200));
    await dump(['--files', path], { code: 1 });
    await dump(['--files', '/no/such/00000000000000000000.log'], { code: 1 });
    await dump(['--files', `${folder}/meta.properties,${folder}/nothing,${folder}/a.b`]);
    await dump(['--files', `${folder}/name.log`], { code: 1 });
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    const [log] = files('records-0', '.log');
    for (const words of [
      ...[[], ['--help'], ['--print-data-log'], ['--nothing'], ['--files']],
      ['--files', log!, '--value-decoder-class', 'com.example.Decoder'],
    ])
      await dump(words, { code: 1 });
  });
});
