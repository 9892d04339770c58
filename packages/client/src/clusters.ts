// Makes the connections of clients: each has its own, so that none holds up another, and is measured by itself. What clients do with them is not known here.

import type { Logger } from '@moldau/io';
import { Cluster } from './cluster/cluster.ts';
import { ClosedError } from './errors/kafka-error.ts';
import { ClientMetrics, type MetricsSnapshot } from './observability/client-metrics.ts';
import type { ClientKind } from './observability/metric-definitions.ts';
import { TelemetryPush } from './observability/telemetry-push.ts';
import { type OpenTelemetryApi, Tracing } from './observability/tracing.ts';
import { type ClientOptions, type ClientSettings, resolveClientOptions } from './options/client-options.ts';
import type { Ports } from './options/ports.ts';
import type { PropertyTable } from './options/properties.ts';
import { SOFTWARE } from './options/version.ts';

export interface TelemetryOptions {
  /** The package @opentelemetry/api: `import * as api from '@opentelemetry/api'`. Spans are made of what is sent and processed, and their context goes with records. */
  readonly api: OpenTelemetryApi;
}

export interface KafkaOptions extends ClientOptions {
  /** Traces with OpenTelemetry. Default: nothing is traced. */
  readonly telemetry?: TelemetryOptions;
  /** Told of connections that fail and the like; pino fits. Default: what is to be warned of is a warning of the process, on standard error. */
  readonly logger?: Logger;
}

/** A client's close(); without a limit its own applies. */
type Ending = (limit: CloseLimit) => Promise<void>;

export interface CloseLimit {
  readonly timeoutMs?: number;
}

export class Clusters {
  readonly settings: ClientSettings;
  readonly ports: Ports;
  readonly #open = new Set<Cluster>();
  /** Of clients that have something to do before their connections end. */
  readonly #endings = new WeakMap<Cluster, Ending>();
  readonly #metrics = new Map<Cluster, ClientMetrics>();
  readonly #tracing: Tracing | undefined;
  #isClosed = false;

  /** `others` have options of their own, which are not given here. @throws OptionsError */
  constructor(options: KafkaOptions, ports: Ports, others: readonly PropertyTable<unknown>[] = []) {
    const { logger, telemetry, ...clientOptions } = options;
    this.settings = resolveClientOptions(clientOptions, others);
    this.ports = logger === undefined ? ports : { ...ports, logger };
    const { clientId } = this.settings;
    if (telemetry !== undefined)
      this.#tracing = new Tracing(telemetry.api, { clientId, version: SOFTWARE.clientSoftwareVersion });
  }

  /** `labels`: what the client's metrics are known by to who runs the cluster. */
  open(kind: ClientKind, labels: Readonly<Record<string, string | undefined>> = {}): Cluster {
    if (this.#isClosed) throw new ClosedError();
    const { clientId } = this.settings;
    const { clock } = this.ports;
    const metrics = new ClientMetrics({ kind, clientId, clock, tracing: this.#tracing });
    const ended = (): void => {
      this.#open.delete(cluster);
      this.#metrics.delete(cluster);
    };
    const cluster = new Cluster(this.settings, this.ports, ended, metrics);
    this.#open.add(cluster);
    this.#metrics.set(cluster, metrics);
    if (this.settings.enableMetricsPush) this.#push(cluster, metrics, labels);
    return cluster;
  }

  /** How its client is closed, in place of its connections alone. */
  endWith(cluster: Cluster, ending: Ending): void {
    this.#endings.set(cluster, ending);
  }

  metrics(): MetricsSnapshot[] {
    return Array.from(this.#metrics.values(), (metrics) => metrics.snapshot());
  }

  /** Closes all that are open, and opens no more. Rejects when they all are closed, with what went wrong with the first that failed. */
  async close(limit: CloseLimit): Promise<void> {
    this.#isClosed = true;
    const closings = [...this.#open].map((cluster) => this.#endings.get(cluster)?.(limit) ?? cluster.close());
    await Promise.allSettled(closings);
    this.#open.clear();
    await Promise.all(closings);
  }

  /** From the first connection on, brokers are asked whether they want to know. */
  #push(
    cluster: Cluster,
    metrics: ClientMetrics,
    labels: Readonly<Record<string, string | undefined>>,
  ): void {
    const push = new TelemetryPush({
      ...{ link: cluster, ports: this.ports, version: SOFTWARE.clientSoftwareVersion },
      requestTimeoutMs: this.settings.requestTimeoutMs,
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
