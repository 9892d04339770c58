// ApiVersions (KIP-35, KIP-482 flexible from version 3, KIP-511 client software names, KIP-584 features).
//
// The answer derives from the handlers, so nothing is advertised that does not work. A version we do not know is
// answered by the network layer in version 0 form, because the client cannot read anything newer yet.

import { ConfigResourceType } from '@moldau/metadata';
import { apiVersionsRequest, apiVersionsResponse, ErrorCode } from '@moldau/protocol';
import { supportedFeatures } from '../controller/features.ts';
import { serve } from './handler.ts';

const SOFTWARE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
const FIRST_VERSION_WITH_SOFTWARE = 3;
/** Told only while somebody subscribes to client metrics: every client that hears of them asks at once, and some log it. */
const TELEMETRY_KEYS = [71, 72];
/** Clients of that time refuse a feature that begins at level 0 (KAFKA-17011). */
const LAST_VERSION_WITHOUT_LEVEL_ZERO = 3;

export const apiVersions = serve({
  request: apiVersionsRequest,
  response: apiVersionsResponse,
  minVersion: 0,
  maxVersion: 4,
  handle(request, context, { handlers, metadata, metadataPosition }) {
    const isNamed =
      SOFTWARE_NAME.test(request.clientSoftwareName) && SOFTWARE_NAME.test(request.clientSoftwareVersion);
    if (context.apiVersion >= FIRST_VERSION_WITH_SOFTWARE && !isNamed) {
      return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] };
    }
    if (context.apiVersion >= FIRST_VERSION_WITH_SOFTWARE) {
      context.nameSoftware({ name: request.clientSoftwareName, version: request.clientSoftwareVersion });
    }
    const wantsTelemetry = metadata().configuredResources(ConfigResourceType.CLIENT_METRICS).length > 0;
    return {
      errorCode: ErrorCode.NONE,
      apiKeys: handlers
        .filter(({ apiKey }) => wantsTelemetry || !TELEMETRY_KEYS.includes(apiKey))
        .map(({ apiKey, minVersion, maxVersion }) => ({ apiKey, minVersion, maxVersion })),
      supportedFeatures: supportedFeatures
        .filter(({ minLevel }) => minLevel > 0 || context.apiVersion > LAST_VERSION_WITHOUT_LEVEL_ZERO)
        .map(({ name, minLevel, maxLevel }) => ({ name, minVersion: minLevel, maxVersion: maxLevel })),
      finalizedFeaturesEpoch: metadataPosition() - 1,
      finalizedFeatures: [...metadata().features].map(([name, level]) => ({
        name,
        maxVersionLevel: level,
        minVersionLevel: level,
      })),
    };
  },
});
