// GetTelemetrySubscriptions (KIP-714): which metrics the client is to push, and how often.

import {
  ErrorCode,
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { ACCEPTED_COMPRESSIONS } from '../telemetry/client-telemetry.ts';
import { serve } from './handler.ts';
import { telemetryClient } from './telemetry-requests.ts';

export const getTelemetrySubscriptions = serve({
  request: getTelemetrySubscriptionsRequest,
  response: getTelemetrySubscriptionsResponse,
  minVersion: 0,
  maxVersion: 0,
  handle(request, context, { telemetry, config }) {
    const { clientInstanceId, subscription } = telemetry.subscribe(
      telemetryClient(request.clientInstanceId, context),
    );
    return {
      errorCode: ErrorCode.NONE,
      clientInstanceId,
      subscriptionId: subscription.id,
      acceptedCompressionTypes: [...ACCEPTED_COMPRESSIONS],
      pushIntervalMs: subscription.pushIntervalMs,
      telemetryMaxBytes: config.telemetryMaxBytes,
      deltaTemporality: true,
      requestedMetrics: [...subscription.metrics],
    };
  },
  fail: (_request, errorCode) => ({
    errorCode,
    clientInstanceId: ZERO_UUID,
    ...{ subscriptionId: 0, acceptedCompressionTypes: [], pushIntervalMs: 0, telemetryMaxBytes: 0 },
    ...{ deltaTemporality: false, requestedMetrics: [] },
  }),
});
