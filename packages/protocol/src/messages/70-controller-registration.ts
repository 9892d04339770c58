// ControllerRegistration (API 70): a controller joins the cluster (KIP-919).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, string, uint16, uuid } from '../schema.ts';

export const controllerRegistrationRequest = request(
  'ControllerRegistrationRequest',
  70,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    controllerId: int32,
    incarnationId: uuid,
    zkMigrationReady: bool,
    listeners: array({
      name: string,
      host: string,
      port: uint16,
      securityProtocol: int16,
    }),
    features: array({
      name: string,
      minSupportedVersion: int16,
      maxSupportedVersion: int16,
    }),
  }),
);
export type ControllerRegistrationRequest = Infer<typeof controllerRegistrationRequest>;

export const controllerRegistrationResponse = response(
  'ControllerRegistrationResponse',
  70,
  { versions: [0, 0], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable(),
  }),
);
export type ControllerRegistrationResponse = Infer<typeof controllerRegistrationResponse>;
