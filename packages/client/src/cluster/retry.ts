// Trying again, in one place: until it succeeds, until what goes wrong is lasting, or until the time is over.

import { BrokerError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { Backoff } from '../network/backoff.ts';
import { type Limits, pause } from '../network/waiting.ts';
import type { ClientSettings } from '../options/client-options.ts';
import type { Ports } from '../options/ports.ts';

export interface RetryContext {
  readonly settings: Pick<ClientSettings, 'retryBackoffMs' | 'retryBackoffMaxMs'>;
  readonly ports: Pick<Ports, 'clock' | 'timers' | 'random'>;
}

/**
 * What `attempt` comes to at last. Between attempts `recover` is told what went wrong, and the back-off passes. At the deadline rejects with a
 * TimeoutError whose cause is what went wrong last, and which says so.
 */
export async function retrying<T>(
  { settings, ports }: RetryContext,
  limits: Limits,
  attempt: () => Promise<T>,
  recover: (error: KafkaError) => void = () => {},
): Promise<T> {
  const { clock, timers, random } = ports;
  const startedMs = clock.monotonicMs();
  const backoff = new Backoff(settings.retryBackoffMs, settings.retryBackoffMaxMs, random);
  for (;;) {
    limits.signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retriable) throw error;
      recover(error);
      const delayMs = backoff.failed();
      const leftMs = limits.deadlineMs - clock.monotonicMs();
      if (leftMs <= delayMs)
        throw await givenUp(error, { startedMs, leftMs, backoff }, limits, { clock, timers });
      await pause(timers, delayMs, limits.signal);
    }
  }
}

/** There is no time for another attempt. A broker's own verdict says more than that time is over. */
async function givenUp(
  error: KafkaError,
  { startedMs, leftMs, backoff }: { startedMs: number; leftMs: number; backoff: Backoff },
  { signal }: Limits,
  { clock, timers }: Pick<Ports, 'clock' | 'timers'>,
): Promise<KafkaError> {
  if (backoff.failures === 1 || error instanceof BrokerError || error.code === 'NO_BROKER_REACHABLE')
    return error;
  if (leftMs > 0) await pause(timers, Math.min(leftMs, 1), signal);
  const tookMs = Math.round(clock.monotonicMs() - startedMs);
  const { topic, partition, broker } = error;
  return new TimeoutError(
    `Given up after ${backoff.failures} attempts in ${tookMs} ms. At last: ${error.message}`,
    {
      ...{ topic, partition, broker },
      cause: error,
    },
  );
}
