// Sends the metrics to an OpenTelemetry collector, again and again (OTLP/HTTP with JSON). Off unless its URL is set.

import type { Clock, Http, Logger, Process, Timer, Timers } from '@moldau/io';
import type { Metrics } from './metrics.ts';
import { OtlpSink } from './otlp-format.ts';

const ANSWER_LIMITS = { timeoutMs: 10_000, maxBytes: 65_536 };

export interface OtlpExportOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly process: Process;
  readonly metrics: Pick<Metrics, 'collect'>;
  readonly version: string;
  readonly url: URL;
  readonly intervalMs: number;
  /** May hold secrets; never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** By OpenTelemetry's names. */
  readonly resource: () => Readonly<Record<string, string>>;
}

export class OtlpExport {
  readonly #options: OtlpExportOptions;
  #timer: Timer | undefined;
  #isFailing = false;
  #isStopped = false;

  constructor(options: OtlpExportOptions) {
    this.#options = options;
    this.#plan();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #plan(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.timers.after(this.#options.intervalMs, () => {
      void this.#send().finally(() => this.#plan());
    });
  }

  async #send(): Promise<void> {
    const { http, clock, process, metrics, url, headers, resource, version, logger } = this.#options;
    try {
      const { startedMs } = await process.figures();
      const sink = new OtlpSink({ startedMs, nowMs: clock.wallMs() });
      await metrics.collect(sink);
      const body = sink.body(resource(), version);
      await http.post(url, { contentType: 'application/json', body, headers }, ANSWER_LIMITS);
      if (this.#isFailing) logger.info({ host: url.host }, 'metrics are taken again');
      this.#isFailing = false;
    } catch (error) {
      // Told once: the next attempt is sure to come, and what is counted is not lost.
      if (this.#isFailing || this.#isStopped) return;
      this.#isFailing = true;
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ host: url.host, reason }, 'metrics could not be sent: look at moldau.metrics.otlp.url');
    }
  }
}
