// ListConfigResources (API 74): lists resources that have configuration (KIP-1142). Version 0 knew client
// metrics only (KIP-714).

import { type Infer, request, response } from '../message.ts';
import { array, int8, int16, int32, string } from '../schema.ts';

export const listConfigResourcesRequest = request(
  'ListConfigResourcesRequest',
  74,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    resourceTypes: array(int8).since(1),
  }),
);
export type ListConfigResourcesRequest = Infer<typeof listConfigResourcesRequest>;

export const listConfigResourcesResponse = response(
  'ListConfigResourcesResponse',
  74,
  { versions: [0, 1], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    configResources: array({
      resourceName: string,
      resourceType: int8.since(1, 16),
    }),
  }),
);
export type ListConfigResourcesResponse = Infer<typeof listConfigResourcesResponse>;
