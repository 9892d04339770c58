// Features, the metadata quorum, elections and reassignments through a real connection.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  ErrorCode,
  updateFeaturesRequest,
  updateFeaturesResponse,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

let broker: TestBroker;
let client: RawClient;

before(async () => {
  broker = await startTestBroker();
  client = await RawClient.dial(broker);
});

after(async () => {
  client.close();
  await broker.stop();
});

function versions(version: number) {
  return client.request(apiVersionsRequest, apiVersionsResponse, version, {
    clientSoftwareName: 'test',
    clientSoftwareVersion: '1',
  });
}

test('ApiVersions tells features that begin at level 0 only to those who can read them', async () => {
  const [third, fourth] = [await versions(3), await versions(4)];
  assert.deepEqual(third.supportedFeatures, [{ name: 'metadata.version', minVersion: 7, maxVersion: 30 }]);
  assert.ok(fourth.supportedFeatures.some(({ name }) => name === 'kraft.version'));
  for (const { finalizedFeatures, finalizedFeaturesEpoch } of [third, fourth]) {
    assert.ok(finalizedFeaturesEpoch >= 0);
    assert.deepEqual(
      finalizedFeatures.find(({ name }) => name === 'metadata.version'),
      { name: 'metadata.version', maxVersionLevel: 30, minVersionLevel: 30 },
    );
  }
  assert.deepEqual((await versions(2)).finalizedFeatures, []);
});

test('UpdateFeatures names what it updated until version 1', async () => {
  for (const version of [0, 1, 2]) {
    const answer = await client.request(updateFeaturesRequest, updateFeaturesResponse, version, {
      featureUpdates: [{ feature: 'metadata.version', maxVersionLevel: 30 }],
    });
    const updated = { feature: 'metadata.version', errorCode: ErrorCode.NONE, errorMessage: 'NONE' };
    assert.deepEqual(answer, {
      ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
      results: version < 2 ? [updated] : [],
    });
  }
});

test('UpdateFeatures tells why it refuses', async () => {
  const answer = await client.request(updateFeaturesRequest, updateFeaturesResponse, 2, {
    featureUpdates: [{ feature: 'streams.version', maxVersionLevel: 1 }],
  });
  assert.equal(answer.errorCode, ErrorCode.INVALID_UPDATE_VERSION);
  assert.match(answer.errorMessage!, /Local controller 1 does not support this feature/);
});
