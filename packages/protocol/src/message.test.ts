import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiByKey, apis } from './apis.ts';
import { produceRequest } from './messages/00-produce.ts';
import { fetchRequest, fetchResponse } from './messages/01-fetch.ts';
import { metadataRequest } from './messages/03-metadata.ts';
import { heartbeatRequest } from './messages/12-heartbeat.ts';

const largeRecords = Buffer.alloc(5000, 7);

function produce(records: Uint8Array | readonly Uint8Array[] | null) {
  return {
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: 'orders', partitionData: [{ index: 3, records }] }],
  };
}

test('has one shape over all versions, with defaults for what a version lacks', () => {
  const value = { replicaId: 5, maxWaitMs: 1, minBytes: 2, topics: [] };
  const old = fetchRequest.decode(fetchRequest.encode(value, 0), 0);
  const latest = fetchRequest.decode(fetchRequest.encode(value, 18), 18);
  assert.deepEqual(Object.keys(old), Object.keys(latest));
  assert.equal(old.replicaId, 5);
  assert.equal(latest.replicaId, -1);
  assert.equal(old.maxBytes, 0x7fffffff);
  assert.equal(old.sessionEpoch, -1);
  assert.equal(old.clusterId, null);
});

test('gives every decoded message its own defaults', () => {
  const bytes = fetchRequest.encode({ maxWaitMs: 1, minBytes: 2, topics: [] }, 0);
  const [first, second] = [fetchRequest.decode(bytes, 0), fetchRequest.decode(bytes, 0)];
  first.forgottenTopicsData.push({ topic: 't', topicId: '', partitions: [] });
  first.replicaState.replicaId = 9;
  assert.deepEqual(second.forgottenTopicsData, []);
  assert.equal(second.replicaState.replicaId, -1);
});

test('decodes records as a view of the frame, and large ones are encoded as a view of what was given', () => {
  const encoded = produceRequest.encode(produce(largeRecords), 9);
  const decoded = produceRequest.decode(encoded, 9).topicData[0]!.partitionData[0]!.records!;
  assert.equal(decoded.buffer, encoded.buffer);
  assert.deepEqual(decoded, largeRecords);
  const chunks = produceRequest.encodeChunks(produce(largeRecords), 9);
  assert.ok(chunks.includes(largeRecords));
  assert.deepEqual(Buffer.concat(chunks), encoded);
});

test('encodes a list of buffers as their concatenation', () => {
  const parts = [largeRecords.subarray(0, 3), largeRecords.subarray(3, 4000), largeRecords.subarray(4000)];
  for (const version of [3, 9]) {
    const encoded = produceRequest.encode(produce(parts), version);
    assert.deepEqual(encoded, produceRequest.encode(produce(largeRecords), version));
    assert.deepEqual(Buffer.concat(produceRequest.encodeChunks(produce(parts), version)), encoded);
  }
});

test('leaves headroom in front of the first chunk', () => {
  const chunks = produceRequest.encodeChunks(produce(largeRecords), 9, 13);
  const whole = Buffer.concat(chunks).subarray(13);
  assert.deepEqual(whole, produceRequest.encode(produce(largeRecords), 9));
  assert.ok(chunks[0]!.length > 13);
});

test('encodes messages that are larger than the scratch buffer', () => {
  const topics = Array.from({ length: 20_000 }, (_, i) => ({ name: `topic-${i}-日志` }));
  for (const version of [0, 9]) {
    const value = metadataRequest.decode(metadataRequest.encode({ topics }, version), version);
    assert.deepEqual(
      value.topics!.map(({ name }) => name),
      topics.map(({ name }) => name),
    );
  }
});

test('never hands out the scratch buffer', () => {
  const first = heartbeatRequest.encode({ groupId: 'one', generationId: 1, memberId: 'm' }, 0);
  const copy = Buffer.from(first);
  heartbeatRequest.encode({ groupId: 'two', generationId: 2, memberId: 'n' }, 0);
  assert.deepEqual(first, copy);
});

test('works on after an encoding that failed half-way', () => {
  const value = { groupId: 'g', generationId: 1, memberId: null as never };
  assert.throws(() => heartbeatRequest.encode(value, 0), /HeartbeatRequest memberId may not be null/);
  assert.throws(() =>
    produceRequest.encode(
      {
        ...produce(largeRecords),
        timeoutMs: 1,
        topicData: [{ partitionData: [{ index: 0, records: largeRecords }] }, null as never],
      },
      9,
    ),
  );
  const good = heartbeatRequest.encode({ groupId: 'g', generationId: 1, memberId: 'm' }, 0);
  assert.equal(good.toString('hex'), '0001670000000100016d');
});

test('refuses to encode what the wire cannot hold', () => {
  const long = 'x'.repeat(40_000);
  for (const version of [0, 4]) {
    assert.throws(
      () => heartbeatRequest.encode({ groupId: long, generationId: 1, memberId: 'm' }, version),
      RangeError,
    );
  }
  const offset = (fetchOffset: number) => ({
    maxWaitMs: 0,
    minBytes: 0,
    topics: [{ partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 }] }],
  });
  assert.throws(() => fetchRequest.encode(offset(2 ** 53), 4), RangeError);
  assert.throws(() => fetchRequest.encode(offset(Number.NaN), 4), RangeError);
  const badId = { maxWaitMs: 0, minBytes: 0, topics: [{ topicId: 'short', partitions: [] }] };
  assert.throws(() => fetchRequest.encode(badId, 13), /'short' is not a uuid/);
});

test('refuses versions that do not exist', () => {
  assert.throws(
    () => heartbeatRequest.decode(Buffer.alloc(10), 5),
    /HeartbeatRequest has versions 0 to 4, not 5/,
  );
  assert.throws(() => heartbeatRequest.encode({ groupId: '', generationId: 0, memberId: '' }, -1), /not -1/);
});

test('writes tagged fields only when they differ from their default, also those of more than 127 bytes', () => {
  const response = { errorCode: 0, responses: [] };
  assert.equal(fetchResponse.encode(response, 16).toString('hex'), '00000000000000000000' + '0100');
  const nodeEndpoints = Array.from({ length: 20 }, (_, nodeId) => ({
    nodeId,
    host: `broker-${nodeId}`,
    port: 9092,
  }));
  const encoded = fetchResponse.encode({ ...response, nodeEndpoints }, 16);
  const decoded = fetchResponse.decodeAt(encoded, 16, 0);
  assert.equal(decoded.end, encoded.length);
  assert.deepEqual(
    decoded.value.nodeEndpoints,
    nodeEndpoints.map((node) => ({ ...node, rack: null })),
  );
});

test('finds both sides of an API by its key', () => {
  assert.equal(apis.length, 89);
  for (const api of apis) {
    assert.equal(apiByKey(api.key), api);
    assert.equal(api.request.apiKey, api.response.apiKey);
    assert.deepEqual(api.request.versions, api.response.versions, api.name);
    assert.equal(api.request.flexibleSince, api.response.flexibleSince, api.name);
    assert.equal(api.request.name, `${api.name}Request`);
    assert.equal(api.response.name, `${api.name}Response`);
  }
  assert.equal(apiByKey(4), undefined);
});
