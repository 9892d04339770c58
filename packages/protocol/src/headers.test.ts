import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apis } from './apis.ts';
import { encodeRequestFrame, encodeResponseFrame } from './frames.ts';
import { requestHeader, requestHeaderVersion, responseHeader, responseHeaderVersion } from './headers.ts';
import { produceRequest } from './messages/00-produce.ts';
import { fetchResponse } from './messages/01-fetch.ts';
import { heartbeatRequest } from './messages/12-heartbeat.ts';
import { apiVersionsRequest, apiVersionsResponse } from './messages/18-api-versions.ts';

test('flexible versions have the later headers, save the answer to ApiVersions', () => {
  assert.equal(requestHeaderVersion(0, 8), 1);
  assert.equal(requestHeaderVersion(0, 9), 2);
  assert.equal(responseHeaderVersion(0, 8), 0);
  assert.equal(responseHeaderVersion(0, 9), 1);
  assert.equal(requestHeaderVersion(17, 1), 1);
  assert.equal(requestHeaderVersion(18, 3), 2);
  assert.equal(requestHeaderVersion(18, 99), 2);
  assert.equal(responseHeaderVersion(18, 3), 0);
  assert.throws(() => requestHeaderVersion(4, 0), /no API has the key 4/);
});

test('the header table says of every API what its messages say', () => {
  for (const { key, request, response } of apis) {
    for (let version = request.versions.min; version <= request.versions.max; version++) {
      assert.equal(requestHeaderVersion(key, version), request.isFlexible(version) ? 2 : 1);
      if (key === 18) continue;
      assert.equal(responseHeaderVersion(key, version), response.isFlexible(version) ? 1 : 0);
    }
  }
  for (const key of [-1, 4, 7, 93, 1.5]) assert.throws(() => responseHeaderVersion(key, 0), /no API/);
});

for (const [version, clientId] of [
  [0, null],
  [0, 'büro'],
  [4, null],
  [4, 'büro'],
] as const) {
  test(`frames a request of version ${version} from client ${clientId}`, () => {
    const value = { groupId: 'g', generationId: 1, memberId: 'm' };
    const frame = Buffer.concat(encodeRequestFrame(heartbeatRequest, version, 77, clientId, value));
    assert.equal(frame.readInt32BE(0), frame.length - 4);
    const header = requestHeader.decodeAt(frame, requestHeaderVersion(12, version), 4);
    assert.deepEqual(header.value, {
      requestApiKey: 12,
      requestApiVersion: version,
      correlationId: 77,
      clientId,
    });
    const body = heartbeatRequest.decodeAt(frame, version, header.end);
    assert.equal(body.value.memberId, 'm');
    assert.equal(body.end, frame.length);
  });
}

test('frames a response, with large records as a view', () => {
  const records = Buffer.alloc(10_000, 1);
  const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 5, abortedTransactions: null, records };
  for (const version of [4, 12]) {
    const value = { errorCode: 0, responses: [{ topic: 't', partitions: [partition] }] };
    const chunks = encodeResponseFrame(fetchResponse, version, -3, value);
    assert.ok(chunks.includes(records));
    const frame = Buffer.concat(chunks);
    assert.equal(frame.readInt32BE(0), frame.length - 4);
    const header = responseHeader.decodeAt(frame, responseHeaderVersion(1, version), 4);
    assert.equal(header.value.correlationId, -3);
    const body = fetchResponse.decodeAt(frame, version, header.end);
    assert.equal(body.end, frame.length);
    assert.deepEqual(body.value.responses[0]!.partitions[0]!.records, records);
  }
});

test('frames the answer to ApiVersions behind the oldest header', () => {
  const frame = Buffer.concat(encodeResponseFrame(apiVersionsResponse, 3, 1, { errorCode: 0, apiKeys: [] }));
  assert.equal(frame.toString('hex'), '0000000c' + '00000001' + '0000' + '01' + '00000000' + '00');
  const request = { clientSoftwareName: 'n', clientSoftwareVersion: 'v' };
  const asked = Buffer.concat(encodeRequestFrame(apiVersionsRequest, 3, 1, 'c', request));
  assert.equal(
    asked.toString('hex'),
    '00000011' + '0012' + '0003' + '00000001' + '000163' + '00' + '026e0276' + '00',
  );
});

test('frames a request whose first field is large', () => {
  const records = Buffer.alloc(4000, 2);
  const value = { acks: 1, timeoutMs: 1, topicData: [{ name: 't', partitionData: [{ index: 0, records }] }] };
  const frame = Buffer.concat(encodeRequestFrame(produceRequest, 13, 5, null, value));
  const header = requestHeader.decodeAt(frame, 2, 4);
  assert.equal(produceRequest.decodeAt(frame, 13, header.end).end, frame.length);
});
