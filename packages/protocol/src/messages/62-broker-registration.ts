// BrokerRegistration (API 62): a broker joins the cluster (KIP-631).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, int64, string, uint16, uuid } from '../schema.ts';

export const brokerRegistrationRequest = request(
  'BrokerRegistrationRequest',
  62,
  { versions: [0, 4], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    clusterId: string,
    incarnationId: uuid,
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
    rack: string.nullable(),
    isMigratingZkBroker: bool.since(1, false),
    logDirs: array(uuid).since(2),
    previousBrokerEpoch: int64.since(3, -1),
  }),
);
export type BrokerRegistrationRequest = Infer<typeof brokerRegistrationRequest>;

export const brokerRegistrationResponse = response(
  'BrokerRegistrationResponse',
  62,
  { versions: [0, 4], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    brokerEpoch: int64.default(-1),
  }),
);
export type BrokerRegistrationResponse = Infer<typeof brokerRegistrationResponse>;
