// ElectLeaders (API 43): elects leaders of partitions: the preferred ones or, from 1 on, unclean ones
// (KIP-460).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, string } from '../schema.ts';

export const electLeadersRequest = request(
  'ElectLeadersRequest',
  43,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    electionType: int8.since(1),
    topicPartitions: array({
      topic: string,
      partitions: array(int32),
    }).nullable(),
    timeoutMs: int32.default(60000),
  }),
);
export type ElectLeadersRequest = Infer<typeof electLeadersRequest>;

export const electLeadersResponse = response(
  'ElectLeadersResponse',
  43,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(1),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({
        partitionId: int32,
        errorCode: int16,
        errorMessage: string.nullable(),
      }),
    }),
  }),
);
export type ElectLeadersResponse = Infer<typeof electLeadersResponse>;
