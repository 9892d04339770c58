import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedError } from '@moldau/protocol';
import { type MemberMetadata, MemberState } from './consumer-group.ts';
import {
  type ConsumerGroupRecord,
  encodeConsumerGroupRecord,
  parseConsumerGroupRecord,
} from './consumer-group-records.ts';

const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAABA';

const metadata: MemberMetadata = {
  instanceId: 'i',
  rackId: null,
  clientId: 'client',
  clientHost: '/127.0.0.1',
  subscribedTopicNames: new Set(['t', 'u']),
  subscribedTopicRegex: 'x.*',
  rebalanceTimeoutMs: 1000,
  serverAssignor: 'range',
  classic: { sessionTimeoutMs: 5000, protocols: [{ name: 'range', metadata: Buffer.from('m') }] },
};

const records: ConsumerGroupRecord[] = [
  { kind: 'group', groupId: 'g', value: { epoch: 3, metadataHash: -5n } },
  { kind: 'member', groupId: 'g', memberId: 'm', value: metadata },
  { kind: 'member', groupId: 'g', memberId: 'm', value: { ...metadata, instanceId: null, classic: null } },
  { kind: 'target', groupId: 'g', value: { assignmentEpoch: 3, timestampMs: 1_700_000_000_000 } },
  {
    kind: 'member-target',
    groupId: 'g',
    memberId: 'm',
    value: new Map([[TOPIC_ID, new Set([0, 2])]]),
  },
  {
    kind: 'member-assignment',
    groupId: 'g',
    memberId: 'm',
    value: {
      memberEpoch: 3,
      previousMemberEpoch: 2,
      state: MemberState.UNREVOKED_PARTITIONS,
      assigned: new Map([[TOPIC_ID, new Map([[0, 1]])]]),
      pendingRevocation: new Map([[TOPIC_ID, new Map([[2, 3]])]]),
    },
  },
  {
    kind: 'regex',
    groupId: 'g',
    regex: 'x.*',
    value: { topics: new Set(['x1']), version: 7, resolvedAtMs: 1_700_000_000_000 },
  },
];

test('records say the same after they have been bytes', () => {
  for (const record of records) {
    assert.deepEqual(parseConsumerGroupRecord(encodeConsumerGroupRecord(record)), record);
    const tombstone = { ...record, value: null };
    assert.deepEqual(parseConsumerGroupRecord(encodeConsumerGroupRecord(tombstone)), tombstone);
  }
});

test('a member is written as Kafka 4.3 wrote it', () => {
  const bytes =
    '000000000b7261772d636c69656e740b2f3132372e302e302e3102027401000075300001005a0100007530020672616e67654c00010000000100' +
    '3b6d77716b6c76746a2e4a6f696e47726f75702d6f662d612d67726f75702d6f662d7468652d636f6e73756d65722d70726f746f636f6c2d7639' +
    '2e74ffffffff000000000000';
  const value = Buffer.from(bytes, 'hex');
  const { key } = encodeConsumerGroupRecord(records[1]!);
  const parsed = parseConsumerGroupRecord({ key, value });
  assert.ok(parsed?.kind === 'member' && parsed.value !== null);
  assert.equal(parsed.value.classic?.sessionTimeoutMs, 30_000);
  assert.equal(encodeConsumerGroupRecord(parsed).value?.toString('hex'), bytes);
  const withoutClassic = encodeConsumerGroupRecord({ ...parsed, value: { ...parsed.value, classic: null } });
  assert.match(withoutClassic.value!.toString('hex'), /01000100$/);
});

test('a state that is not known makes its member start anew', () => {
  const { key, value } = encodeConsumerGroupRecord(records[5]!);
  value!.writeInt8(9, 2 + 4 + 4);
  const parsed = parseConsumerGroupRecord({ key, value });
  assert.ok(parsed?.kind === 'member-assignment');
  assert.equal(parsed.value?.state, MemberState.UNKNOWN);
});

test('records of other kinds are left alone, and broken ones refused', () => {
  assert.equal(parseConsumerGroupRecord({ key: Buffer.from([0, 2, 0, 1, 65]), value: null }), undefined);
  assert.equal(parseConsumerGroupRecord({ key: null, value: null }), undefined);
  assert.throws(() => parseConsumerGroupRecord({ key: Buffer.from([0, 3]), value: null }), MalformedError);
});
