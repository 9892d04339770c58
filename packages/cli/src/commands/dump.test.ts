import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Kafka } from '@moldau/client';
import { crc32c, encodeMessageSet } from '@moldau/protocol';
import { startTestBroker, type TestBroker, temporaryDirectory } from '@moldau/testing';
import { runVerb } from '../testing-context.ts';
import { dump } from './dump-verb.ts';

/** Not so long ago that the segment would be rolled for it. */
const SENT_MS = Date.now() - 1000;

let broker: TestBroker;
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
before(async () => {
  folder = await temporaryDirectory();
  broker = await startTestBroker({ settings: ['offsets.topic.num.partitions=1'] });
  await using kafka = new Kafka({ brokers: `127.0.0.1:${broker.port}` });
  const admin = kafka.admin();
  await admin.topics.create({ name: 'orders', partitions: 1 });
  await using plain = kafka.producer({ compression: 'zstd' });
  await plain.send('orders', [
    { key: 'id-1', value: '{"paid":true}', timestampMs: SENT_MS },
    { key: 'id-2', value: null, headers: { source: 'shop' }, timestampMs: SENT_MS + 1 },
  ]);
  await using transactional = kafka.producer({ transactionalId: 'dumped' });
  await transactional.transaction((transaction) => transaction.send('orders', { value: 'done' }));
  const aborted = await transactional.begin();
  await aborted.send('orders', { value: 'not done' });
  await aborted.abort();
  await admin.groupOffsets.alter('billing', [{ topic: 'orders', partition: 0, offset: 2 }]);
});
after(async () => {
  await broker.stop();
  await folder.remove();
});

// biome-ignore lint/suspicious/noExplicitAny: the tests know what is in it
async function rows(file: string[], options = {}): Promise<{ code: number; found: any[] }> {
  const { code, out, told } = await runVerb(dump, { file }, options, { output: 'ndjson' });
  assert.deepEqual(told, []);
  return {
    code,
    found: out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

const logOf = (name: string) => join(broker.dataDirectory, name, '00000000000000000000.log');

test('a segment is shown batch by batch, with its records and the ends of transactions', async () => {
  const { code, found } = await rows([logOf('orders-0')]);
  assert.equal(code, 0);
  assert.deepEqual(
    found.map(({ kind, offset, baseOffset = offset }) => [kind, baseOffset]),
    [
      ...[
        ['batch', 0],
        ['record', 0],
        ['record', 1],
      ],
      ...[
        ['batch', 2],
        ['record', 2],
        ['batch', 3],
        ['control', 3],
      ],
      ...[
        ['batch', 4],
        ['record', 4],
        ['batch', 5],
        ['control', 5],
      ],
    ],
  );
  const [batch, first, second] = found;
  assert.deepEqual(
    [batch.compression, batch.recordCount, batch.isValid, batch.position],
    ['zstd', 2, true, 0],
  );
  assert.deepEqual([first.key, first.value, first.timestampMs], ['id-1', { paid: true }, SENT_MS]);
  assert.deepEqual([second.value, second.headers], [null, [{ name: 'source', value: 'shop' }]]);
  assert.deepEqual(
    found.filter(({ kind }) => kind === 'control').map(({ type }) => type),
    ['commit', 'abort'],
  );
  const later = await rows([logOf('orders-0')], { batches: true, from: 3 });
  assert.deepEqual(
    later.found.map(({ baseOffset }) => baseOffset),
    [3, 4, 5],
  );
});

test('people read a line for each', async () => {
  const { out } = await runVerb(dump, { file: [logOf('orders-0')] });
  assert.match(
    out,
    /\n {2}batch 0 to 1 at 0: 2 records in \d+ bytes, up to \S+, .*zstd\n {4}0 \S+ id-1 = \{"paid":true\}\n/,
  );
  assert.match(out, /\n {4}1 \S+ id-2 = - \[source=shop\]\n/);
});

test('records of the brokers’ own topics are decoded', async () => {
  const { found } = await rows([logOf('__consumer_offsets-0'), ...(await transactionLogs())]);
  const commit = found.find(({ kind, value }) => kind === 'record' && value?.kind === 'OffsetCommitValue');
  assert.deepEqual([commit.key.group, commit.key.topic, commit.value.offset], ['billing', 'orders', 2]);
  assert.ok(found.some(({ key }) => key?.kind === 'TransactionLogKey' && key.transactionalId === 'dumped'));
});

async function transactionLogs(): Promise<string[]> {
  const names = await readdir(broker.dataDirectory);
  return names.filter((name) => name.startsWith('__transaction_state-')).map(logOf);
}

test('bytes that are not what was written, and a torn end, are told of', async () => {
  const copy = join(folder.path, '00000000000000000000.log');
  await copyFile(logOf('orders-0'), copy);
  const bytes = await readFile(copy);
  bytes[70]! ^= 1;
  await writeFile(copy, bytes.subarray(0, bytes.length - 3));
  const { code, found } = await rows([copy], { problems: true });
  assert.equal(code, 1);
  assert.deepEqual(
    found.map(({ position }) => position === 0),
    [true, false],
  );
  assert.match(found[0].problem, /checksum/);
  assert.match(found[1].problem, /ends within a batch/);
  await writeFile(copy, Buffer.alloc(100));
  assert.match((await rows([copy])).found[0].problem, /^zeros/);
});

test('the small files of a folder are shown, and those that no log has are refused', async () => {
  const partition = join(folder.path, 'orders-3');
  await mkdir(partition);
  const write = (name: string, bytes: Uint8Array | string) => writeFile(join(partition, name), bytes);
  const base = '00000000000000000040';
  const index = Buffer.alloc(24);
  index.writeInt32BE(5, 0);
  index.writeInt32BE(4096, 4);
  await write(`${base}.index`, index);
  const times = Buffer.alloc(24);
  times.writeBigInt64BE(1_700_000_000_000n, 0);
  times.writeInt32BE(5, 8);
  await write(`${base}.timeindex`, times);
  const snapshot = Buffer.alloc(56);
  snapshot.writeInt16BE(1, 0);
  snapshot.writeInt32BE(1, 6);
  snapshot.writeBigInt64BE(7n, 10);
  snapshot.writeBigInt64BE(-1n, 48);
  snapshot.writeUInt32BE(crc32c(snapshot, 6), 2);
  await write(`${base}.snapshot`, snapshot);
  await write('leader-epoch-checkpoint', '0\n2\n0 0\n3 41\n');
  await write('notes.txt', 'not shown');
  const messages = [{ offset: 40, timestamp: 5, key: null, value: Buffer.from('old') }];
  await write(`${base}.log`, encodeMessageSet({ magic: 1, messages }));
  const { code, found } = await rows([partition]);
  assert.equal(code, 0);
  assert.deepEqual(
    found.map(({ file: _file, ...row }) => row).filter(({ kind }) => kind !== 'batch'),
    [
      { kind: 'offset-index', offset: 45, position: 4096 },
      { kind: 'record', offset: 40, timestampMs: 5, key: null, value: 'old', headers: [] },
      {
        ...{ kind: 'producer', producerId: 7, lastSequence: 0, lastOffset: 0, offsetDelta: 0 },
        ...{ coordinatorEpoch: 0, producerEpoch: 0, timestampMs: 0, transactionFirstOffset: null },
      },
      { kind: 'time-index', timestampMs: 1_700_000_000_000, offset: 45 },
      { kind: 'leader-epoch', leaderEpoch: 0, startOffset: 0 },
      { kind: 'leader-epoch', leaderEpoch: 3, startOffset: 41 },
    ],
  );
  const refused = await runVerb(dump, { file: [join(partition, 'notes.txt')] });
  assert.deepEqual([refused.code, /no file of a log is called so/.test(refused.told[0]!)], [1, true]);
  const missing = await runVerb(dump, { file: [join(partition, 'gone.log')] });
  assert.deepEqual([missing.code, missing.told.length], [1, 1]);
});
