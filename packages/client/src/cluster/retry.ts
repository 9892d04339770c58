// Trying again, in one place: until it succeeds, until what goes wrong is lasting, or until the time is over.

import { BrokerError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { Backoff } from '../network/backoff.ts';
import { type Limits, pause } from '../network/waiting.ts';
import type { Instruments } from '../observability/instruments.ts';
import type { ClientSettings } from '../options/client-options.ts';
import type { Ports } from '../options/ports.ts';

export interface RetryContext {
  readonly settings: Pick<ClientSettings, 'retryBackoffMs' | 'retryBackoffMaxMs'>;
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'random'>;
  /** Aborted when the client is closed: waiting ends. */
  readonly closing?: AbortSignal;
  readonly instruments?: Instruments | undefined;
}

/** The end of the last transaction is being written, which takes milliseconds. */
const SOON_OVER = 'CONCURRENT_TRANSACTIONS';
const SOON_BACKOFF_MS = 20;

/**
 * What `attempt` comes to at last. Between attempts `recover` is told what went wrong, and the back-off passes. At the deadline rejects with a
 * TimeoutError whose cause is what went wrong last, and which says so.
 */
export async function retrying<T>(
  { settings, ports, closing, instruments }: RetryContext,
  limits: Limits,
  attempt: () => Promise<T>,
  recover: (error: KafkaError) => void = () => {},
): Promise<T> {
  const { clock, timers, random } = ports;
  const startedMs = clock.monotonicMs();
  const { retryBackoffMs, retryBackoffMaxMs } = settings;
  const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, random);
  const soon = new Backoff(Math.min(SOON_BACKOFF_MS, retryBackoffMs), retryBackoffMs, random);
  for (;;) {
    limits.signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retriable) throw error;
      recover(error);
      const delayMs = (error.code === SOON_OVER ? soon : backoff).failed();
      const nowMs = clock.monotonicMs();
      if (nowMs + delayMs >= limits.deadlineMs)
        throw givenUp(error, Math.round(nowMs - startedMs), backoff.failures + soon.failures);
      instruments?.retried(error, backoff.failures + soon.failures, delayMs);
      await pause(timers, delayMs, eitherSignal(limits.signal, closing));
    }
  }
}

function eitherSignal(
  left: AbortSignal | undefined,
  right: AbortSignal | undefined,
): AbortSignal | undefined {
  return left === undefined || right === undefined ? (left ?? right) : AbortSignal.any([left, right]);
}

/** There is no time for another attempt. What a broker said, or each address, tells more than that time is over. */
function givenUp(error: KafkaError, tookMs: number, attempts: number): KafkaError {
  if (attempts === 1 || error instanceof BrokerError || error.code === 'NO_BROKER_REACHABLE') return error;
  const { topic, partition, broker } = error;
  return new TimeoutError(`Given up after ${attempts} attempts in ${tookMs} ms. At last: ${error.message}`, {
    ...{ topic, partition, broker },
    cause: error,
  });
}
