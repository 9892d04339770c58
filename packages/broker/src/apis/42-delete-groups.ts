// DeleteGroups (KIP-229): removes groups without members, and what they have committed.

import { deleteGroupsRequest, deleteGroupsResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

export const deleteGroups = serve({
  request: deleteGroupsRequest,
  response: deleteGroupsResponse,
  minVersion: 0,
  maxVersion: 2,
  async handle({ groupsNames }, _context, { groups, share }) {
    const groupIds = [...new Set(groupsNames)];
    const results = groupIds.map(async (groupId) => ({
      groupId,
      errorCode: (await share.groups.deleteGroup(groupId)) ?? (await groups.deleteGroup(groupId)),
    }));
    return { results: await Promise.all(results) };
  },
  fail: ({ groupsNames }, errorCode) => ({
    results: groupsNames.map((groupId) => ({ groupId, errorCode })),
  }),
});
