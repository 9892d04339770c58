// What members of a classic group tell each other through JoinGroup and SyncGroup: subscription and
// assignment.
// Each opens with its version as int16, and a later version only adds fields at the end.

import { data, type Infer } from '../message.ts';
import { array, bytes, int32, string } from '../schema.ts';

export const consumerProtocolSubscription = data(
  'ConsumerProtocolSubscription',
  { versions: [0, 3] },
  () => ({
    topics: array(string),
    userData: bytes.nullable().default(null),
    ownedPartitions: array({
      topic: string,
      partitions: array(int32),
    }).since(1),
    generationId: int32.since(2, -1),
    rackId: string.nullable().since(3, null),
  }),
);
export type ConsumerProtocolSubscription = Infer<typeof consumerProtocolSubscription>;

export const consumerProtocolAssignment = data('ConsumerProtocolAssignment', { versions: [0, 3] }, () => ({
  assignedPartitions: array({
    topic: string,
    partitions: array(int32),
  }),
  userData: bytes.nullable().default(null),
}));
export type ConsumerProtocolAssignment = Infer<typeof consumerProtocolAssignment>;
