// The assignors that come with the client, by their names in the group.

import type { AssignorName, PartitionAssignor } from './assignor.ts';
import { RangeAssignor } from './range.ts';
import { RoundRobinAssignor } from './round-robin.ts';
import { CooperativeStickyAssignor, StickyAssignor } from './sticky.ts';

const MAKERS: Readonly<Record<AssignorName, () => PartitionAssignor>> = {
  range: () => new RangeAssignor(),
  roundrobin: () => new RoundRobinAssignor(),
  sticky: () => new StickyAssignor(),
  'cooperative-sticky': () => new CooperativeStickyAssignor(),
};

export const ASSIGNOR_NAMES = Object.keys(MAKERS) as readonly AssignorName[];

/** As Java's consumer: with members that list the same, range; and a group can move from it to cooperative-sticky without a stop. */
export const DEFAULT_ASSIGNORS: readonly AssignorName[] = ['range', 'cooperative-sticky'];

/** For one member: sticky ones remember what it had. */
export function makeAssignor(assignor: AssignorName | PartitionAssignor): PartitionAssignor {
  return typeof assignor === 'string' ? MAKERS[assignor]() : assignor;
}
