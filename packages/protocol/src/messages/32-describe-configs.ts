// DescribeConfigs (API 32): reads configuration of topics, brokers, groups and client metrics, with where
// each value comes from (KIP-226).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, string } from '../schema.ts';

export const describeConfigsRequest = request(
  'DescribeConfigsRequest',
  32,
  { versions: [0, 4], flexibleSince: 4 },
  () => ({
    resources: array({
      resourceType: int8,
      resourceName: string,
      configurationKeys: array(string).nullable(),
    }),
    includeSynonyms: bool.since(1, false),
    includeDocumentation: bool.since(3, false),
  }),
);
export type DescribeConfigsRequest = Infer<typeof describeConfigsRequest>;

export const describeConfigsResponse = response(
  'DescribeConfigsResponse',
  32,
  { versions: [0, 4], flexibleSince: 4 },
  () => ({
    throttleTimeMs: int32.default(0),
    results: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: bool,
        isDefault: bool.until(0),
        configSource: int8.since(1, -1),
        isSensitive: bool,
        synonyms: array({
          name: string,
          value: string.nullable(),
          source: int8,
        }).since(1),
        configType: int8.since(3, 0),
        documentation: string.nullable().since(3),
      }),
    }),
  }),
);
export type DescribeConfigsResponse = Infer<typeof describeConfigsResponse>;
