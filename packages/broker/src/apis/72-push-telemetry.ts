// PushTelemetry (KIP-714): a client's metrics.

import { ErrorCode, pushTelemetryRequest, pushTelemetryResponse } from '@moldau/protocol';
import { serve } from './handler.ts';
import { telemetryClient } from './telemetry-requests.ts';

export const pushTelemetry = serve({
  request: pushTelemetryRequest,
  response: pushTelemetryResponse,
  minVersion: 0,
  maxVersion: 0,
  handle({ clientInstanceId, ...push }, context, { telemetry }) {
    telemetry.push(telemetryClient(clientInstanceId, context), push);
    return { errorCode: ErrorCode.NONE };
  },
  fail: (_request, errorCode) => ({ errorCode }),
});
