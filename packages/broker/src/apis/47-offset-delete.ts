// OffsetDelete (KIP-496): forgets what a group has committed of topics that none of its members consumes.

import { ErrorCode, offsetDeleteRequest, offsetDeleteResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { splitByAccess, withCode } from './group-requests.ts';
import { serve } from './handler.ts';

export const offsetDelete = serve({
  request: offsetDeleteRequest,
  response: offsetDeleteResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle({ groupId, topics }, context, services) {
    const { groups, metadata } = services;
    const permission = permissions.offsetDelete;
    demand(services, context, permission.group, groupId);
    const image = metadata();
    const checked = topics.map(({ name, partitions }) => {
      const refusal = may(services, context, permission.topic, name)
        ? ErrorCode.NONE
        : permission.topic.denied;
      return { name, ...splitByAccess(partitions, image.topicByName(name), refusal) };
    });
    const { errorCode, partitionErrorCodes } = await groups.deleteOffsets({
      groupId,
      topics: checked.map(({ name, existing }) => ({
        name,
        partitionIndexes: existing.map(({ partitionIndex }) => partitionIndex),
      })),
    });
    if (errorCode !== ErrorCode.NONE) return { errorCode, topics: [] };
    return {
      errorCode,
      topics: checked.map(({ name, existing, missing, missingCode }, index) => ({
        name,
        partitions: [
          ...withCode(missing, () => missingCode),
          ...withCode(existing, (position) => partitionErrorCodes[index]![position]!),
        ],
      })),
    };
  },
  fail: (_request, errorCode) => ({ errorCode, topics: [] }),
});
