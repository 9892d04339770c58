// AddRaftVoter (API 80): adds a voter to the metadata quorum (KIP-853).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, string, uint16, uuid } from '../schema.ts';

export const addRaftVoterRequest = request(
  'AddRaftVoterRequest',
  80,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    clusterId: string.nullable(),
    timeoutMs: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
    }),
    ackWhenCommitted: bool.since(1, true),
  }),
);
export type AddRaftVoterRequest = Infer<typeof addRaftVoterRequest>;

export const addRaftVoterResponse = response(
  'AddRaftVoterResponse',
  80,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
  }),
);
export type AddRaftVoterResponse = Infer<typeof addRaftVoterResponse>;
