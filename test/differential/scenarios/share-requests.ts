// What scenarios of share groups send.

import * as protocol from '@moldau/protocol';
import { encodeBatch } from '@moldau/protocol';
import { FindCoordinator } from '../scenario.ts';
import { api, pause, type Side } from '../side.ts';
import { configureGroup, untilCoordinated } from './group-requests.ts';

export const ShareGroupHeartbeat = api(
  protocol.shareGroupHeartbeatRequest,
  protocol.shareGroupHeartbeatResponse,
);
export const ShareGroupDescribe = api(
  protocol.shareGroupDescribeRequest,
  protocol.shareGroupDescribeResponse,
);
export const ShareFetch = api(protocol.shareFetchRequest, protocol.shareFetchResponse);
export const ShareAcknowledge = api(protocol.shareAcknowledgeRequest, protocol.shareAcknowledgeResponse);
export const InitializeState = api(
  protocol.initializeShareGroupStateRequest,
  protocol.initializeShareGroupStateResponse,
);
export const ReadState = api(protocol.readShareGroupStateRequest, protocol.readShareGroupStateResponse);
export const WriteState = api(protocol.writeShareGroupStateRequest, protocol.writeShareGroupStateResponse);
export const DeleteState = api(protocol.deleteShareGroupStateRequest, protocol.deleteShareGroupStateResponse);
export const ReadStateSummary = api(
  protocol.readShareGroupStateSummaryRequest,
  protocol.readShareGroupStateSummaryResponse,
);
export const DescribeShareOffsets = api(
  protocol.describeShareGroupOffsetsRequest,
  protocol.describeShareGroupOffsetsResponse,
);
export const AlterShareOffsets = api(
  protocol.alterShareGroupOffsetsRequest,
  protocol.alterShareGroupOffsetsResponse,
);
export const DeleteShareOffsets = api(
  protocol.deleteShareGroupOffsetsRequest,
  protocol.deleteShareGroupOffsetsResponse,
);

/** The coordinator of groups, or the one of share state that it asks, is not there yet. */
const LOADING = new Set([14, 15, 16]);

/** Of acknowledgements. */
export const GAP = 0;
export const ACCEPT = 1;
export const RELEASE = 2;
export const REJECT = 3;
export const RENEW = 4;

export interface ShareMembership {
  readonly groupId: string;
  readonly memberId: string;
}

export function heartbeatOf(
  { groupId, memberId }: ShareMembership,
  memberEpoch: number,
  subscribedTopicNames: string[] | null = null,
) {
  return { groupId, memberId, memberEpoch, subscribedTopicNames };
}

/** Group configs; groups read their topics from the beginning unless told otherwise. */
export function configureShareGroup(
  side: Side,
  groupId: string,
  configs: Record<string, string> = {},
): Promise<void> {
  return configureGroup(side, groupId, { 'share.auto.offset.reset': 'earliest', ...configs });
}

/** Waits until share state can be kept: Kafka makes its topic for it at the first question. */
export async function untilShareCoordinated(side: Side, groupId: string, topicId: string): Promise<void> {
  for (let attempt = 0; attempt < 1500; attempt++) {
    const { coordinators } = await side.quietly(FindCoordinator, 6, {
      keyType: 2,
      coordinatorKeys: [`${groupId}:${topicId}:0`],
    });
    if (coordinators[0]?.errorCode === 0) {
      const { results } = await side.quietly(ReadStateSummary, 0, {
        groupId,
        topics: [{ topicId, partitions: [{ partition: 0, leaderEpoch: -1 }] }],
      });
      if (results[0]?.partitions[0]?.errorCode === 0) return;
    }
    await pause(50);
  }
  throw new Error('no share coordinator');
}

/** Joins, and waits until the member has partitions. Its epoch. */
export async function joinShare(side: Side, member: ShareMembership, topics: string[]): Promise<number> {
  await untilCoordinated(side, member.groupId);
  let epoch = 0;
  for (let attempt = 0; attempt < 1500; attempt++) {
    const { errorCode, errorMessage, memberEpoch, assignment } = await side.quietly(
      ShareGroupHeartbeat,
      1,
      heartbeatOf(member, epoch, topics),
    );
    if (errorCode === 0) epoch = memberEpoch;
    else if (!LOADING.has(errorCode)) throw new Error(`cannot join: ${errorCode} ${errorMessage}`);
    if ((assignment?.topicPartitions.length ?? 0) > 0) return epoch;
    await pause(200);
  }
  throw new Error('nothing was assigned');
}

export interface Batch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: number[];
}

export function batch(firstOffset: number, lastOffset: number, ...acknowledgeTypes: number[]): Batch {
  return { firstOffset, lastOffset, acknowledgeTypes };
}

export interface FetchFields {
  maxWaitMs?: number;
  minBytes?: number;
  maxBytes?: number;
  maxRecords?: number;
  batchSize?: number;
  shareAcquireMode?: number;
  isRenewAck?: boolean;
  acknowledgementBatches?: Batch[];
  partitions?: number[];
  forgotten?: number[];
}

export function fetchOf(
  { groupId, memberId }: { groupId: string | null; memberId: string | null },
  shareSessionEpoch: number,
  topicId: string,
  fields: FetchFields = {},
) {
  const { acknowledgementBatches = [], partitions = [0], forgotten = [], ...others } = fields;
  // Kafka loads a share partition while the first fetch waits.
  const maxWaitMs = shareSessionEpoch === 0 ? 5_000 : 500;
  const limits = { maxWaitMs, minBytes: 1, maxBytes: 1_000_000, maxRecords: 500, batchSize: 500 };
  return {
    ...{ groupId, memberId, shareSessionEpoch, ...limits, ...others },
    topics: [
      {
        topicId,
        partitions: partitions.map((partitionIndex) => ({ partitionIndex, acknowledgementBatches })),
      },
    ],
    forgottenTopicsData: forgotten.length === 0 ? [] : [{ topicId, partitions: forgotten }],
  };
}

/**
 * Opens a session and fetches until something is acquired: a busy Kafka needs longer to load a share partition than a fetch waits.
 * @returns the session's next epoch
 */
export async function acquire(
  side: Side,
  member: { groupId: string; memberId: string },
  topicId: string,
  fields: FetchFields = {},
): Promise<number> {
  for (let epoch = 0; epoch < 10; epoch++) {
    const { responses } = await side.quietly(ShareFetch, 2, fetchOf(member, epoch, topicId, fields));
    if (
      responses.some(({ partitions }) => partitions.some(({ acquiredRecords }) => acquiredRecords.length > 0))
    )
      return epoch + 1;
  }
  throw new Error('the member is given nothing');
}

export function acknowledgeOf(
  { groupId, memberId }: { groupId: string | null; memberId: string | null },
  shareSessionEpoch: number,
  topicId: string,
  acknowledgementBatches: Batch[],
  fields: { isRenewAck?: boolean; partitionIndex?: number } = {},
) {
  const { partitionIndex = 0, ...others } = fields;
  return {
    ...{ groupId, memberId, shareSessionEpoch, ...others },
    topics: [{ topicId, partitions: [{ partitionIndex, acknowledgementBatches }] }],
  };
}

/** One batch of small records. */
export function batchOf(count: number): Buffer {
  return encodeBatch({
    records: Array.from({ length: count }, (_, index) => ({
      ...{ timestamp: 1_700_000_000_000 + index, key: null, value: Buffer.from(`value ${index}`) },
    })),
  });
}

/** A group with one member that has a topic of one partition, all of it. */
export async function oneMember(
  side: Side,
  options: { configs?: Record<string, string>; batches?: number[] } = {},
) {
  const topic = await side.createTopic('t');
  for (const count of options.batches ?? []) await side.append(topic.name, batchOf(count));
  const groupId = `${side.prefix}g`;
  await configureShareGroup(side, groupId, options.configs);
  const member = { groupId, memberId: 'member-a' };
  await joinShare(side, member, [topic.name]);
  return { topic, groupId, member };
}
