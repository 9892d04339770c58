// AlterClientQuotas (API 49): changes quotas of clients (KIP-546).

import { type Infer, request, response } from '../message.ts';
import { array, bool, float64, int16, int32, string } from '../schema.ts';

export const alterClientQuotasRequest = request(
  'AlterClientQuotasRequest',
  49,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
      ops: array({
        key: string,
        value: float64,
        remove: bool,
      }),
    }),
    validateOnly: bool,
  }),
);
export type AlterClientQuotasRequest = Infer<typeof alterClientQuotasRequest>;

export const alterClientQuotasResponse = response(
  'AlterClientQuotasResponse',
  49,
  { versions: [0, 1], flexibleSince: 1 },
  () => ({
    throttleTimeMs: int32.default(0),
    entries: array({
      errorCode: int16,
      errorMessage: string.nullable(),
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
    }),
  }),
);
export type AlterClientQuotasResponse = Infer<typeof alterClientQuotasResponse>;
