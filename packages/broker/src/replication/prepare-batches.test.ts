import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, encodeBatch, encodeMessageSet, KafkaError } from '@moldau/protocol';
import { BrokerConfig } from '../config/broker-config.ts';
import { TopicConfigs } from '../config/topic-settings.ts';
import { batchesOf, type PrepareOptions, prepareBatches } from './prepare-batches.ts';

const NOW_MS = 1_767_225_600_000;
const records = [{ timestamp: NOW_MS, key: Buffer.from('k'), value: Buffer.from('value '.repeat(50)) }];

function options(configs: Record<string, string> = {}, apiVersion = 9) {
  const settings = new TopicConfigs(new BrokerConfig()).settings(new Map(Object.entries(configs)));
  return { apiVersion, settings, nowMs: NOW_MS };
}

function codeOf(run: () => unknown): number {
  try {
    run();
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
    throw error;
  }
  return ErrorCode.NONE;
}

function prepare(bytes: Buffer | null, how: PrepareOptions) {
  return prepareBatches(batchesOf(bytes, how), how);
}

test('one batch of magic 2 is taken as it is, without a copy', () => {
  const bytes = encodeBatch({ records });
  const [batch] = prepare(bytes, options());
  assert.equal(batch?.buffer, bytes);
});

test('bytes behind a batch that make no whole batch are left out', () => {
  const bytes = encodeBatch({ records });
  for (const rest of [Buffer.alloc(5), bytes.subarray(0, -1)])
    assert.equal(prepare(Buffer.concat([bytes, rest]), options()).length, 1);
});

test('message sets of old producers become batches', () => {
  const set = encodeMessageSet({ magic: 1, messages: records.map((each) => ({ ...each, offset: 0 })) });
  const [batch] = prepare(set, options({}, 2));
  assert.equal(batch?.magic, 2);
  assert.deepEqual(
    batch?.recordList().map(({ value }) => value),
    [records[0]!.value],
  );
  assert.equal(
    codeOf(() => prepare(set, options({}, 3))),
    ErrorCode.INVALID_RECORD,
  );
});

test('a message set that ends within its first message is refused', () => {
  const set = encodeMessageSet({
    magic: 1,
    messages: [{ offset: 0, timestamp: NOW_MS, key: null, value: Buffer.alloc(90) }],
  });
  assert.equal(
    codeOf(() => prepare(set.subarray(0, -1), options({}, 2))),
    ErrorCode.INVALID_RECORD,
  );
});

test('no records, torn bytes, two batches and a wrong checksum are refused with their own errors', () => {
  const bytes = encodeBatch({ records });
  const flipped = Buffer.from(bytes);
  flipped[flipped.length - 1]! ^= 1;
  assert.equal(
    codeOf(() => prepare(null, options())),
    ErrorCode.INVALID_RECORD,
  );
  assert.equal(
    codeOf(() => prepare(bytes.subarray(0, 9), options())),
    ErrorCode.INVALID_RECORD,
  );
  assert.equal(
    codeOf(() => prepare(bytes.subarray(0, -1), options())),
    ErrorCode.INVALID_RECORD,
  );
  assert.equal(
    codeOf(() => prepare(Buffer.concat([bytes, bytes]), options())),
    ErrorCode.INVALID_RECORD,
  );
  assert.equal(
    codeOf(() => prepare(flipped, options())),
    ErrorCode.CORRUPT_MESSAGE,
  );
});

test('what a topic does not allow is refused: size, missing keys, timestamps, transactions', () => {
  const bytes = encodeBatch({ records });
  assert.equal(
    codeOf(() => prepare(bytes, options({ 'max.message.bytes': '100' }))),
    ErrorCode.MESSAGE_TOO_LARGE,
  );
  const keyless = encodeBatch({ records: [{ timestamp: NOW_MS, key: null, value: null }] });
  assert.equal(
    codeOf(() => prepare(keyless, options({ 'cleanup.policy': 'compact' }))),
    ErrorCode.INVALID_RECORD,
  );
  const old = encodeBatch({ records: [{ timestamp: NOW_MS - 10_000, key: null, value: null }] });
  const young = options({ 'message.timestamp.before.max.ms': '1000' });
  assert.equal(
    codeOf(() => prepare(old, young)),
    ErrorCode.INVALID_TIMESTAMP,
  );
});

test("the topic's compression is applied, and 'producer' keeps the producer's", () => {
  const bytes = encodeBatch({ records, compression: 'gzip' });
  assert.equal(prepare(bytes, options())[0]?.compression, 'gzip');
  const [stored] = prepare(bytes, options({ 'compression.type': 'zstd' }));
  assert.equal(stored?.compression, 'zstd');
  assert.deepEqual(stored?.recordList()[0]?.value, records[0]!.value);
  assert.equal(prepare(bytes, options({ 'compression.type': 'uncompressed' }))[0]?.compression, 'none');
});

test('zstd is refused from producers that are too old for it', () => {
  const bytes = encodeBatch({ records, compression: 'zstd' });
  assert.equal(
    codeOf(() => prepare(bytes, options({}, 6))),
    ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  );
  assert.equal(
    codeOf(() => prepare(bytes, options({}, 7))),
    ErrorCode.NONE,
  );
});
