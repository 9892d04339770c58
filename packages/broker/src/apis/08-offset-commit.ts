// OffsetCommit: stores how far a group has come. Versions 0 and 1 once meant ZooKeeper; all go to the same place here.
// Versions 2 to 4 may give the offsets a retention of their own; from 10 on topics are named by id.

import type { MetadataImage } from '@moldau/metadata';
import {
  ErrorCode,
  type OffsetCommitRequest,
  offsetCommitRequest,
  offsetCommitResponse,
} from '@moldau/protocol';
import type { CommitOffsetsCommand } from '../coordinators/group-commands.ts';
import { callerOf } from './group-requests.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_TOPIC_IDS = 10;

type RequestTopic = OffsetCommitRequest['topics'][number];

interface CheckedTopic {
  readonly topic: RequestTopic;
  /** What goes to the group. */
  readonly accepted: CommitOffsetsCommand['topics'][number];
  /** Partitions that do not exist, and the error they get. */
  readonly refused: RequestTopic['partitions'];
  readonly refusalCode: number;
}

export const offsetCommit = serve({
  request: offsetCommitRequest,
  response: offsetCommitResponse,
  minVersion: 0,
  maxVersion: 10,
  async handle(request, context, { groups, metadata }) {
    const image = metadata();
    const isById = context.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS;
    const checked = request.topics.map((topic) => check(topic, isById, image));
    const isNothingLeft =
      checked.length > 0 && checked.every(({ accepted }) => accepted.partitions.length === 0);
    const codes = isNothingLeft
      ? []
      : await groups.commitOffsets(
          { ...request, topics: checked.map(({ accepted }) => accepted) },
          callerOf(context),
        );
    return {
      topics: checked.map(({ topic, accepted, refused, refusalCode }, index) => ({
        name: topic.name,
        topicId: topic.topicId,
        partitions: [
          ...withCode(refused, () => refusalCode),
          ...withCode(accepted.partitions, (position) => codes[index]![position]!),
        ],
      })),
    };
  },
  fail: ({ topics }, errorCode) => ({
    topics: topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: withCode(partitions, () => errorCode),
    })),
  }),
});

function check(topic: RequestTopic, isById: boolean, image: MetadataImage): CheckedTopic {
  const found = isById ? image.topicById(topic.topicId) : image.topicByName(topic.name);
  const count = found?.partitionCount ?? 0;
  const isKnown = ({ partitionIndex }: { partitionIndex: number }) =>
    partitionIndex >= 0 && partitionIndex < count;
  const isAllKnown = topic.partitions.every(isKnown);
  return {
    topic,
    accepted: {
      name: found?.name ?? topic.name,
      topicId: found?.id ?? topic.topicId,
      partitions: isAllKnown ? topic.partitions : topic.partitions.filter(isKnown),
    },
    refused: isAllKnown ? [] : topic.partitions.filter((partition) => !isKnown(partition)),
    refusalCode:
      isById && found === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  };
}

function withCode(
  partitions: readonly { readonly partitionIndex: number }[],
  codeAt: (position: number) => number,
): { partitionIndex: number; errorCode: number }[] {
  return partitions.map(({ partitionIndex }, position) => ({ partitionIndex, errorCode: codeAt(position) }));
}
