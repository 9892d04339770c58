// What becomes of a record whose handler fails: it is tried again, after a growing delay; at last it goes to the dead letters, or ends the processing.

import type { Random } from '@moldau/io';
import { KafkaError, OptionsError, SerializationError } from '../../errors/kafka-error.ts';
import { Backoff } from '../../network/backoff.ts';
import type { OutgoingRecord, Plain } from '../../topic.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';

export interface RetryOptions {
  /** How often a record is tried at most, the first time included. Default 5. */
  readonly attempts?: number | undefined;
  /** Before the second attempt; doubled before each that follows, with jitter. Default 100 ms, at most 30 s. */
  readonly delayMs?: number | undefined;
  readonly maxDelayMs?: number | undefined;
  /** False: it would fail again. Default: all but records that their serdes cannot read. */
  readonly retryIf?: ((error: unknown) => boolean) | undefined;
}

/** A record that was tried in vain. */
export interface HandlerFailure<R> {
  readonly record: R;
  /** What the handler threw at last. */
  readonly error: unknown;
  readonly attempts: number;
}

/** Puts a record into a topic: a producer. */
export type SendPlain = (topic: string, record: OutgoingRecord<Plain, Plain>) => Promise<unknown>;

/** A topic, which gets the record with headers that say where from and why; or what to do with it instead: when that resolves the record is done. */
export type DeadLetter<R> = string | { readonly name: string } | ((failed: HandlerFailure<R>) => unknown);

export class Retries {
  readonly attempts: number;
  readonly #delayMs: number;
  readonly #maxDelayMs: number;
  readonly #retryIf: (error: unknown) => boolean;
  readonly #random: Random;

  constructor(options: RetryOptions | undefined, random: Random) {
    const { attempts, delayMs = 100, maxDelayMs = 30_000, retryIf = isWorthTrying } = options ?? {};
    this.attempts = attempts ?? (options === undefined ? 1 : 5);
    if (!(this.attempts >= 1))
      throw new OptionsError(`retry.attempts is ${attempts}; the first attempt counts, so it is 1 at least.`);
    this.#delayMs = delayMs;
    this.#maxDelayMs = maxDelayMs;
    this.#retryIf = retryIf;
    this.#random = random;
  }

  /** `attempts` were made. */
  isWorthAnother(attempts: number, error: unknown): boolean {
    return attempts < this.attempts && this.#retryIf(error);
  }

  /** Of one record. */
  backoff(): Backoff {
    return new Backoff(this.#delayMs, this.#maxDelayMs, this.#random);
  }
}

function isWorthTrying(error: unknown): boolean {
  return !(error instanceof SerializationError);
}

/** The handler's last word on a record, for which nothing else is provided. */
export function handlerFailed({
  record,
  error,
  attempts,
}: HandlerFailure<ConsumerRecord<unknown, unknown>>): KafkaError {
  const { topic, partition, offset } = record;
  const times = attempts === 1 ? 'failed' : `failed ${attempts} times`;
  return new KafkaError(
    'HANDLER_FAILED',
    `${topic}, partition ${partition}, offset ${offset}: the handler ${times}, at last with: ${reasonOf(error)}. ` +
      'Processing ended here, and the record is not committed: it comes again. Give retry to try such records again, and deadLetter to put them aside.',
    { topic, partition, cause: error },
  );
}

/** Resolves when the record is put aside. */
export async function putAside<R extends ConsumerRecord<unknown, unknown>>(
  failed: HandlerFailure<R>,
  deadLetter: DeadLetter<R>,
  { groupId, send }: { readonly groupId: string | undefined; readonly send: SendPlain },
): Promise<void> {
  if (typeof deadLetter === 'function') {
    await deadLetter(failed);
    return;
  }
  const topic = typeof deadLetter === 'string' ? deadLetter : deadLetter.name;
  await send(topic, deadLetterOf(failed, groupId));
}

const PREFIX = 'dead-letter.';

/** The record as it was, with headers that say where it came from and why it is here; those of an earlier time as a dead letter are replaced. */
export function deadLetterOf(
  { record, error, attempts }: HandlerFailure<ConsumerRecord<unknown, unknown>>,
  groupId: string | undefined,
): OutgoingRecord<Plain, Plain> {
  const about: Record<string, string | undefined> = {
    topic: record.topic,
    partition: String(record.partition),
    offset: String(record.offset),
    'timestamp-ms': String(record.timestampMs),
    'group-id': groupId,
    error: reasonOf(error),
    'error-name': error instanceof Error ? error.name : typeof error,
    attempts: String(attempts),
  };
  return {
    key: record.keyBytes,
    value: record.valueBytes,
    headers: [
      ...record.headers.entries.filter(([name]) => !name.startsWith(PREFIX)),
      ...Object.entries(about).flatMap(([name, value]) =>
        value === undefined ? [] : [[PREFIX + name, value] as const],
      ),
    ],
  };
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
