// OffsetFetch: how far groups have come; -1 where nothing was committed. Null topics, from version 2 on, ask for all a
// group has. From version 8 on several groups at once (KIP-709), from 10 on topics by id.
//
// requireStable (KIP-447) asks not to be shown offsets whose successor is in a transaction that has not ended. Version 0, which once read ZooKeeper, tells its clients that nothing was committed by an error, as it did then.

import type { MetadataImage } from '@moldau/metadata';
import {
  ErrorCode,
  KafkaError,
  type OffsetFetchRequest,
  offsetFetchRequest,
  offsetFetchResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import type { FetchedTopic } from '../coordinators/groups/group-commands.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { distinctWhenMany } from './distinct-when-many.ts';
import { map } from './group-requests.ts';
import { type RequestContext, type Services, serve } from './handler.ts';

const FIRST_VERSION_WITH_ERROR_CODE = 2;
const FIRST_VERSION_WITH_MANY_GROUPS = 8;
const FIRST_VERSION_WITH_TOPIC_IDS = 10;

type RequestGroup = Pick<OffsetFetchRequest['groups'][number], 'groupId' | 'topics'> &
  Pick<OffsetFetchRequest, 'requireStable'> &
  Partial<Pick<OffsetFetchRequest['groups'][number], 'memberId' | 'memberEpoch'>>;

interface AnsweredGroup {
  groupId: string;
  errorCode: number;
  topics: FetchedTopic[];
}

export const offsetFetch = serve({
  request: offsetFetchRequest,
  response: offsetFetchResponse,
  minVersion: 0,
  maxVersion: 10,
  async handle(request, context, services) {
    const { requireStable } = request;
    const { apiVersion } = context;
    if (apiVersion >= FIRST_VERSION_WITH_MANY_GROUPS) {
      return {
        groups: await Promise.all(
          distinctWhenMany(request.groups, ({ groupId }) => groupId).map((group) =>
            tryGroup({ ...group, requireStable }, context, services),
          ),
        ),
      };
    }
    const topics =
      request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ??
      (apiVersion >= FIRST_VERSION_WITH_ERROR_CODE ? null : []);
    const group = { groupId: request.groupId, topics, requireStable };
    // Older versions have no place for an error but the partitions: see fail.
    const hasErrorCode = apiVersion >= FIRST_VERSION_WITH_ERROR_CODE;
    const answer = await (hasErrorCode ? tryGroup : fetchGroup)(group, context, services);
    if (apiVersion === 0) markMissing(answer.topics);
    return { topics: answer.topics, errorCode: answer.errorCode };
  },
  fail: ({ groupId: _, topics, groups }, errorCode) => ({
    errorCode,
    // Versions 0 and 1 have no place for an error but the partitions.
    topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => nothingCommitted(partitionIndex, errorCode)),
    })),
    groups: groups.map(({ groupId }) => ({ groupId, errorCode, topics: [] })),
  }),
});

/** A member that may not read its offsets is told so without harm to the other groups. */
async function tryGroup(
  group: RequestGroup,
  context: RequestContext,
  services: Services,
): Promise<AnsweredGroup> {
  try {
    return await fetchGroup(group, context, services);
  } catch (error) {
    if (error instanceof KafkaError) return { groupId: group.groupId, errorCode: error.code, topics: [] };
    throw error;
  }
}

function fetchGroup(
  { groupId, topics, ...member }: RequestGroup,
  context: RequestContext,
  services: Services,
): AnsweredGroup | Promise<AnsweredGroup> {
  const { groups, metadata } = services;
  const permission = permissions.offsetFetch;
  demand(services, context, permission.group, groupId);
  const image = metadata();
  const isById = context.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS;
  const refused: FetchedTopic[] = [];
  const asked = topics && distinctWhenMany(topics, ({ name, topicId }) => `${topicId}/${name}`);
  const known = asked?.flatMap(({ name, topicId, ...topic }) => {
    const partitionIndexes = distinctWhenMany(topic.partitionIndexes);
    const found = isById ? image.topicById(topicId) : image.topicByName(name);
    const refuse = (errorCode: number) => {
      const partitions = partitionIndexes.map((index) => nothingCommitted(index, errorCode));
      refused.push({ name, topicId, partitions });
      return [];
    };
    if (isById && found === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_ID);
    if (!may(services, context, permission.topic, found?.name ?? name))
      return refuse(permission.topic.denied);
    return [{ name: found?.name ?? name, topicId: found?.id ?? ZERO_UUID, partitionIndexes }];
  });
  const isSeen = ({ name }: FetchedTopic) => may(services, context, permission.anyTopic, name);
  return map(groups.fetchOffsets({ ...member, groupId, topics: known ?? null }), (fetched) => ({
    groupId,
    errorCode: ErrorCode.NONE,
    topics:
      topics === null
        ? (isById ? withIds(fetched, image) : fetched).filter(isSeen)
        : [...refused, ...fetched],
  }));
}

/** Topics that are no more have no id to be named by. */
function withIds(topics: FetchedTopic[], image: MetadataImage): FetchedTopic[] {
  return topics.flatMap((topic) => {
    const topicId = image.topicByName(topic.name)?.id;
    return topicId === undefined ? [] : [{ ...topic, topicId }];
  });
}

function markMissing(topics: FetchedTopic[]): void {
  for (const { partitions } of topics) {
    for (const partition of partitions) {
      if (partition.committedOffset === -1) partition.errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    }
  }
}

function nothingCommitted(partitionIndex: number, errorCode: number): FetchedTopic['partitions'][number] {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode };
}
