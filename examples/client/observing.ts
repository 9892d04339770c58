// What clients tell of themselves.

import assert from 'node:assert/strict';
import { Kafka, type OpenTelemetryApi, onClientEvent } from '@moldau/client';
import { orders } from './orders.ts';

export async function metrics(kafka: Kafka): Promise<void> {
  const producer = kafka.producer();
  await producer.send(orders, { key: 'ada', value: { id: 1, amount: 100 } });
  let count: number | undefined;
  const report = (_client: string, sent: number | undefined, _p99: number | undefined) => {
    count = sent;
  };
  // #region metrics
  for (const { client, metrics, distributions } of kafka.metrics()) {
    const sent = metrics.find(
      ({ group, name }) => group === 'producer-metrics' && name === 'record-send-total',
    );
    const latency = distributions.find(({ name }) => name === 'request-latency');
    report(client, sent?.value, latency?.p99);
  }
  // #endregion
  assert.equal(count, 1);
}

export async function events(kafka: Kafka): Promise<void> {
  // #region events
  const stop = onClientEvent('moldau:client:request', ({ api, broker, latencyMs, error }) => {
    if (latencyMs > 1_000) console.log(`${broker}: ${api} took ${latencyMs} ms`, error);
  });
  // #endregion
  await kafka.producer().send(orders, { key: 'ada', value: { id: 1, amount: 100 } });
  stop();
}

export async function logging(): Promise<void> {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  // #region logger
  const kafka = new Kafka({ brokers: 'localhost:9092', logger });
  // #endregion
  await kafka.close();
}

export async function traces(): Promise<void> {
  // Stands for `import * as api from '@opentelemetry/api'`.
  const api = { trace: { getTracer: () => ({}) } } as unknown as OpenTelemetryApi;
  // #region traces
  const kafka = new Kafka({ brokers: 'localhost:9092', telemetry: { api } });
  // #endregion
  await kafka.close();
}
