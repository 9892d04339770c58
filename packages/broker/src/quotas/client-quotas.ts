// How much clients may use, and for how long those above it are to be held up (KIP-13, KIP-55, KIP-124, KIP-599).
//
// A client is told how long in its answer's throttleTimeMs, and its connection is not read for as long (KIP-219), so that a client that does
// not heed it is slowed as well. What is measured are bytes of Produce requests and of records fetched, the time that the event loop spends on
// requests, and partitions made or removed.
//
// Invariants: while no quota of a kind is set, nothing is measured for it and asking costs one check; what is kept per client is bounded, for
// clients choose their ids.

import type { Clock } from '@moldau/io';
import type { ClientQuotaImage } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { type FoundQuota, QuotaLevels } from './quota-levels.ts';
import { type RateWindows, SampledRate } from './sampled-rate.ts';
import { TokenBucket } from './token-bucket.ts';

/** Kafka's names of the keys. */
export const QuotaKey = {
  PRODUCE: 'producer_byte_rate',
  FETCH: 'consumer_byte_rate',
  REQUEST: 'request_percentage',
  MUTATION: 'controller_mutation_rate',
} as const;
export type QuotaKey = (typeof QuotaKey)[keyof typeof QuotaKey];

export interface QuotaClient {
  /** As in 'User:ada'. */
  readonly principal: string;
  readonly clientId: string | null;
}

/** What a request may still change; asked by the controller as it decides. */
export interface MutationQuota {
  /**
   * Counts partitions that are made or removed.
   * @throws KafkaError with THROTTLING_QUOTA_EXCEEDED when the client has to wait first
   */
  record(partitionCount: number): void;
  /** For how long the client is to be held up, in milliseconds. */
  readonly throttleMs: number;
}

export interface ClientQuotasOptions {
  readonly clock: Clock;
  /** quota.window.num and quota.window.size.seconds */
  readonly windows: () => RateWindows;
  /** controller.quota.window.num and controller.quota.window.size.seconds */
  readonly mutationWindows: () => RateWindows;
}

/** How often clients were held up by quotas of one kind, and for how long in all. */
export interface QuotaThrottles {
  readonly quota: QuotaKey;
  readonly count: number;
  readonly totalMs: number;
}

const MAX_SHARERS = 10_000;
const NO_LIMIT: MutationQuota = { record() {}, throttleMs: 0 };

export class ClientQuotas {
  readonly #options: ClientQuotasOptions;
  readonly #levels: Record<QuotaKey, QuotaLevels>;
  readonly #rates: Record<string, Map<string, SampledRate>> = {};
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #throttles = Object.fromEntries(
    Object.values(QuotaKey).map((quota) => [quota, { quota, count: 0, totalMs: 0 }]),
  ) as Record<QuotaKey, { -readonly [Key in keyof QuotaThrottles]: QuotaThrottles[Key] }>;

  constructor(options: ClientQuotasOptions) {
    this.#options = options;
    this.#levels = noLevels();
  }

  /** Takes over what is set now. */
  update(images: Iterable<ClientQuotaImage>): void {
    Object.assign(this.#levels, noLevels());
    for (const { entity, quotas } of images) {
      for (const [key, limit] of quotas) {
        if (Object.hasOwn(this.#levels, key)) this.#levels[key as QuotaKey].add(entity, limit);
      }
    }
  }

  /** Counted since the start. */
  get throttles(): readonly QuotaThrottles[] {
    return Object.values(this.#throttles);
  }

  /** Requests are timed only while this is true. */
  get timesRequests(): boolean {
    return !this.#levels[QuotaKey.REQUEST].isEmpty;
  }

  /** Counts the bytes of a Produce request. Returns how long to hold up the client, in milliseconds. */
  recordProduced(client: QuotaClient, sizeBytes: number): number {
    return this.#record(QuotaKey.PRODUCE, client, sizeBytes, false);
  }

  /**
   * Counts bytes that are about to be answered. When the client is to be held up, they are not to be sent and have not been counted. Returns how
   * long to hold it up, in milliseconds.
   */
  recordFetched(client: QuotaClient, sizeBytes: number): number {
    return this.#record(QuotaKey.FETCH, client, sizeBytes, true);
  }

  /** The most that one fetch may bring: more would be over the quota by itself, for ever. */
  maxFetchBytes(client: QuotaClient): number {
    const limit = this.#find(QuotaKey.FETCH, client)?.limit;
    if (limit === undefined || Number.isNaN(limit)) return Number.POSITIVE_INFINITY;
    const { count, sizeMs } = this.#options.windows();
    return Math.floor((limit * (count - 1) * sizeMs) / 1000);
  }

  /**
   * Counts the time that the event loop has spent on a request, of which a quota is a percentage: 100 is all of it. Returns how long to hold up
   * the client, at most one window.
   */
  recordTime(client: QuotaClient, spentMs: number): number {
    const percentSeconds = spentMs / 10;
    const throttleMs = this.#record(QuotaKey.REQUEST, client, percentSeconds, false);
    return Math.min(throttleMs, this.#options.windows().sizeMs);
  }

  /** @param isStrict refuses while the client is in debt; older clients, which do not know that error, are only held up. */
  mutations(client: QuotaClient, isStrict: boolean): MutationQuota {
    const found = this.#find(QuotaKey.MUTATION, client);
    if (found === undefined || Number.isNaN(found.limit)) return NO_LIMIT;
    const { clock } = this.#options;
    const throttles = this.#throttles[QuotaKey.MUTATION];
    const windows = this.#options.mutationWindows();
    const bucket = kept(this.#buckets, found.sharer, () => new TokenBucket());
    let endMs = 0;
    return {
      record(partitionCount) {
        const nowMs = clock.monotonicMs();
        if (!isStrict) bucket.take(partitionCount, found.limit, windows, nowMs);
        const debtMs = bucket.throttleMs(found.limit, windows, nowMs);
        if (debtMs > 0) {
          // One request makes many changes, and is held up once.
          if (endMs === 0) throttles.count += 1;
          throttles.totalMs += Math.max(0, nowMs + debtMs - Math.max(endMs, nowMs));
          endMs = nowMs + debtMs;
        }
        if (!isStrict) return;
        if (debtMs > 0) {
          const message = 'The throttling quota has been exceeded.';
          throw new KafkaError(ErrorCode.THROTTLING_QUOTA_EXCEEDED, message);
        }
        bucket.take(partitionCount, found.limit, windows, nowMs);
      },
      get throttleMs() {
        return endMs === 0 ? 0 : Math.max(0, Math.round(endMs - clock.monotonicMs()));
      },
    };
  }

  #find(key: QuotaKey, { principal, clientId }: QuotaClient): FoundQuota | undefined {
    const levels = this.#levels[key];
    if (levels.isEmpty) return undefined;
    return levels.find(principal.slice(principal.indexOf(':') + 1), clientId ?? '');
  }

  #record(key: QuotaKey, client: QuotaClient, value: number, isTakenBack: boolean): number {
    const found = this.#find(key, client);
    if (found === undefined) return 0;
    this.#rates[key] ??= new Map();
    const rate = kept(this.#rates[key], found.sharer, () => new SampledRate());
    const nowMs = this.#options.clock.monotonicMs();
    const windows = this.#options.windows();
    rate.record(value, windows, nowMs);
    const throttleMs = rate.throttleMs(found.limit, windows, nowMs);
    if (throttleMs === 0) return 0;
    if (isTakenBack) rate.record(-value, windows, nowMs);
    const throttles = this.#throttles[key];
    throttles.count += 1;
    throttles.totalMs += throttleMs;
    return throttleMs;
  }
}

function noLevels(): Record<QuotaKey, QuotaLevels> {
  return {
    [QuotaKey.PRODUCE]: new QuotaLevels(),
    [QuotaKey.FETCH]: new QuotaLevels(),
    [QuotaKey.REQUEST]: new QuotaLevels(),
    [QuotaKey.MUTATION]: new QuotaLevels(),
  };
}

/** What is kept for this sharer. The map's order is that of last use, and the one unused for longest makes room. */
function kept<T>(map: Map<string, T>, sharer: string, create: () => T): T {
  const known = map.get(sharer);
  if (known !== undefined) map.delete(sharer);
  else if (map.size >= MAX_SHARERS) map.delete(map.keys().next().value!);
  const value = known ?? create();
  map.set(sharer, value);
  return value;
}
