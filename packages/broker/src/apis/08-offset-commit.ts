// OffsetCommit: stores how far a group has come. Versions 0 and 1 once meant ZooKeeper; all go to the same place here.
// Versions 2 to 4 may give the offsets a retention of their own; from 10 on topics are named by id.

import { ErrorCode, offsetCommitRequest, offsetCommitResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { callerOf, splitByAccess, withCode } from './group-requests.ts';
import { serve } from './handler.ts';

const FIRST_VERSION_WITH_TOPIC_IDS = 10;

export const offsetCommit = serve({
  request: offsetCommitRequest,
  response: offsetCommitResponse,
  minVersion: 0,
  maxVersion: 10,
  async handle(request, context, services) {
    const { groups, metadata } = services;
    const permission = permissions.offsetCommit;
    demand(services, context, permission.group, request.groupId);
    const image = metadata();
    const isById = context.apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS;
    const checked = request.topics.map((topic) => {
      const found = isById ? image.topicById(topic.topicId) : image.topicByName(topic.name);
      const isUnknownId = isById && found === undefined;
      const isRefused = !isUnknownId && !may(services, context, permission.topic, found?.name ?? topic.name);
      const refusal = isUnknownId
        ? ErrorCode.UNKNOWN_TOPIC_ID
        : isRefused
          ? permission.topic.denied
          : ErrorCode.NONE;
      return { topic, found, ...splitByAccess(topic.partitions, found, refusal) };
    });
    const isNothingLeft = checked.every(({ existing }) => existing.length === 0);
    const codes = isNothingLeft
      ? []
      : await groups.commitOffsets(
          {
            ...request,
            topics: checked.map(({ topic, found, existing }) => ({
              name: found?.name ?? topic.name,
              topicId: found?.id ?? topic.topicId,
              partitions: existing,
            })),
          },
          callerOf(context),
        );
    return {
      topics: checked.map(({ topic: { name, topicId }, existing, missing, missingCode }, index) => {
        const partitions = withCode(existing, (position) => codes[index]![position]!);
        return { name, topicId, partitions: [...withCode(missing, () => missingCode), ...partitions] };
      }),
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
