// IncrementalAlterConfigs (API 44): sets, removes, appends to or subtracts from single configuration keys
// (KIP-339).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, string } from '../schema.ts';

export const incrementalAlterConfigsRequest = request(
  'IncrementalAlterConfigsRequest',
  44,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    resources: array({
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        configOperation: int8,
        value: string.nullable(),
      }),
    }),
    validateOnly: bool,
  }),
);
export type IncrementalAlterConfigsRequest = Infer<typeof incrementalAlterConfigsRequest>;

export const incrementalAlterConfigsResponse = response(
  'IncrementalAlterConfigsResponse',
  44,
  { versions: [0, 1], flexibleSince: 1 },
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
export type IncrementalAlterConfigsResponse = Infer<typeof incrementalAlterConfigsResponse>;
