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
