// What clients have pushed last, for whoever shows it. Bounded: the client heard of least recently makes room.

import type { ClientMetric } from './metrics-payload.ts';
import type { TelemetryClient } from './subscriptions.ts';

export interface PushedMetrics {
  readonly client: TelemetryClient;
  readonly receivedMs: number;
  readonly metrics: readonly ClientMetric[];
}

/** Takes what clients push. */
export interface ClientMetricsSink {
  pushed(push: PushedMetrics): void;
  /** The client has said good-bye, or has not been heard of for long. */
  gone(clientInstanceId: string): void;
}

/** Over all clients, some tens of megabytes. */
const MAX_METRICS = 200_000;

export class ClientMetricsStore implements ClientMetricsSink {
  readonly #pushes = new Map<string, PushedMetrics>();
  #count = 0;

  /** The one heard of least recently first. */
  all(): IterableIterator<PushedMetrics> {
    return this.#pushes.values();
  }

  pushed(push: PushedMetrics): void {
    const { clientInstanceId } = push.client;
    this.gone(clientInstanceId);
    this.#pushes.set(clientInstanceId, push);
    this.#count += push.metrics.length;
    for (const oldest of this.#pushes.keys()) {
      if (this.#count <= MAX_METRICS || oldest === clientInstanceId) return;
      this.gone(oldest);
    }
  }

  gone(clientInstanceId: string): void {
    const before = this.#pushes.get(clientInstanceId);
    if (before === undefined) return;
    this.#pushes.delete(clientInstanceId);
    this.#count -= before.metrics.length;
  }
}
