// ListGroups: all groups this broker coordinates; from version 4 on of certain states (KIP-518), from 5 on of certain
// types (KIP-848). Both filters take any case, and an empty filter everything.

import { ErrorCode, listGroupsRequest, listGroupsResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { serve } from './handler.ts';

export const listGroups = serve({
  request: listGroupsRequest,
  response: listGroupsResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle({ statesFilter, typesFilter }, context, services) {
    const isWantedState = filter(statesFilter);
    const isWantedType = filter(typesFilter);
    const groups = await services.groups.listGroups();
    const seesAll = may(services, context, permissions.listGroups.cluster);
    return {
      errorCode: ErrorCode.NONE,
      groups: groups.filter(
        ({ groupId, groupState, groupType }) =>
          isWantedState(groupState) &&
          isWantedType(groupType) &&
          (seesAll || may(services, context, permissions.listGroups.group, groupId)),
      ),
    };
  },
  fail: (_request, errorCode) => ({ errorCode, groups: [] }),
});

function filter(wanted: readonly string[]): (value: string) => boolean {
  if (wanted.length === 0) return () => true;
  const lowercase = new Set(wanted.map((value) => value.toLowerCase()));
  return (value) => lowercase.has(value.toLowerCase());
}
