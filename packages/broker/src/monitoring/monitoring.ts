// Puts monitoring together. It is the first to start and the last to stop, so that probes are answered all the while.

import type { Http, HttpListener, HttpServer, Process } from '@moldau/io';
import type { MetricsExportSettings, PageAddress } from '../config/monitoring-settings.ts';
import { openEndpoint } from './endpoint.ts';
import type { Figures } from './figures.ts';
import type { BrokerPhase } from './health.ts';
import { Metrics } from './metrics.ts';
import type { MonitoredBroker, MonitoringPorts } from './monitored.ts';
import { OtlpExport } from './otlp-export.ts';

/** What only a process of its own has: a broker inside of somebody else's can do without. */
export interface MonitoringWorld {
  readonly httpServer: HttpServer;
  readonly process: Process;
  /** Ours, as in '1.2.3'. */
  readonly version: string;
}

export interface MonitoringOptions extends MonitoringPorts, MonitoringWorld {
  readonly figures: Figures;
  readonly http: Http;
  readonly address: PageAddress | undefined;
  /** Somebody said where. */
  readonly isAskedFor: boolean;
  readonly metricsExport: MetricsExportSettings | undefined;
  /** Read at each use. */
  readonly settings: { readonly maxPartitions: number; readonly lagIntervalMs: number };
  readonly slowRequests: { readonly count: number };
}

export class Monitoring {
  readonly #options: MonitoringOptions;
  readonly #metrics: Metrics;
  #broker: MonitoredBroker | undefined;
  #phase: BrokerPhase = 'starting';
  #listener: HttpListener | undefined;
  #export: OtlpExport | undefined;

  private constructor(options: MonitoringOptions) {
    this.#options = options;
    const { settings } = options;
    this.#metrics = new Metrics({
      ...options,
      limits: () => settings,
      lagIntervalMs: () => settings.lagIntervalMs,
      phase: () => this.#phase,
    });
  }

  /** Never rejects: a broker that cannot be watched serves all the same. */
  static async open(options: MonitoringOptions): Promise<Monitoring> {
    const monitoring = new Monitoring(options);
    await monitoring.#listen();
    return monitoring;
  }

  /** Where its pages are; undefined when there are none. */
  get address(): PageAddress | undefined {
    const listener = this.#listener;
    return listener === undefined ? undefined : { host: listener.host, port: listener.port };
  }

  /** There is a broker to look at, though it may not serve yet. */
  watch(broker: MonitoredBroker): void {
    this.#broker = broker;
    this.#metrics.watch(broker);
  }

  started(): void {
    this.#phase = 'running';
    const { metricsExport } = this.#options;
    if (metricsExport === undefined) return;
    this.#export = new OtlpExport({
      ...this.#options,
      ...metricsExport,
      metrics: this.#metrics,
      resource: () => ({
        'service.name': 'moldau',
        'service.namespace': this.#broker?.clusterId ?? '',
        'service.instance.id': String(this.#broker?.nodeId ?? ''),
        'service.version': this.#options.version,
      }),
    });
  }

  stopping(): void {
    this.#phase = 'stopping';
    this.#export?.stop();
  }

  async close(): Promise<void> {
    this.stopping();
    this.#metrics.stop();
    await this.#listener?.close();
  }

  async #listen(): Promise<void> {
    const { address, isAskedFor, httpServer, logger } = this.#options;
    if (address === undefined) return;
    const phase = () => this.#phase;
    this.#listener = await openEndpoint(address, {
      ...{ httpServer, logger, isAskedFor },
      metricsText: () => this.#metrics.text(),
      health: {
        get phase() {
          return phase();
        },
        logDirs: () => this.#broker?.logs.logDirs() ?? [],
      },
    });
  }
}
