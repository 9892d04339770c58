// Clients that push their metrics (KIP-714): what each has been asked for, and whether it may push now.
//
// Invariants: a client pushes at most once an interval, but for its last words; it is asked anew when its subscription has changed; the clients
// known are bounded, the one heard of least recently is forgotten first, and so is one not heard of for three intervals.

import type { Clock, Random } from '@moldau/io';
import {
  type CompressionType,
  decompress,
  ErrorCode,
  KafkaError,
  MalformedError,
  type Uuid,
  uuidFromBytes,
  ZERO_UUID,
} from '@moldau/protocol';
import type { ClientMetricsSink } from './client-metrics-store.ts';
import { readMetrics } from './metrics-payload.ts';
import {
  type Subscription,
  type SubscriptionTexts,
  subscriptionFor,
  type TelemetryClient,
} from './subscriptions.ts';

export interface TelemetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly sink: ClientMetricsSink;
  /** telemetry.max.bytes, also of what a push is when decompressed, times ten. */
  readonly maxBytes: () => number;
  /** The configs of all client metrics subscriptions. */
  readonly subscriptions: () => Iterable<SubscriptionTexts>;
}

export interface Push {
  readonly subscriptionId: number;
  readonly terminating: boolean;
  /** Kafka's number. */
  readonly compressionType: number;
  readonly metrics: Buffer;
}

interface Instance {
  subscription: Subscription;
  version: number;
  lastGetMs: number;
  lastPushMs: number;
  lastError: number;
  isTerminating: boolean;
}

const MAX_INSTANCES = 16_384;
const SHORTEST_MEMORY_MS = 60_000;
const EXPANSION = 10;
/** Ids that mean something else wherever ids are. */
const RESERVED_IDS: readonly Uuid[] = [ZERO_UUID, 'AAAAAAAAAAAAAAAAAAAAAQ'];
const COMPRESSIONS: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
/** By Kafka's numbers, the best first: zstd, lz4, gzip, snappy. */
export const ACCEPTED_COMPRESSIONS: readonly number[] = [4, 3, 1, 2];

export class ClientTelemetry {
  readonly #options: TelemetryOptions;
  /** In the order of last use. */
  readonly #instances = new Map<Uuid, Instance>();
  #version = 0;

  constructor(options: TelemetryOptions) {
    this.#options = options;
  }

  /** Subscriptions have changed: every client's is found anew when it comes next. */
  subscriptionsChanged(): void {
    this.#version += 1;
  }

  /** @throws KafkaError when the client asks too often */
  subscribe(client: TelemetryClient): { clientInstanceId: Uuid; subscription: Subscription } {
    const { clientInstanceId } = client;
    const isNew = clientInstanceId === ZERO_UUID;
    if (!isNew && RESERVED_IDS.includes(clientInstanceId)) throw invalidId(clientInstanceId);
    const id = isNew ? this.#newId() : clientInstanceId;
    const instance = this.#instance({ ...client, clientInstanceId: id });
    const nowMs = this.#options.clock.monotonicMs();
    const lastMs = Math.max(instance.lastGetMs, instance.lastPushMs);
    // Who was told to ask again may do so at once.
    const isSentBack =
      instance.lastError === ErrorCode.UNKNOWN_SUBSCRIPTION_ID ||
      instance.lastError === ErrorCode.UNSUPPORTED_COMPRESSION_TYPE;
    if (nowMs - lastMs < instance.subscription.pushIntervalMs && !isSentBack) throw tooEarly(id);
    instance.lastGetMs = nowMs;
    instance.lastError = ErrorCode.NONE;
    return { clientInstanceId: id, subscription: instance.subscription };
  }

  /** @throws KafkaError when the push is not taken */
  push(client: TelemetryClient, push: Push): void {
    const { clientInstanceId: id } = client;
    if (RESERVED_IDS.includes(id)) throw invalidId(id);
    const instance = this.#instance(client);
    const { clock, sink } = this.#options;
    const nowMs = clock.monotonicMs();
    try {
      this.#check(id, instance, push, nowMs);
      instance.isTerminating = push.terminating;
      if (push.metrics.length > 0)
        sink.pushed({ client, receivedMs: clock.wallMs(), metrics: this.#read(push) });
      instance.lastError = ErrorCode.NONE;
    } catch (error) {
      if (error instanceof KafkaError) instance.lastError = error.code;
      throw error;
    }
    if (push.terminating) sink.gone(id);
  }

  #check(id: Uuid, instance: Instance, push: Push, nowMs: number): void {
    if (instance.isTerminating) {
      const message = `Client ${id} has said good-bye in its last push and can send no more.`;
      throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
    }
    // The first push after having been asked may come at any time, so that not all clients push at the same.
    const isFirst = instance.lastGetMs > instance.lastPushMs;
    const isDue = isFirst || nowMs - instance.lastPushMs >= instance.subscription.pushIntervalMs;
    if (!isDue && !push.terminating) throw tooEarly(id);
    instance.lastPushMs = nowMs;
    if (push.subscriptionId !== instance.subscription.id) {
      const message = `Client ${id} does not know its present subscription: it has to ask for it again.`;
      throw new KafkaError(ErrorCode.UNKNOWN_SUBSCRIPTION_ID, message);
    }
    if (COMPRESSIONS[push.compressionType] === undefined) {
      const message = `Client ${id} compresses with ${push.compressionType}, which is no type of compression.`;
      throw new KafkaError(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, message);
    }
    if (push.metrics.length > this.#options.maxBytes()) {
      const message = `Client ${id} pushes ${push.metrics.length} bytes, more than telemetry.max.bytes allows.`;
      throw new KafkaError(ErrorCode.TELEMETRY_TOO_LARGE, message);
    }
  }

  #read({ compressionType, metrics }: Push) {
    const codec = COMPRESSIONS[compressionType] ?? 'none';
    try {
      return readMetrics(decompress(codec, metrics, this.#options.maxBytes() * EXPANSION));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      throw new KafkaError(ErrorCode.INVALID_RECORD, `The metrics cannot be read: ${error.message}`);
    }
  }

  #instance(client: TelemetryClient): Instance {
    const { clientInstanceId: id } = client;
    this.#expire();
    const known = this.#instances.get(id);
    let instance = known;
    if (instance === undefined || instance.version !== this.#version) {
      const subscription = subscriptionFor(client, this.#options.subscriptions());
      instance = {
        subscription,
        version: this.#version,
        lastGetMs: known?.lastGetMs ?? Number.NEGATIVE_INFINITY,
        lastPushMs: known?.lastPushMs ?? Number.NEGATIVE_INFINITY,
        lastError: known?.lastError ?? ErrorCode.NONE,
        isTerminating: known?.isTerminating ?? false,
      };
    }
    this.#instances.delete(id);
    if (this.#instances.size >= MAX_INSTANCES) this.#forget(this.#instances.keys().next().value!);
    this.#instances.set(id, instance);
    return instance;
  }

  /** Those not heard of for long are at the front. */
  #expire(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [id, { lastGetMs, lastPushMs, subscription }] of this.#instances) {
      const memoryMs = Math.max(3 * subscription.pushIntervalMs, SHORTEST_MEMORY_MS);
      if (nowMs - Math.max(lastGetMs, lastPushMs) < memoryMs) return;
      this.#forget(id);
    }
  }

  #forget(id: Uuid): void {
    this.#instances.delete(id);
    this.#options.sink.gone(id);
  }

  #newId(): Uuid {
    for (;;) {
      const id = uuidFromBytes(this.#options.random.bytes(16));
      if (!RESERVED_IDS.includes(id) && !this.#instances.has(id)) return id;
    }
  }
}

function invalidId(id: Uuid): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, `A client cannot have the instance id ${id}.`);
}

function tooEarly(id: Uuid): KafkaError {
  const message = `Request from the client ${id} arrived before the next push interval time`;
  return new KafkaError(ErrorCode.THROTTLING_QUOTA_EXCEEDED, message);
}
