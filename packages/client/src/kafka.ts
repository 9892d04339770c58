// The entrance: checks the options once, and makes the clients. Each has connections of its own, so that none holds up another.

import type { Logger } from '@moldau/io';
import { Admin } from './admin/admin.ts';
import { Cluster } from './cluster/cluster.ts';
import type { Consumer } from './consumer/consumer.ts';
import { openConsumer } from './consumer/open-consumer.ts';
import { type ConsumerOptions, resolveConsumerOptions } from './consumer/options/consumer-options.ts';
import type { SubscriptionInput } from './consumer/subscription.ts';
import { ClosedError } from './errors/kafka-error.ts';
import { ExactlyOnce } from './exactly-once/exactly-once.ts';
import {
  checkExactlyOnceOptions,
  type ExactlyOnceOptions,
  type ExactlyOnceSummary,
} from './exactly-once/exactly-once-options.ts';
import { ClientMetrics, type MetricsSnapshot } from './observability/client-metrics.ts';
import type { ClientKind } from './observability/metric-definitions.ts';
import { TelemetryPush } from './observability/telemetry-push.ts';
import { type OpenTelemetryApi, Tracing } from './observability/tracing.ts';
import { type ClientOptions, type ClientSettings, resolveClientOptions } from './options/client-options.ts';
import { nodePorts, type Ports } from './options/ports.ts';
import { SOFTWARE } from './options/version.ts';
import { Producer } from './producer/producer.ts';
import { type ProducerOptions, resolveProducerOptions } from './producer/producer-options.ts';
import { ShareConsumer } from './share/share-consumer.ts';
import { resolveShareOptions, type ShareConsumerOptions } from './share/share-options.ts';

export interface TelemetryOptions {
  /** The package @opentelemetry/api: `import * as api from '@opentelemetry/api'`. Spans are made of what is sent and processed, and their context goes with records. */
  readonly api: OpenTelemetryApi;
}

export interface KafkaOptions extends ClientOptions {
  /** Traces with OpenTelemetry. Default: nothing is traced. */
  readonly telemetry?: TelemetryOptions;
  /** Told of connections that fail and the like; pino fits. Default: nobody. */
  readonly logger?: Logger;
}

export class Kafka implements AsyncDisposable {
  readonly #settings: ClientSettings;
  readonly #ports: Ports;
  readonly #clusters = new Set<Cluster>();
  /** Of clients that have something to do before their connections end. */
  readonly #endings = new WeakMap<Cluster, () => Promise<void>>();
  readonly #metrics = new Map<Cluster, ClientMetrics>();
  readonly #tracing: Tracing | undefined;
  #isClosed = false;

  /** Nothing is connected before it is used. @throws OptionsError */
  constructor(options: KafkaOptions, ports: Ports = nodePorts) {
    const { logger, telemetry, ...clientOptions } = options;
    this.#settings = resolveClientOptions(clientOptions);
    this.#ports = logger === undefined ? ports : { ...ports, logger };
    const { clientId } = this.#settings;
    if (telemetry !== undefined)
      this.#tracing = new Tracing(telemetry.api, { clientId, version: SOFTWARE.clientSoftwareVersion });
  }

  /** Sends records. Close it when it is done: what it has is sent before. @throws OptionsError */
  producer(options: ProducerOptions = {}): Producer {
    const settings = resolveProducerOptions(options, this.#settings);
    const { transactionalId } = settings;
    const cluster = this.#cluster('producer', { transactional_id: transactionalId });
    const producer = new Producer(cluster, settings);
    this.#endings.set(cluster, () => producer.close());
    return producer;
  }

  /** Reads records: as a member of a group that shares partitions, or of partitions assigned by hand. Close it when it is done. @throws OptionsError */
  consumer(options: ConsumerOptions = {}): Consumer {
    const settings = resolveConsumerOptions(options);
    const cluster = this.#cluster('consumer', {
      ...{ group_id: settings.groupId, group_instance_id: settings.instanceId, client_rack: settings.rack },
    });
    const consumer = openConsumer(cluster, settings, () => this.producer());
    this.#endings.set(cluster, () => consumer.close());
    return consumer;
  }

  /**
   * Reads records, transforms them and sends what comes of it, each once whatever fails: what is sent and how far was read are committed together. Resolves
   * when the signal is aborted, or close() is called; rejects with what lasts: a fatal error, or a transform() that fails again and again.
   */
  async exactlyOnce<const S extends SubscriptionInput>(
    options: ExactlyOnceOptions<S>,
  ): Promise<ExactlyOnceSummary> {
    checkExactlyOnceOptions(options);
    const { groupId, transactionalId } = options;
    await using producer = this.producer({ ...options.producer, transactionalId });
    await using consumer = this.consumer({
      autoOffsetReset: 'earliest',
      ...options.consumer,
      ...{ groupId, commit: 'manual', isolation: 'read-committed' },
    });
    return await new ExactlyOnce(options, { consumer, producer, ports: this.#ports }).run();
  }

  /** For administration. Close it when it is done. */
  admin(): Admin {
    return new Admin(this.#cluster('admin'));
  }

  /** A member of a share group (Kafka 4.1 or later): its members are given records of the same partitions, one record to one of them. @throws OptionsError */
  shareConsumer(options: ShareConsumerOptions): ShareConsumer {
    const settings = resolveShareOptions(options);
    const cluster = this.#cluster('share-consumer', {
      group_id: settings.groupId,
      client_rack: settings.rack,
    });
    const consumer = new ShareConsumer(cluster, settings);
    this.#endings.set(cluster, () => consumer.close());
    return consumer;
  }

  /** What is known now of each client that was made here and is not closed: by the names of Kafka's clients. */
  metrics(): MetricsSnapshot[] {
    return Array.from(this.#metrics.values(), (metrics) => metrics.snapshot());
  }

  /** Closes all clients that were made here and are not closed yet. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(
      [...this.#clusters].map((cluster) => this.#endings.get(cluster)?.() ?? cluster.close()),
    );
    this.#clusters.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** `labels`: what the client's metrics are known by to who runs the cluster. */
  #cluster(kind: ClientKind, labels: Readonly<Record<string, string | undefined>> = {}): Cluster {
    if (this.#isClosed) throw new ClosedError();
    const { clientId } = this.#settings;
    const { clock } = this.#ports;
    const metrics = new ClientMetrics({ kind, clientId, clock, tracing: this.#tracing });
    const ended = (): void => {
      this.#clusters.delete(cluster);
      this.#metrics.delete(cluster);
    };
    const cluster = new Cluster(this.#settings, this.#ports, ended, metrics);
    this.#clusters.add(cluster);
    this.#metrics.set(cluster, metrics);
    if (this.#settings.enableMetricsPush) this.#push(cluster, metrics, labels);
    return cluster;
  }

  /** From the first connection on, brokers are asked whether they want to know. */
  #push(
    cluster: Cluster,
    metrics: ClientMetrics,
    labels: Readonly<Record<string, string | undefined>>,
  ): void {
    const push = new TelemetryPush({
      ...{ link: cluster, ports: this.#ports, version: SOFTWARE.clientSoftwareVersion },
      requestTimeoutMs: this.#settings.requestTimeoutMs,
      labels: Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== undefined)) as Record<
        string,
        string
      >,
      snapshot: () => metrics.snapshot(),
    });
    metrics.onFirstConnection = () => push.start();
    metrics.onFarewell = () => push.close();
  }
}
