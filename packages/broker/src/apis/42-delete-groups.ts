// DeleteGroups (KIP-229): removes groups without members, and what they have committed.

import { deleteGroupsRequest, deleteGroupsResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { may, partition } from './authorize.ts';
import { serve } from './handler.ts';

export const deleteGroups = serve({
  request: deleteGroupsRequest,
  response: deleteGroupsResponse,
  minVersion: 0,
  maxVersion: 2,
  async handle({ groupsNames }, context, services) {
    const { groups, share } = services;
    const { group } = permissions.deleteGroups;
    const isAllowed = (groupId: string) => may(services, context, group, groupId);
    const [allowed, refused] = partition([...new Set(groupsNames)], isAllowed);
    const results = allowed.map(async (groupId) => ({
      groupId,
      errorCode: (await share.groups.deleteGroup(groupId)) ?? (await groups.deleteGroup(groupId)),
    }));
    return {
      results: [
        ...refused.map((groupId) => ({ groupId, errorCode: group.denied })),
        ...(await Promise.all(results)),
      ],
    };
  },
  fail: ({ groupsNames }, errorCode) => ({
    results: groupsNames.map((groupId) => ({ groupId, errorCode })),
  }),
});
