// DeleteTopics (API 20): deletes topics, by name or, from 6 on, by id.

import { type Infer, request, response } from '../message.ts';
import { array, int16, int32, string, uuid } from '../schema.ts';

export const deleteTopicsRequest = request(
  'DeleteTopicsRequest',
  20,
  { versions: [0, 6], flexibleSince: 4 },
  () => ({
    topics: array({
      name: string.nullable().default(null),
      topicId: uuid,
    }).since(6),
    topicNames: array(string).until(5),
    timeoutMs: int32,
  }),
);
export type DeleteTopicsRequest = Infer<typeof deleteTopicsRequest>;

export const deleteTopicsResponse = response(
  'DeleteTopicsResponse',
  20,
  { versions: [0, 6], flexibleSince: 4 },
  () => ({
    throttleTimeMs: int32.since(1, 0),
    responses: array({
      name: string.nullable(6),
      topicId: uuid.since(6),
      errorCode: int16,
      errorMessage: string.nullable().since(5, null),
    }),
  }),
);
export type DeleteTopicsResponse = Infer<typeof deleteTopicsResponse>;
