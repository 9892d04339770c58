import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ProducerOptions, resolveProducerOptions } from './producer-options.ts';

const client = { requestTimeoutMs: 30_000 };
const resolve = (options: ProducerOptions) => resolveProducerOptions(options, client);

test('without options: everything that is acknowledged by all, once and in order', () => {
  const { acks, idempotent, maxInFlight, lingerMs, partitioner, requestTimeoutMs } = resolve({});
  assert.deepEqual(
    { acks, idempotent, maxInFlight, lingerMs, partitioner, requestTimeoutMs },
    {
      ...{ acks: -1, idempotent: true, maxInFlight: 5, lingerMs: 5 },
      ...{ partitioner: 'sticky', requestTimeoutMs: 30_000 },
    },
  );
  assert.equal(resolve({ acks: 1 }).idempotent, false);
  assert.equal(resolve({ maxRequestBytes: 1_000 }).batchBytes, 1_000);
});

test("Kafka's and librdkafka's names stand for the same, and ours win", () => {
  const settings = resolve({
    lingerMs: 7,
    properties: {
      ...{ acks: 'all', 'linger.ms': '50', 'batch.size': 1000, 'buffer.memory': '4000000' },
      ...{ 'compression.type': 'zstd', 'compression.zstd.level': '9', 'max.request.size': 5000000 },
      ...{ partitioner: 'consistent_random', retries: 5, 'enable.idempotence': 'true' },
    },
  });
  assert.equal(settings.lingerMs, 7);
  assert.equal(settings.batchBytes, 1_000);
  assert.equal(settings.bufferBytes, 4_000_000);
  assert.deepEqual(settings.compression, { type: 'zstd', level: 9 });
  assert.equal(settings.partitioner, 'consistent-random');
  assert.equal(settings.maxRequestBytes, 5_000_000);
  assert.equal(resolve({ properties: { 'queue.buffering.max.kbytes': 64 } }).bufferBytes, 65_536);
  assert.deepEqual(
    resolve({ properties: { 'compression.codec': 'lz4', 'compression.level': 4 } }).compression,
    {
      ...{ type: 'lz4', level: undefined },
    },
  );
});

test('what cannot be meant is refused with what would be right', () => {
  const refused: [ProducerOptions, RegExp][] = [
    [{ lingerMS: 5 } as ProducerOptions, /A producer has no option lingerMS: did you mean lingerMs\?/],
    [{ 'linger.ms': 5 } as ProducerOptions, /give it as properties/],
    [{ acks: 2 as 1 }, /acks is 2; it can be 'all', 1 or 0/],
    [{ acks: 1, idempotent: true }, /idempotent takes acks 'all'/],
    [{ maxInFlight: 6 }, /5 at most/],
    [{ lingerMs: -1 }, /lingerMs is -1/],
    [{ partitioner: 'murmur2' as 'sticky' }, /it can be sticky, murmur2-random/],
    [{ compression: 'brotli' as 'gzip' }, /it can be none, gzip, snappy, lz4, zstd/],
    [{ compression: { type: 'lz4', level: 3 } }, /lz4 has no levels/],
    [{ compression: { type: 'gzip', level: 30 } }, /of gzip it is from 1 to 9/],
    [{ transactionalId: 'a', idempotent: false }, /Transactions need idempotent/],
    [{ properties: { 'bootstrap.servers': 'x' } }, /belongs to the client/],
    [{ properties: { 'liger.ms': 1 } }, /did you mean linger\.ms\?/],
    [{ properties: { 'key.serializer': 'x' } }, /declare serdes with topic\(\)/],
  ];
  for (const [options, message] of refused)
    assert.throws(() => resolve(options), { code: 'INVALID_OPTIONS', message });
});
