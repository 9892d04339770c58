// UpdateRaftVoter (API 82): changes the address or features of a voter (KIP-853).

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string, struct, uint16, uuid } from '../schema.ts';

export const updateRaftVoterRequest = request(
  'UpdateRaftVoterRequest',
  82,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    clusterId: string.nullable(),
    currentLeaderEpoch: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
    }),
    kRaftVersionFeature: struct({
      minSupportedVersion: int16,
      maxSupportedVersion: int16,
    }),
  }),
);
export type UpdateRaftVoterRequest = Infer<typeof updateRaftVoterRequest>;

export const updateRaftVoterResponse = response(
  'UpdateRaftVoterResponse',
  82,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    currentLeader: struct({
      leaderId: int32.default(-1),
      leaderEpoch: int32.default(-1),
      host: string,
      port: int32,
    }).tagged(0),
  }),
);
export type UpdateRaftVoterResponse = Infer<typeof updateRaftVoterResponse>;
