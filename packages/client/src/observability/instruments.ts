// What the rooms of a client tell of what they do. Each call is for one request, batch or change, never for one record, and costs about a microsecond.

import type { KafkaError } from '../errors/kafka-error.ts';
import type { Tracing } from './tracing.ts';

export interface BrokerName {
  /** Below 0: an address of which no broker is known yet. */
  readonly id: number;
  /** host:port */
  readonly address: string;
}

export interface RequestReport {
  readonly apiKey: number;
  /** 'Metadata' */
  readonly api: string;
  readonly version: number;
  readonly latencyMs: number;
  /** 0 without an answer. */
  readonly answerBytes: number;
  readonly throttleMs: number;
  /** Undefined: an answer came. */
  readonly error: unknown;
}

/** A batch of records that has its outcome. */
export interface BatchReport {
  readonly topic: string;
  readonly partition: number;
  readonly recordCount: number;
  readonly sizeBytes: number;
  /** Since its first record was given. */
  readonly tookMs: number;
  /** How often it was sent. */
  readonly attempts: number;
  readonly baseOffset: number | undefined;
  readonly error: KafkaError | undefined;
}

/** Records that were handed out. */
export interface ConsumedReport {
  readonly topic: string;
  readonly partition: number;
  readonly recordCount: number;
}

export interface RebalanceReport {
  readonly groupId: string;
  readonly change: 'assigned' | 'revoked' | 'lost';
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}

export type GaugeId = 'bufferTotal' | 'bufferAvailable' | 'recordsLagMax' | 'assignedPartitions';

export interface Instruments {
  connected(broker: BrokerName, tookMs: number): void;
  connectFailed(broker: BrokerName, error: unknown): void;
  disconnected(broker: BrokerName, error: KafkaError): void;
  /** `isAnswered`: requestSettled() will follow. */
  requestSent(broker: BrokerName, requestBytes: number, isAnswered: boolean): void;
  requestSettled(broker: BrokerName, report: RequestReport): void;
  /** Something is tried again after so long. */
  retried(error: KafkaError, attempt: number, delayMs: number): void;
  batchSettled(report: BatchReport): void;
  consumed(report: ConsumedReport): void;
  rebalanced(report: RebalanceReport): void;
  /** How to read what changes by itself; undefined while it is not known. */
  gauge(id: GaugeId, read: () => number | undefined): void;
  /** Undefined: nobody traces. */
  readonly tracing: Tracing | undefined;
  /** The last that is told of the client, while there are connections. Never rejects. */
  farewell(): Promise<void> | undefined;
}
