// What log lines show of requests, those that carry secrets above all.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { summarizeRequest } from './request-summary.ts';

const secret = Buffer.from('hunter2');
const JAAS = 'listener.name.outside.plain.sasl.jaas.config';

/** Requests as they are decoded, by their API's name. */
const REQUESTS_WITH_SECRETS = {
  SaslAuthenticate: { authBytes: secret },
  AlterUserScramCredentials: {
    deletions: [],
    upsertions: [{ name: 'alice', mechanism: 1, iterations: 4096, salt: secret, saltedPassword: secret }],
  },
  RenewDelegationToken: { hmac: secret, renewPeriodMs: 1000 },
  Produce: { topicData: [{ name: 'orders', partitionData: [{ index: 0, records: [secret, secret] }] }] },
  AlterConfigs: {
    resources: [{ resourceType: 4, configs: [{ name: 'ssl.key.password', value: 'hunter2' }] }],
  },
  IncrementalAlterConfigs: {
    resources: [{ resourceType: 4, configs: [{ name: JAAS, configOperation: 0, value: 'a "hunter2"' }] }],
  },
  CreateTopics: { topics: [{ name: 'orders', configs: [{ name: 'vault.token', value: 'hunter2' }] }] },
};

describe('the summary of a request', () => {
  for (const [api, request] of Object.entries(REQUESTS_WITH_SECRETS)) {
    it(`hides what ${api} carries`, () => {
      const text = summarizeRequest(request);
      assert.doesNotMatch(text, /hunter2|68 75 6e 74/);
      assert.match(text, /\[hidden\]|\[7 bytes\]/);
    });
  }

  it('shows what helps to repeat it', () => {
    const configs = [
      { name: 'retention.ms', value: '1000' },
      { name: 'cleanup.policy', value: null },
    ];
    const request = { topics: [{ name: 'orders', numPartitions: 3, configs }], validateOnly: true };
    assert.equal(
      summarizeRequest(request),
      "{ topics: [ { name: 'orders', numPartitions: 3, configs: [ { name: 'retention.ms', value: '1000' }, { name: 'cleanup.policy', value: null } ] } ], validateOnly: true }",
    );
    assert.equal(
      summarizeRequest({ partitions: [1, 2, 3, 4, 5, 6, 7] }),
      '{ partitions: [ 1, 2, 3, 4, 5, 2 more ] }',
    );
  });

  it('shows levels of loggers, which are settings too', () => {
    const configs = [
      { name: 'audit', configOperation: 0, value: 'FATAL' },
      { name: 'of-nobody', configOperation: 0, value: 'hunter2' },
    ];
    const text = summarizeRequest({ resources: [{ resourceType: 8, resourceName: '1', configs }] });
    assert.match(text, /name: 'audit', configOperation: 0, value: 'FATAL'/);
    assert.doesNotMatch(text, /hunter2/);
  });

  it('stays short whatever comes', () => {
    const deep = Array.from({ length: 40 }).reduce<unknown>((inner) => ({ inner }), 'end');
    const wide = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`f${index}`, 'x'.repeat(1e4)]),
    );
    for (const request of [deep, wide]) assert.ok(summarizeRequest(request).length < 5000);
  });
});
