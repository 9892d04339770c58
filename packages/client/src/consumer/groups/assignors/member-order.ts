// The order of members for assignors that go by it: static ones first, by their instance ids, so that a restart changes nothing.

import type { SubscribedMember } from './assignor.ts';

export function byInstance(left: SubscribedMember, right: SubscribedMember): number {
  if (left.instanceId !== undefined && right.instanceId !== undefined)
    return compareTexts(left.instanceId, right.instanceId);
  if (left.instanceId !== undefined) return -1;
  if (right.instanceId !== undefined) return 1;
  return compareTexts(left.memberId, right.memberId);
}

/** By UTF-16 units, as Java compares. */
export function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
