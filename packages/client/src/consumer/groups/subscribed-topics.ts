// What a member wants to read, and which topics that comes to by the metadata: those named, and those in which a pattern finds a match.

import type { Timer } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import type { Cluster } from '../../cluster/cluster.ts';
import { BrokerError } from '../../errors/kafka-error.ts';
import { compareTexts } from './assignors/member-order.ts';
import type { GroupSubscription } from './types.ts';

/** A topic that is not there yet may be made any moment; nobody tells. */
const UNKNOWN_TOPIC_INTERVAL_MS = 2_000;
const LASTING = new Set<number>([ErrorCode.TOPIC_AUTHORIZATION_FAILED, ErrorCode.INVALID_TOPIC_EXCEPTION]);

export class SubscribedTopics {
  readonly #cluster: Cluster;
  readonly #onChange: () => void;
  readonly #stopListening: () => void;
  #subscription: GroupSubscription = { topics: [], patterns: [] };
  #isMatching = true;
  #names: readonly string[] = [];
  #unfollow: (() => void) | undefined;
  #timer: Timer | undefined;

  /** `onChange` is told when `names` have changed. */
  constructor(cluster: Cluster, onChange: () => void) {
    this.#cluster = cluster;
    this.#onChange = onChange;
    this.#stopListening = cluster.onChange(() => this.#resolve());
  }

  get isEmpty(): boolean {
    return this.#subscription.topics.length === 0 && this.#subscription.patterns.length === 0;
  }

  /** Those given by name, whether they exist or not. */
  get topics(): readonly string[] {
    return this.#subscription.topics;
  }

  get patterns(): readonly RegExp[] {
    return this.#subscription.patterns;
  }

  /** Whether `names` has what the patterns match. */
  get isMatchedHere(): boolean {
    return this.#isMatching;
  }

  /** Sorted. */
  get names(): readonly string[] {
    return this.#names;
  }

  subscribe({ topics, patterns }: GroupSubscription): void {
    this.#subscription = {
      topics: [...new Set(topics)].sort(compareTexts),
      // With the flags g and y a RegExp remembers where it was.
      patterns: patterns.map(({ source, flags }) => new RegExp(source, flags.replace('g', ''))),
    };
    this.#follow();
    this.#resolve();
  }

  /** Whether patterns are matched here; where brokers do it, the metadata of other topics is not needed. */
  matchHere(isMatching: boolean): void {
    if (isMatching === this.#isMatching) return;
    this.#isMatching = isMatching;
    this.#follow();
    this.#resolve();
  }

  /** Asks for the metadata that names come from. Rejects with a BrokerError when a topic given by name may not be read, or its name can never exist. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { topics } = this.#subscription;
    await this.#cluster.refresh(
      { topics: this.#needsAll ? 'all' : topics, reason: 'the subscription' },
      { signal },
    );
    for (const topic of topics) {
      const errorCode = this.#cluster.metadata.topicError(topic) ?? ErrorCode.NONE;
      if (LASTING.has(errorCode)) throw new BrokerError(errorCode, { topic, operation: 'Read' });
    }
    this.#resolve();
  }

  close(): void {
    this.#unfollow?.();
    this.#timer?.cancel();
    this.#stopListening();
  }

  get #needsAll(): boolean {
    return this.#isMatching && this.#subscription.patterns.length > 0;
  }

  #follow(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
    if (this.isEmpty) return;
    const topics = this.#needsAll ? 'all' : this.#subscription.topics;
    this.#unfollow = this.#cluster.follow(topics);
    const isKnown = (topic: string): boolean => this.#cluster.metadata.topic(topic) !== undefined;
    if (topics === 'all' || !topics.every(isKnown))
      this.#cluster.outdated({ topics, reason: 'the subscription' });
  }

  #resolve(): void {
    const { metadata } = this.#cluster;
    const names = new Set(this.#subscription.topics);
    if (this.#needsAll) {
      for (const { name, isInternal } of metadata.topics.values()) {
        if (!isInternal && this.#subscription.patterns.some((pattern) => matches(pattern, name)))
          names.add(name);
      }
    }
    this.#watchUnknown();
    const sorted = [...names].sort(compareTexts);
    if (sorted.length === this.#names.length && sorted.every((name, index) => name === this.#names[index]))
      return;
    this.#names = sorted;
    this.#onChange();
  }

  #watchUnknown(): void {
    const { metadata, ports, settings } = this.#cluster;
    const isAllKnown = this.#subscription.topics.every((topic) => metadata.topic(topic) !== undefined);
    if (isAllKnown || this.#timer !== undefined) return;
    const delayMs = Math.min(UNKNOWN_TOPIC_INTERVAL_MS, settings.metadataMaxAgeMs);
    this.#timer = ports.timers.after(delayMs, () => {
      this.#timer = undefined;
      const { topics } = this.#subscription;
      const unknown = topics.filter((topic) => metadata.topic(topic) === undefined);
      if (unknown.length > 0)
        this.#cluster.outdated({ topics: unknown, reason: 'topics that are not there yet' });
      this.#watchUnknown();
    });
  }
}

function matches(pattern: RegExp, name: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(name);
}
