import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ErrorCode,
  findCoordinatorRequest,
  findCoordinatorResponse,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  listGroupsRequest,
  listGroupsResponse,
  metadataRequest,
  metadataResponse,
  shareAcknowledgeRequest,
  shareAcknowledgeResponse,
  shareFetchRequest,
  shareFetchResponse,
  shareGroupHeartbeatRequest,
  shareGroupHeartbeatResponse,
} from '@moldau/protocol';
import { GoodClient, RawClient, startTestBroker } from '@moldau/testing';

const GROUP_RESOURCE = 32;
const ACCEPT = 1;

/** A member of group g that reads topic 'good' from its beginning. */
class Member {
  readonly raw: RawClient;
  readonly memberId: string;
  readonly topicId: string;
  #epoch = 0;

  private constructor(raw: RawClient, memberId: string, topicId: string) {
    this.raw = raw;
    this.memberId = memberId;
    this.topicId = topicId;
  }

  static async join(port: number, memberId: string): Promise<Member> {
    const raw = await RawClient.dial({ port });
    await raw.request(incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, 1, {
      resources: [
        {
          ...{ resourceType: GROUP_RESOURCE, resourceName: 'g' },
          configs: [{ name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' }],
        },
      ],
      validateOnly: false,
    });
    const { topics } = await raw.request(metadataRequest, metadataResponse, 12, {
      topics: [{ name: 'good' }],
    });
    const member = new Member(raw, memberId, topics[0]!.topicId);
    for (let memberEpoch = 0, assigned = 0; assigned === 0; ) {
      const answer = await raw.request(shareGroupHeartbeatRequest, shareGroupHeartbeatResponse, 1, {
        ...{ groupId: 'g', memberId, memberEpoch, subscribedTopicNames: ['good'] },
      });
      assert.equal(answer.errorCode, ErrorCode.NONE);
      memberEpoch = answer.memberEpoch;
      assigned = answer.assignment?.topicPartitions.length ?? 0;
    }
    return member;
  }

  /** The error of the last fetch's acknowledgement. */
  acknowledgeErrorCode: number | undefined;

  /** What was acquired, as 'first-last x deliveries'. */
  async fetch(
    fields: { maxWaitMs?: number; maxRecords?: number } = {},
    accepted: readonly number[] = [],
  ): Promise<string[]> {
    const acknowledgementBatches = accepted.map((offset) => ({
      ...{ firstOffset: offset, lastOffset: offset, acknowledgeTypes: [ACCEPT] },
    }));
    const { errorCode, responses } = await this.raw.request(shareFetchRequest, shareFetchResponse, 2, {
      ...{ groupId: 'g', memberId: this.memberId, shareSessionEpoch: this.#epoch++ },
      ...{ maxWaitMs: 0, minBytes: 1, maxBytes: 1_000_000, maxRecords: 500, batchSize: 500, ...fields },
      topics: [{ topicId: this.topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches }] }],
      forgottenTopicsData: [],
    });
    assert.equal(errorCode, ErrorCode.NONE);
    this.acknowledgeErrorCode = responses[0]?.partitions[0]?.acknowledgeErrorCode;
    const acquired = responses.flatMap(({ partitions }) =>
      partitions.flatMap(({ acquiredRecords }) => acquiredRecords),
    );
    return acquired.map(
      ({ firstOffset, lastOffset, deliveryCount }) => `${firstOffset}-${lastOffset} x ${deliveryCount}`,
    );
  }

  async accept(firstOffset: number, lastOffset: number): Promise<number | undefined> {
    const { responses } = await this.raw.request(shareAcknowledgeRequest, shareAcknowledgeResponse, 2, {
      ...{ groupId: 'g', memberId: this.memberId, shareSessionEpoch: this.#epoch++ },
      topics: [
        {
          topicId: this.topicId,
          partitions: [
            {
              partitionIndex: 0,
              acknowledgementBatches: [{ firstOffset, lastOffset, acknowledgeTypes: [ACCEPT] }],
            },
          ],
        },
      ],
    });
    return responses[0]?.partitions[0]?.errorCode;
  }
}

test('members share records, and get those of one whose connection is lost', async () => {
  await using broker = await startTestBroker();
  const producer = await GoodClient.dial(broker);
  for (let n = 0; n < 4; n++) await producer.produce(Buffer.from(`record ${n}`));
  const a = await Member.join(broker.port, 'a');
  const b = await Member.join(broker.port, 'b');
  assert.deepEqual(await a.fetch({ maxRecords: 2 }), ['0-1 x 1']);
  assert.deepEqual(await b.fetch(), ['2-3 x 1']);
  assert.equal(await b.accept(0, 1), ErrorCode.INVALID_RECORD_STATE);
  assert.equal(await b.accept(2, 3), ErrorCode.NONE);
  const waiting = b.fetch({ maxWaitMs: 10_000 });
  a.raw.close();
  assert.deepEqual(await waiting, ['0-1 x 2']);
  const next = b.fetch({ maxWaitMs: 10_000 });
  await producer.produce(Buffer.from('late'));
  assert.deepEqual(await next, ['4-4 x 1']);
  b.raw.close();
  producer.close();
});

test('what a fetch acknowledges is not what the same fetch acquires', async () => {
  await using broker = await startTestBroker();
  const producer = await GoodClient.dial(broker);
  await producer.produce(Buffer.from('first'));
  const member = await Member.join(broker.port, 'a');
  assert.deepEqual(await member.fetch(), ['0-0 x 1']);
  await producer.produce(Buffer.from('second'));
  assert.deepEqual(await member.fetch({}, [1]), ['1-1 x 1']);
  assert.equal(member.acknowledgeErrorCode, ErrorCode.INVALID_REQUEST);
  assert.equal(await member.accept(0, 1), ErrorCode.NONE);
  member.raw.close();
  producer.close();
});

test('a group of shares is listed, and found by those who keep its state', async () => {
  await using broker = await startTestBroker();
  const producer = await GoodClient.dial(broker);
  const member = await Member.join(broker.port, 'a');
  const { groups } = await member.raw.request(listGroupsRequest, listGroupsResponse, 5, {
    ...{ statesFilter: [], typesFilter: ['share'] },
  });
  assert.deepEqual(groups, [
    { groupId: 'g', protocolType: 'share', groupState: 'Stable', groupType: 'share' },
  ]);
  const { coordinators } = await member.raw.request(findCoordinatorRequest, findCoordinatorResponse, 6, {
    ...{ keyType: 2, coordinatorKeys: [`g:${member.topicId}:0`, 'nonsense'] },
  });
  assert.deepEqual(
    coordinators.map(({ errorCode }) => errorCode),
    [ErrorCode.NONE, ErrorCode.INVALID_REQUEST],
  );
  member.raw.close();
  producer.close();
});
