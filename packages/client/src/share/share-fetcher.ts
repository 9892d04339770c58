// Reads what is assigned, from the leaders of the partitions, and has some records ready for whoever takes them.
//
// Invariants: records are asked for only when somebody takes them, and no more than are soon worked on (pace.ts); what is held is at most one answer of
// each broker. A record whose lock ran out while it waited here is given to nobody.

import type { Timer } from '@moldau/io';
import type { Cluster } from '../cluster/cluster.ts';
import type { TopicSerdes } from '../consumer/records/consumer-record.ts';
import { ClosedError, type KafkaError, PartialFailureError } from '../errors/kafka-error.ts';
import {
  Acknowledgement,
  type FailedAcknowledgement,
  type SharePlace,
  sharePlace,
} from './acknowledgements.ts';
import { readAcquired } from './acquired-records.ts';
import { Pace } from './pace.ts';
import { type LockKeeper, ShareLock } from './share-lock.ts';
import type { ShareAssignment } from './share-membership.ts';
import type { ShareConsumerSettings } from './share-options.ts';
import type { ShareRecord } from './share-record.ts';
import {
  type AcquiredRecords,
  type PartitionTrouble,
  ShareSession,
  type ShareSessionHost,
} from './share-session.ts';

export interface ShareFetcherOptions {
  readonly cluster: Cluster;
  readonly settings: ShareConsumerSettings;
  readonly memberId: string;
  serdesOf(topic: string): TopicSerdes<unknown, unknown>;
  /** What the consumer is subscribed to. */
  topics(): readonly string[];
}

/** Records of one partition that wait to be taken. */
interface Ready {
  readonly lock: ShareLock;
  readonly records: readonly ShareRecord<unknown, unknown>[];
  position: number;
}

export class ShareFetcher implements ShareSessionHost {
  readonly #options: ShareFetcherOptions;
  readonly #sessions = new Map<number, ShareSession>();
  readonly #pace: Pace;
  #assignment: ShareAssignment = new Map();
  #assignedKeys: ReadonlySet<string> = new Set();
  #ready: Ready[] = [];
  #readyCount = 0;
  /** How long locks last, as far as known. */
  #lockMs = Number.POSITIVE_INFINITY;
  /** Somebody has taken records, or waits for some, since they were last asked for. */
  #isWanted = false;
  #waiters = new Set<PromiseWithResolvers<void>>();
  #failure: KafkaError | undefined;
  #planTimer: Timer | undefined;
  readonly #stopListening: () => void;

  constructor(options: ShareFetcherOptions) {
    this.#options = options;
    this.#pace = new Pace(options.settings.maxBufferedRecords);
    this.#stopListening = options.cluster.onChange(() => this.#plan());
    options.cluster.instruments?.gauge('assignedPartitions', () => this.#assignedKeys.size);
  }

  assign(assignment: ShareAssignment): void {
    this.#assignment = assignment;
    this.#assignedKeys = new Set(
      Array.from(assignment, ([topicId, partitions]) =>
        partitions.map((each) => `${topicId}/${each}`),
      ).flat(),
    );
    this.#releaseOthers();
    this.#plan();
    const { cluster, settings } = this.#options;
    const { groupId } = settings;
    cluster.instruments?.rebalanced({ groupId, change: 'assigned', partitions: this.assigned });
  }

  /** What is assigned, as far as the names of its topics are known. */
  get assigned(): { topic: string; partition: number }[] {
    const { metadata } = this.#options.cluster;
    return Array.from(this.#assignment, ([topicId, partitions]) => {
      const topic = metadata.topicById(topicId)?.name;
      return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }));
    }).flat();
  }

  /** Some records of one partition, at most so many; undefined: none are there now. @throws KafkaError that lasts */
  take(mostRecords: number): ShareRecord<unknown, unknown>[] | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const taken: ShareRecord<unknown, unknown>[] = [];
    for (let ready = this.#ready[0]; ready !== undefined && taken.length === 0; ready = this.#ready[0]) {
      this.#takeFrom(ready, mostRecords, taken);
      if (ready.position === ready.records.length) this.#ready.shift();
    }
    const [first] = taken;
    if (first !== undefined) {
      const { topic, partition } = first;
      this.#options.cluster.instruments?.consumed({ topic, partition, recordCount: taken.length });
    }
    this.#pace.taken(taken.length, this.#nowMs, this.#lockMs);
    this.#want();
    return taken.length === 0 ? undefined : taken;
  }

  /** Resolves when take would give something, or throw; rejects with the signal's reason, or a ClosedError. */
  async whenReady(signal?: AbortSignal): Promise<void> {
    if (this.#readyCount > 0 || this.#failure !== undefined) return;
    signal?.throwIfAborted();
    const waiter = Promise.withResolvers<void>();
    const aborted = (): void => waiter.reject(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    this.#waiters.add(waiter);
    this.#want();
    try {
      await waiter.promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener('abort', aborted);
    }
  }

  /** Resolves when brokers have taken all that was said so far. Rejects with what they did not take. */
  async flush(): Promise<void> {
    const failures = await Promise.all(Array.from(this.#sessions.values(), (session) => session.flush()));
    const errors = failures.flat().map(({ error }) => error);
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new PartialFailureError(errors);
  }

  /** Ends what waits, releases what was not done, and ends the sessions. Never rejects. */
  async close(deadlineMs: number): Promise<void> {
    this.#stopListening();
    this.#planTimer?.cancel();
    this.failed(new ClosedError());
    await Promise.all(Array.from(this.#sessions.values(), (session) => session.close(deadlineMs)));
    this.#ready = [];
    this.#readyCount = 0;
  }

  // ShareSessionHost -------------------------------------------------------------------------------------------------

  wanted(): number {
    if (!this.#isWanted && this.#waiters.size === 0) return 0;
    const { target } = this.#pace;
    return this.#readyCount * 2 > target ? 0 : target - this.#readyCount;
  }

  received({ place, brokerId, records, acquired, lockedUntilMs }: AcquiredRecords, keeper: LockKeeper): void {
    const { settings, serdesOf, cluster } = this.#options;
    const lock = new ShareLock(place, keeper, lockedUntilMs);
    const { topic, partition } = place;
    const found = readAcquired({
      ...{ lock, brokerId, records, acquired, serdes: serdesOf(topic), checkCrcs: settings.checkCrcs },
      damaged: (error) =>
        cluster.ports.logger.error({ topic, partition, error }, 'damaged records are rejected'),
    });
    this.#lockMs = lockedUntilMs - this.#nowMs;
    if (found.length === 0) return;
    this.#isWanted = false;
    this.#ready.push({ lock, records: found, position: 0 });
    this.#readyCount += found.length;
    this.#releaseOthers();
    for (const { resolve } of this.#waiters) resolve();
  }

  troubled({ place, error, leader, endpoints }: PartitionTrouble): void {
    const { cluster } = this.#options;
    const { topic, partition } = place;
    if (error.code === 'TOPIC_AUTHORIZATION_FAILED') {
      this.failed(error);
      return;
    }
    cluster.ports.logger.debug({ topic, partition, error }, 'share partition not read');
    if (leader.leaderId >= 0) cluster.teach(topic, partition, leader, endpoints);
    cluster.outdated({ topics: [topic], reason: error.code });
  }

  acknowledgeFailed({ place, run, error }: FailedAcknowledgement): void {
    const { settings, cluster } = this.#options;
    const { topic, partition } = place;
    const { firstOffset, lastOffset } = run;
    const records = { topic, partition, firstOffset, lastOffset };
    if (run.type === Acknowledgement.gap) return;
    if (settings.onAcknowledgeFailed === undefined)
      cluster.ports.logger.warn({ ...records, error }, 'records not acknowledged: they will come again');
    else settings.onAcknowledgeFailed(error, records);
  }

  failed(error: KafkaError): void {
    this.#failure ??= error;
    for (const { resolve } of this.#waiters) resolve();
  }

  // ------------------------------------------------------------------------------------------------------------------

  get #nowMs(): number {
    return this.#options.cluster.ports.clock.monotonicMs();
  }

  #takeFrom(ready: Ready, mostRecords: number, taken: ShareRecord<unknown, unknown>[]): void {
    const { records, lock } = ready;
    if (lock.problem() !== undefined) {
      const lapsedCount = records.length - ready.position;
      this.#readyCount -= lapsedCount;
      lock.lapse(lapsedCount);
      ready.position = records.length;
      return;
    }
    const end = Math.min(records.length, ready.position + mostRecords);
    for (let index = ready.position; index < end; index++) taken.push(records[index]!);
    this.#readyCount -= end - ready.position;
    ready.position = end;
  }

  #want(): void {
    this.#isWanted = true;
    if (this.wanted() > 0) for (const session of this.#sessions.values()) session.poke();
  }

  /** What waits here of partitions that are others' now. */
  #releaseOthers(): void {
    const isOurs = ({ lock }: Ready): boolean => this.#assignedKeys.has(lock.place.key);
    for (const ready of this.#ready) {
      if (isOurs(ready)) continue;
      this.#readyCount -= ready.records.length - ready.position;
      for (const record of ready.records.slice(ready.position)) record.release();
    }
    this.#ready = this.#ready.filter(isOurs);
  }

  /** Which broker to read which partition from. */
  #plan(): void {
    const { metadata } = this.#options.cluster;
    const places = new Map<number, SharePlace[]>();
    let isIncomplete = false;
    for (const [topicId, partitions] of this.#assignment) {
      const topic = metadata.topicById(topicId)?.name;
      for (const partition of partitions) {
        const leader = topic === undefined ? undefined : metadata.leader(topic, partition);
        if (topic === undefined || leader === undefined) {
          isIncomplete = true;
          continue;
        }
        const place = sharePlace(topic, topicId, partition);
        const known = places.get(leader.id);
        if (known === undefined) places.set(leader.id, [place]);
        else known.push(place);
      }
    }
    for (const brokerId of places.keys()) this.#session(brokerId);
    for (const [brokerId, session] of this.#sessions) session.read(places.get(brokerId) ?? []);
    if (isIncomplete) this.#planAgain();
  }

  #session(brokerId: number): void {
    if (this.#sessions.has(brokerId)) return;
    const { cluster, memberId, settings } = this.#options;
    this.#sessions.set(brokerId, new ShareSession({ cluster, memberId, settings, brokerId, host: this }));
  }

  /** A topic or a leader is not known yet. */
  #planAgain(): void {
    if (this.#planTimer !== undefined) return;
    const { cluster } = this.#options;
    const { timers } = cluster.ports;
    cluster.outdated({ topics: this.#options.topics(), reason: 'what a share group assigned' });
    this.#planTimer = timers.after(cluster.settings.retryBackoffMaxMs, () => {
      this.#planTimer = undefined;
      this.#plan();
    });
  }
}
