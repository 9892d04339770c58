// RemoveRaftVoter (API 81): removes a voter from the metadata quorum (KIP-853).

import { type Infer, request, response } from '../message.ts';
import { int16, int32, string, uuid } from '../schema.ts';

export const removeRaftVoterRequest = request(
  'RemoveRaftVoterRequest',
  81,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    clusterId: string.nullable(),
    voterId: int32,
    voterDirectoryId: uuid,
  }),
);
export type RemoveRaftVoterRequest = Infer<typeof removeRaftVoterRequest>;

export const removeRaftVoterResponse = response(
  'RemoveRaftVoterResponse',
  81,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
  }),
);
export type RemoveRaftVoterResponse = Infer<typeof removeRaftVoterResponse>;
