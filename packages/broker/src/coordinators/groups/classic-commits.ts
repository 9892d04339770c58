// Who may commit offsets of a group of the classic protocol.

import { ErrorCode } from '@moldau/protocol';
import type { ClassicGroup } from './classic-group.ts';
import type { CommitOffsetsCommand } from './group-commands.ts';

/** The first version of OffsetCommit whose clients can be told that a group does not exist. */
export const COMMIT_VERSION_WITH_GROUP_ID_NOT_FOUND = 9;

/** NONE when the offsets may be committed. */
export function commitErrorOf(
  group: ClassicGroup | undefined,
  command: CommitOffsetsCommand,
  apiVersion: number,
): number {
  const { generationIdOrMemberEpoch: generationId, memberId, groupInstanceId } = command;
  if (group === undefined) {
    if (generationId < 0) return ErrorCode.NONE;
    return apiVersion >= COMMIT_VERSION_WITH_GROUP_ID_NOT_FOUND
      ? ErrorCode.GROUP_ID_NOT_FOUND
      : ErrorCode.ILLEGAL_GENERATION;
  }
  if (generationId < 0 && group.state === 'Empty') return ErrorCode.NONE;
  if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
    const memberError = group.memberError(memberId, groupInstanceId);
    if (memberError !== ErrorCode.NONE) return memberError;
    if (generationId !== group.generationId) return ErrorCode.ILLEGAL_GENERATION;
  } else {
    // While the group has members, only they may commit.
    return ErrorCode.UNKNOWN_MEMBER_ID;
  }
  return group.state === 'CompletingRebalance' ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE;
}
