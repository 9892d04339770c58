// GetTelemetrySubscriptions (API 71): tells a client which metrics to send (KIP-714).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int8, int16, int32, string, uuid } from '../schema.ts';

export const getTelemetrySubscriptionsRequest = request(
  'GetTelemetrySubscriptionsRequest',
  71,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    clientInstanceId: uuid,
  }),
);
export type GetTelemetrySubscriptionsRequest = Infer<typeof getTelemetrySubscriptionsRequest>;

export const getTelemetrySubscriptionsResponse = response(
  'GetTelemetrySubscriptionsResponse',
  71,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    clientInstanceId: uuid,
    subscriptionId: int32,
    acceptedCompressionTypes: array(int8),
    pushIntervalMs: int32,
    telemetryMaxBytes: int32,
    deltaTemporality: bool,
    requestedMetrics: array(string),
  }),
);
export type GetTelemetrySubscriptionsResponse = Infer<typeof getTelemetrySubscriptionsResponse>;
