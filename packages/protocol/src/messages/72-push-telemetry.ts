// PushTelemetry (API 72): carries a client's metrics (KIP-714).

import { type Infer, request, response } from '../message.ts';
import { bool, bytes, int8, int16, int32, uuid } from '../schema.ts';

export const pushTelemetryRequest = request(
  'PushTelemetryRequest',
  72,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    clientInstanceId: uuid,
    subscriptionId: int32,
    terminating: bool,
    compressionType: int8,
    metrics: bytes,
  }),
);
export type PushTelemetryRequest = Infer<typeof pushTelemetryRequest>;

export const pushTelemetryResponse = response(
  'PushTelemetryResponse',
  72,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
  }),
);
export type PushTelemetryResponse = Infer<typeof pushTelemetryResponse>;
