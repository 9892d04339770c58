// CreateTopics (API 19): creates topics. 5: their configuration is answered (KIP-525). 7: topic ids.

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, string, uuid } from '../schema.ts';

export const createTopicsRequest = request(
  'CreateTopicsRequest',
  19,
  { versions: [0, 7], flexibleSince: 5 },
  () => ({
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({
        partitionIndex: int32,
        brokerIds: array(int32),
      }),
      configs: array({
        name: string,
        value: string.nullable(),
      }),
    }),
    timeoutMs: int32.default(60000),
    validateOnly: bool.since(1, false),
  }),
);
export type CreateTopicsRequest = Infer<typeof createTopicsRequest>;

export const createTopicsResponse = response(
  'CreateTopicsResponse',
  19,
  { versions: [0, 7], flexibleSince: 5 },
  () => ({
    throttleTimeMs: int32.since(2, 0),
    topics: array({
      name: string,
      topicId: uuid.since(7),
      errorCode: int16,
      errorMessage: string.nullable().since(1),
      topicConfigErrorCode: int16.since(5).tagged(0),
      numPartitions: int32.since(5, -1),
      replicationFactor: int16.since(5, -1),
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: bool,
        configSource: int8.default(-1),
        isSensitive: bool,
      })
        .nullable()
        .since(5),
    }),
  }),
);
export type CreateTopicsResponse = Infer<typeof createTopicsResponse>;
