// Groups of the classic protocol in __consumer_offsets: the whole group with its members is one record.

import { coordinatorKey, coordinatorValue, type Infer } from '../message.ts';
import { array, bytes, int32, int64, string, struct } from '../schema.ts';

export const groupMetadataKey = coordinatorKey('GroupMetadataKey', 2, { versions: [0, 0] }, () => ({
  group: string,
}));
export type GroupMetadataKey = Infer<typeof groupMetadataKey>;

export const groupMetadataValue = coordinatorValue(
  'GroupMetadataValue',
  2,
  { versions: [0, 4], flexibleSince: 4 },
  () => {
    const memberMetadata = struct({
      memberId: string,
      groupInstanceId: string.nullable().since(3, null),
      clientId: string,
      clientHost: string,
      rebalanceTimeout: int32.since(1, -1),
      sessionTimeout: int32,
      subscription: bytes,
      assignment: bytes,
    });
    return {
      protocolType: string,
      generation: int32,
      protocol: string.nullable(),
      leader: string.nullable(),
      currentStateTimestamp: int64.since(2, -1),
      members: array(memberMetadata),
    };
  },
);
export type GroupMetadataValue = Infer<typeof groupMetadataValue>;
