// Tells a client's instruments of a request: that it is made, and what became of it.

import type { Clock } from '@moldau/io';
import type { BrokerName, Instruments } from '../observability/instruments.ts';
import { apiName, type ClientApi } from './client-api.ts';

interface Watcher {
  readonly clock: Clock;
  readonly instruments?: Instruments | undefined;
  readonly broker?: BrokerName | undefined;
}

/** Undefined when nobody wants to know. */
export function watchRequest(
  { clock, instruments, broker }: Watcher,
  api: ClientApi<never, unknown>,
  version: number,
  chunks: readonly Uint8Array[],
) {
  if (instruments === undefined || broker === undefined) return undefined;
  const startMs = clock.monotonicMs();
  instruments.requestSent(broker, totalBytes(chunks), true);
  const settled = (answerBytes: number, throttleMs: number, error: unknown): void =>
    instruments.requestSettled(broker, {
      ...{ apiKey: api.request.apiKey, api: apiName(api), version, answerBytes, throttleMs, error },
      latencyMs: clock.monotonicMs() - startMs,
    });
  return {
    answered:
      <Answer>(resolve: (answer: Answer) => void) =>
      (answer: unknown, answerBytes: number): void => {
        const { throttleTimeMs = 0 } = answer as { readonly throttleTimeMs?: number };
        settled(answerBytes, throttleTimeMs, undefined);
        resolve(answer as Answer);
      },
    failed:
      (reject: (reason: unknown) => void) =>
      (reason: unknown): void => {
        settled(0, 0, reason);
        reject(reason);
      },
  };
}

export function totalBytes(chunks: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const { length } of chunks) bytes += length;
  return bytes;
}
