// ListGroups: all groups this broker coordinates; from version 4 on of certain states (KIP-518), from 5 on of certain
// types (KIP-848). Both filters take any case, and an empty filter everything.

import { ErrorCode, listGroupsRequest, listGroupsResponse } from '@moldau/protocol';
import { serve } from './handler.ts';

export const listGroups = serve({
  request: listGroupsRequest,
  response: listGroupsResponse,
  minVersion: 0,
  maxVersion: 5,
  async handle({ statesFilter, typesFilter }, _context, services) {
    const isWantedState = filter(statesFilter);
    const isWantedType = filter(typesFilter);
    const groups = await services.groups.listGroups();
    return {
      errorCode: ErrorCode.NONE,
      groups: groups.filter(
        ({ groupState, groupType }) => isWantedState(groupState) && isWantedType(groupType),
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
