// The instruments of one client: feeds its metrics, and tells its events to whoever listens.
//
// Invariants: memory is bounded, however many brokers and topics there are. Nothing is made for events that nobody hears.

import type { Clock } from '@moldau/io';
import type { KafkaError } from '../errors/kafka-error.ts';
import { channels } from './channels.ts';
import type {
  BatchReport,
  BrokerName,
  ConsumedReport,
  GaugeId,
  Instruments,
  RebalanceReport,
  RequestReport,
} from './instruments.ts';
import { Counter, type Distribution, Histogram } from './meters.ts';
import {
  type ClientKind,
  GROUP_PREFIXES,
  METRICS,
  type MetricDefinition,
  type MetricId,
} from './metric-definitions.ts';
import type { Tracing } from './tracing.ts';

/** One number, as Kafka's clients tell it. */
export interface Metric {
  /** 'producer-metrics' */
  readonly group: string;
  /** 'request-latency-avg' */
  readonly name: string;
  /** 'client-id', and 'node-id' or 'topic'. */
  readonly tags: Readonly<Record<string, string>>;
  /** A total only grows. */
  readonly type: 'total' | 'rate' | 'gauge';
  readonly unit: MetricDefinition['unit'];
  readonly description: string;
  readonly value: number;
}

/** A measure with more than its mean and maximum. */
export interface MeasuredDistribution extends Distribution {
  readonly group: string;
  /** 'request-latency' */
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly unit: MetricDefinition['unit'];
}

/** What is known of one client now. */
export interface MetricsSnapshot {
  readonly client: ClientKind;
  readonly clientId: string;
  readonly metrics: readonly Metric[];
  readonly distributions: readonly MeasuredDistribution[];
}

/** Of brokers, and of topics: of more than so many there are no metrics of their own. */
const MOST_TAGGED = 1_000;

const PRODUCE = 0;
const FETCHES = new Set([1, 78]);
const COMMITS = new Set([8, 28]);
const HEARTBEATS = new Set([12, 68, 76]);
const JOIN = 11;
const SYNC = 14;
const ACKNOWLEDGE = 79;

type Meters = Map<MetricId, Counter | Histogram>;

export interface ClientMetricsOptions {
  readonly kind: ClientKind;
  readonly clientId: string;
  readonly clock: Clock;
  readonly tracing?: Tracing | undefined;
}

export class ClientMetrics implements Instruments {
  readonly tracing: Tracing | undefined;
  /** Called when the first connection is there. */
  onFirstConnection: (() => void) | undefined;
  onFarewell: (() => Promise<void> | undefined) | undefined;
  readonly #options: ClientMetricsOptions;
  readonly #own: Meters = new Map();
  readonly #brokers = new Map<number, Meters>();
  readonly #topics = new Map<string, Meters>();
  readonly #gauges = new Map<MetricId, () => number | undefined>();
  #connectionCount = 0;
  #inFlight = 0;

  constructor(options: ClientMetricsOptions) {
    this.#options = options;
    this.tracing = options.tracing;
    this.#gauges.set('connectionCount', () => this.#connectionCount);
    this.#gauges.set('requestsInFlight', () => this.#inFlight);
  }

  connected(broker: BrokerName, tookMs: number): void {
    this.#connectionCount++;
    this.#count(this.#own, 'connectionCreation', 1, this.#nowMs);
    this.#tellConnection(broker, 'connected', tookMs, undefined);
    this.onFirstConnection?.();
    this.onFirstConnection = undefined;
  }

  connectFailed(broker: BrokerName, error: unknown): void {
    this.#count(this.#own, 'connectionFailure', 1, this.#nowMs);
    this.#tellConnection(broker, 'failed', undefined, error);
  }

  disconnected(broker: BrokerName, error: KafkaError): void {
    this.#connectionCount--;
    this.#count(this.#own, 'connectionClose', 1, this.#nowMs);
    this.#tellConnection(broker, 'disconnected', undefined, error);
  }

  requestSent(broker: BrokerName, requestBytes: number, isAnswered: boolean): void {
    const nowMs = this.#nowMs;
    const own = this.#own;
    if (isAnswered) this.#inFlight++;
    this.#count(own, 'request', 1, nowMs);
    this.#count(own, 'outgoingByte', requestBytes, nowMs);
    this.#measure(own, 'requestSize', requestBytes, nowMs);
    const meters = this.#tagged(this.#brokers, broker.id);
    if (meters === undefined) return;
    this.#count(meters, 'nodeRequest', 1, nowMs);
    this.#count(meters, 'nodeOutgoingByte', requestBytes, nowMs);
  }

  requestSettled(broker: BrokerName, report: RequestReport): void {
    this.#inFlight--;
    const nowMs = this.#nowMs;
    if (report.error === undefined) this.#answered(broker, report, nowMs);
    else this.#count(this.#own, 'requestFailure', 1, nowMs);
    if (channels.request.hasSubscribers) channels.request.publish(this.#requestEvent(broker, report));
    if (channels.fetch.hasSubscribers && FETCHES.has(report.apiKey))
      channels.fetch.publish(this.#requestEvent(broker, report));
    if (channels.commit.hasSubscribers && COMMITS.has(report.apiKey))
      channels.commit.publish(this.#requestEvent(broker, report));
    const { api, throttleMs } = report;
    if (throttleMs > 0 && channels.throttle.hasSubscribers)
      channels.throttle.publish({ ...this.#brokerEvent(broker), api, throttleMs });
  }

  retried(error: KafkaError, attempt: number, delayMs: number): void {
    this.#count(this.#own, 'retry', 1, this.#nowMs);
    if (channels.retry.hasSubscribers) channels.retry.publish({ ...this.#source, error, attempt, delayMs });
  }

  batchSettled(report: BatchReport): void {
    const nowMs = this.#nowMs;
    const { topic, recordCount, sizeBytes, attempts, tookMs, error } = report;
    const own = this.#own;
    const meters = this.#tagged(this.#topics, topic);
    if (attempts > 1) this.#count(own, 'recordRetry', recordCount * (attempts - 1), nowMs);
    if (error === undefined) {
      this.#count(own, 'recordSend', recordCount, nowMs);
      this.#measure(own, 'batchSize', sizeBytes, nowMs);
      this.#measure(own, 'recordsPerBatch', recordCount, nowMs);
      this.#measure(own, 'batchDeliveryTime', tookMs, nowMs);
      if (meters !== undefined) {
        this.#count(meters, 'topicRecordSend', recordCount, nowMs);
        this.#count(meters, 'topicByte', sizeBytes, nowMs);
      }
    } else {
      this.#count(own, 'recordError', recordCount, nowMs);
      if (meters !== undefined) this.#count(meters, 'topicRecordError', recordCount, nowMs);
    }
    if (channels.produce.hasSubscribers) channels.produce.publish({ ...this.#source, ...report });
  }

  consumed(report: ConsumedReport): void {
    this.#count(this.#own, 'recordsConsumed', report.recordCount, this.#nowMs);
    if (channels.consume.hasSubscribers) channels.consume.publish({ ...this.#source, ...report });
  }

  rebalanced(report: RebalanceReport): void {
    this.#count(this.#own, 'rebalance', 1, this.#nowMs);
    if (channels.rebalance.hasSubscribers) channels.rebalance.publish({ ...this.#source, ...report });
  }

  gauge(id: GaugeId, read: () => number | undefined): void {
    this.#gauges.set(id, read);
  }

  farewell(): Promise<void> | undefined {
    return this.onFarewell?.();
  }

  snapshot(): MetricsSnapshot {
    const { kind, clientId } = this.#options;
    const metrics: Metric[] = [];
    const distributions: MeasuredDistribution[] = [];
    const ownTags = { 'client-id': clientId };
    for (const [id, read] of this.#gauges) {
      const value = read();
      if (value !== undefined) metrics.push(this.#metric(METRICS[id], '', 'gauge', ownTags, value));
    }
    this.#tell(this.#own, ownTags, metrics, distributions);
    for (const [id, meters] of this.#brokers) {
      const name = id < 0 ? `seed-${-id}` : String(id);
      this.#tell(meters, { ...ownTags, 'node-id': `node-${name}` }, metrics, distributions);
    }
    for (const [topic, meters] of this.#topics)
      this.#tell(meters, { ...ownTags, topic }, metrics, distributions);
    return { client: kind, clientId, metrics, distributions };
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  get #source() {
    return { clientId: this.#options.clientId, client: this.#options.kind };
  }

  #answered(broker: BrokerName, report: RequestReport, nowMs: number): void {
    const { apiKey, latencyMs, answerBytes, throttleMs } = report;
    const own = this.#own;
    this.#count(own, 'response', 1, nowMs);
    this.#count(own, 'incomingByte', answerBytes, nowMs);
    this.#measure(own, 'requestLatency', latencyMs, nowMs);
    if (throttleMs > 0) this.#measure(own, 'throttle', throttleMs, nowMs);
    const meters = this.#tagged(this.#brokers, broker.id);
    if (meters !== undefined) {
      this.#measure(meters, 'nodeLatency', latencyMs, nowMs);
      this.#count(meters, 'nodeIncomingByte', answerBytes, nowMs);
    }
    if (apiKey === PRODUCE) this.#measure(own, 'produceThrottle', throttleMs, nowMs);
    else if (FETCHES.has(apiKey)) {
      this.#count(own, 'fetch', 1, nowMs);
      this.#count(own, 'bytesConsumed', answerBytes, nowMs);
      this.#measure(own, 'fetchLatency', latencyMs, nowMs);
      this.#measure(own, 'fetchSize', answerBytes, nowMs);
      this.#measure(own, 'fetchThrottle', throttleMs, nowMs);
    } else if (HEARTBEATS.has(apiKey)) {
      this.#count(own, 'heartbeat', 1, nowMs);
      this.#measure(own, 'heartbeatTime', latencyMs, nowMs);
    } else if (COMMITS.has(apiKey)) {
      this.#count(own, 'commit', 1, nowMs);
      this.#measure(own, 'commitLatency', latencyMs, nowMs);
    } else if (apiKey === JOIN) this.#count(own, 'join', 1, nowMs);
    else if (apiKey === SYNC) this.#count(own, 'sync', 1, nowMs);
    else if (apiKey === ACKNOWLEDGE) this.#count(own, 'acknowledgementsSend', 1, nowMs);
  }

  #count(meters: Meters, id: MetricId, count: number, nowMs: number): void {
    let meter = meters.get(id);
    if (meter === undefined) {
      meter = new Counter(nowMs);
      meters.set(id, meter);
    }
    (meter as Counter).add(count, nowMs);
  }

  #measure(meters: Meters, id: MetricId, value: number, nowMs: number): void {
    let meter = meters.get(id);
    if (meter === undefined) {
      meter = new Histogram(nowMs);
      meters.set(id, meter);
    }
    (meter as Histogram).record(value, nowMs);
  }

  #tagged<Key>(all: Map<Key, Meters>, key: Key): Meters | undefined {
    const known = all.get(key);
    if (known !== undefined || all.size >= MOST_TAGGED) return known;
    const meters: Meters = new Map();
    all.set(key, meters);
    return meters;
  }

  #tell(
    meters: Meters,
    tags: Metric['tags'],
    metrics: Metric[],
    distributions: MeasuredDistribution[],
  ): void {
    const nowMs = this.#nowMs;
    for (const [id, meter] of meters) {
      const definition: MetricDefinition = METRICS[id];
      // A client may commit in transactions, or ask what others do.
      if (!definition.clients.includes(this.#options.kind)) continue;
      if (meter instanceof Counter) {
        metrics.push(this.#metric(definition, '-total', 'total', tags, meter.total));
        metrics.push(this.#metric(definition, '-rate', 'rate', tags, meter.rate(nowMs)));
      } else {
        const read = meter.read(nowMs);
        metrics.push(this.#metric(definition, '-avg', 'gauge', tags, read.mean));
        metrics.push(this.#metric(definition, '-max', 'gauge', tags, read.max));
        const { name, unit } = definition;
        distributions.push({ group: this.#group(definition), name, tags, unit, ...read });
      }
    }
  }

  #metric(
    definition: MetricDefinition,
    ending: '' | '-total' | '-rate' | '-avg' | '-max',
    type: Metric['type'],
    tags: Metric['tags'],
    value: number,
  ): Metric {
    const { name, unit, description } = definition;
    return { group: this.#group(definition), name: `${name}${ending}`, tags, type, unit, description, value };
  }

  #group({ group }: MetricDefinition): string {
    return `${GROUP_PREFIXES[this.#options.kind]}-${group}`;
  }

  #brokerEvent({ id, address }: BrokerName) {
    return { ...this.#source, broker: address, brokerId: id };
  }

  #requestEvent(broker: BrokerName, report: RequestReport) {
    return { ...this.#brokerEvent(broker), ...report };
  }

  #tellConnection(
    broker: BrokerName,
    change: 'connected' | 'failed' | 'disconnected',
    tookMs: number | undefined,
    error: unknown,
  ): void {
    if (channels.connection.hasSubscribers)
      channels.connection.publish({ ...this.#brokerEvent(broker), change, tookMs, error });
  }
}
