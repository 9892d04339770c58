// DescribeClientQuotas (API 48): lists quotas of clients (KIP-546).

import { type Infer, request, response } from '../message.ts';
import { array, bool, float64, int8, int16, int32, string } from '../schema.ts';

export const describeClientQuotasRequest = request(
  'DescribeClientQuotasRequest',
  48,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    components: array({
      entityType: string,
      matchType: int8,
      match: string.nullable(),
    }),
    strict: bool,
  }),
);
export type DescribeClientQuotasRequest = Infer<typeof describeClientQuotasRequest>;

export const describeClientQuotasResponse = response(
  'DescribeClientQuotasResponse',
  48,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
      values: array({
        key: string,
        value: float64,
      }),
    }).nullable(),
  }),
);
export type DescribeClientQuotasResponse = Infer<typeof describeClientQuotasResponse>;
