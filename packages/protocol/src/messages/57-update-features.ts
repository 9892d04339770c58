// UpdateFeatures (API 57): raises or lowers the cluster's feature levels (KIP-584).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, string } from '../schema.ts';

export const updateFeaturesRequest = request(
  'UpdateFeaturesRequest',
  57,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    timeoutMs: int32.default(60000),
    featureUpdates: array({
      feature: string,
      maxVersionLevel: int16,
      allowDowngrade: bool.until(0),
      upgradeType: int8.since(1, 1),
    }),
    validateOnly: bool.since(1, false),
  }),
);
export type UpdateFeaturesRequest = Infer<typeof updateFeaturesRequest>;

export const updateFeaturesResponse = response(
  'UpdateFeaturesResponse',
  57,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
    results: array({
      feature: string,
      errorCode: int16,
      errorMessage: string.nullable(),
    }).until(1),
  }),
);
export type UpdateFeaturesResponse = Infer<typeof updateFeaturesResponse>;
