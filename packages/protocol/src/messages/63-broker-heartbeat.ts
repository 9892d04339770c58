// BrokerHeartbeat (API 63): a broker tells the controller that it lives (KIP-631). 2: cordoned log
// directories (KIP-1066).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, int64, uuid } from '../schema.ts';

export const brokerHeartbeatRequest = request(
  'BrokerHeartbeatRequest',
  63,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    brokerId: int32,
    brokerEpoch: int64.default(-1),
    currentMetadataOffset: int64,
    wantFence: bool,
    wantShutDown: bool,
    offlineLogDirs: array(uuid).since(1).tagged(0),
    cordonedLogDirs: array(uuid).nullable().since(2, null).tagged(1),
  }),
);
export type BrokerHeartbeatRequest = Infer<typeof brokerHeartbeatRequest>;

export const brokerHeartbeatResponse = response(
  'BrokerHeartbeatResponse',
  63,
  { versions: [0, 2], flexibleSince: 0 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    isCaughtUp: bool.default(false),
    isFenced: bool.default(true),
    shouldShutDown: bool,
  }),
);
export type BrokerHeartbeatResponse = Infer<typeof brokerHeartbeatResponse>;
