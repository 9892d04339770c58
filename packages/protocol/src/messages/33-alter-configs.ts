// AlterConfigs (API 33): replaces the whole configuration of resources. IncrementalAlterConfigs does not
// lose what it is not told.

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, string } from '../schema.ts';

export const alterConfigsRequest = request(
  'AlterConfigsRequest',
  33,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: string.nullable(),
      }),
    }),
    validateOnly: bool,
  }),
);
export type AlterConfigsRequest = Infer<typeof alterConfigsRequest>;

export const alterConfigsResponse = response(
  'AlterConfigsResponse',
  33,
  { versions: [0, 2], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    responses: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      resourceType: int8,
      resourceName: string,
    }),
  }),
);
export type AlterConfigsResponse = Infer<typeof alterConfigsResponse>;
