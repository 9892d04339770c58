// What a connection to a broker needs to know and to have.

import type { Clock, Network, Timers, TlsClientOptions } from '@moldau/io';
import type { KafkaError } from '../errors/kafka-error.ts';
import type { SettingWords } from '../errors/setting-words.ts';
import type { BrokerName, Instruments } from '../observability/instruments.ts';
import type { Address } from '../options/address.ts';
import type { BrokerConnection } from './broker-connection.ts';

export interface BrokerConnectionOptions {
  readonly address: Address;
  /** See Dialled. */
  readonly advertisedBy?: string | undefined;
  /** How its user calls what he set; by default as options. */
  readonly words?: SettingWords | undefined;
  readonly clientId: string;
  readonly tls: TlsClientOptions | undefined;
  /** Logs in, and says how long that lasts: 0 for good. Absent: there is no login. */
  readonly logIn?:
    | ((connection: BrokerConnection, limits: { timeoutMs: number }) => Promise<number>)
    | undefined;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly network: Network;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Who hears of requests, and as whose. */
  readonly instruments?: Instruments | undefined;
  readonly broker?: BrokerName | undefined;
  /** When to renew a login that lasts so long. */
  renewalDelayMs(lifetimeMs: number): number;
  /** The connection has ended. Called once. */
  onClosed?(error: KafkaError): void;
}

export interface RequestLimits {
  /** By default the connection's. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
