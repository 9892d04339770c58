// ApiVersions (API 18): tells which APIs and versions a broker speaks, and its features.
// Always answered with response header 0, since the client does not know yet what the broker speaks.

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, int64, string } from '../schema.ts';

export const apiVersionsRequest = request(
  'ApiVersionsRequest',
  18,
  { versions: [0, 4], flexibleSince: 3 },
  () => ({
    clientSoftwareName: string.since(3),
    clientSoftwareVersion: string.since(3),
  }),
);
export type ApiVersionsRequest = Infer<typeof apiVersionsRequest>;

export const apiVersionsResponse = response(
  'ApiVersionsResponse',
  18,
  { versions: [0, 4], flexibleSince: 3 },
  () => ({
    errorCode: int16,
    apiKeys: array({
      apiKey: int16,
      minVersion: int16,
      maxVersion: int16,
    }),
    throttleTimeMs: int32.since(1, 0),
    supportedFeatures: array({
      name: string,
      minVersion: int16,
      maxVersion: int16,
    })
      .since(3)
      .tagged(0),
    finalizedFeaturesEpoch: int64.since(3, -1).tagged(1),
    finalizedFeatures: array({
      name: string,
      maxVersionLevel: int16,
      minVersionLevel: int16,
    })
      .since(3)
      .tagged(2),
    zkMigrationReady: bool.since(3, false).tagged(3),
  }),
);
export type ApiVersionsResponse = Infer<typeof apiVersionsResponse>;
