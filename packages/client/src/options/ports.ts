// What of the outside world a client uses. Tests and simulators bring their own.

import {
  type Clock,
  type Logger,
  type Network,
  nodeClock,
  nodeHoldingTimers,
  nodeNetwork,
  nodeRandom,
  nodeWarnings,
  type Random,
  type Timers,
} from '@moldau/io';

export interface Ports {
  readonly clock: Clock;
  /** They hold the process: a program does not end while it waits for its broker to come back. */
  readonly timers: Timers;
  readonly random: Random;
  readonly network: Network;
  readonly logger: Logger;
}

export const nodePorts: Ports = {
  clock: nodeClock,
  timers: nodeHoldingTimers,
  random: nodeRandom,
  network: nodeNetwork,
  logger: nodeWarnings,
};
