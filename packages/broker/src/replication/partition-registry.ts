// All partitions this broker leads, made when they are first touched: a partition nobody uses costs nothing here.
//
// Invariant: at most one Partition per topic id and index, and it lives as long as its topic does.

import type { LogManager } from '@moldau/log';
import type { MetadataImage, TopicImage } from '@moldau/metadata';
import type { Uuid } from '@moldau/protocol';
import type { TopicSettings } from '../config/topic-settings.ts';
import { TopicTraffic } from '../monitoring/topic-traffic.ts';
import { Partition } from './partition.ts';

export interface PartitionRegistryOptions {
  readonly logs: LogManager;
  readonly metadata: () => MetadataImage;
  /** What is in force for a topic now; cached by whoever gives it. */
  readonly settingsOf: (topicName: string) => TopicSettings;
  readonly traffic?: TopicTraffic;
}

export class PartitionRegistry {
  readonly #logs: LogManager;
  readonly #metadata: () => MetadataImage;
  readonly #settingsOf: (topicName: string) => TopicSettings;
  readonly #traffic: TopicTraffic;
  /** Sparse arrays: an index is filled at its first use. */
  readonly #byTopicId = new Map<Uuid, Partition[]>();

  constructor(options: PartitionRegistryOptions) {
    this.#logs = options.logs;
    this.#metadata = options.metadata;
    this.#settingsOf = options.settingsOf;
    this.#traffic = options.traffic ?? new TopicTraffic(0);
  }

  /** undefined when the topic does not exist or has no such partition. */
  get(topicName: string, index: number): Partition | undefined {
    const topic = this.#metadata().topicByName(topicName);
    return topic === undefined ? undefined : this.#partitionOf(topic, index);
  }

  /** undefined when no topic has this id, or it has no such partition. */
  getById(topicId: Uuid, index: number): Partition | undefined {
    const topic = this.#metadata().topicById(topicId);
    return topic === undefined ? undefined : this.#partitionOf(topic, index);
  }

  hasTopicId(topicId: Uuid): boolean {
    return this.#metadata().topicById(topicId) !== undefined;
  }

  /** The topic is gone from the metadata: its waits end and its logs are removed, used or not. */
  async topicRemoved(topic: TopicImage): Promise<void> {
    for (const partition of this.#byTopicId.get(topic.id) ?? []) partition?.markDeleted();
    this.#byTopicId.delete(topic.id);
    this.#traffic.remove(topic.name);
    // All at once, before anyone can make a topic of the same name.
    const removals = Array.from({ length: topic.partitionCount }, (_, index) =>
      this.#logs.remove(directoryNameOf(topic.name, index)),
    );
    await Promise.all(removals);
  }

  /** The topic's settings have changed. */
  topicConfigured(topic: TopicImage): void {
    const settings = this.#settingsOf(topic.name);
    for (const partition of this.#byTopicId.get(topic.id) ?? []) partition?.configure(settings);
  }

  /** Settings of every topic may have changed. */
  allConfigured(): void {
    for (const topicId of this.#byTopicId.keys()) {
      const topic = this.#metadata().topicById(topicId);
      if (topic !== undefined) this.topicConfigured(topic);
    }
  }

  #partitionOf(topic: TopicImage, index: number): Partition | undefined {
    let partitions = this.#byTopicId.get(topic.id);
    const known = partitions?.[index];
    if (known !== undefined) return known;
    const state = topic.partition(index);
    if (state === undefined) return undefined;
    const settings = this.#settingsOf(topic.name);
    const log = this.#logs.log(
      { directoryName: directoryNameOf(topic.name, index), topicId: topic.id },
      settings.log,
    );
    const partition = new Partition({
      ...{ topic: topic.name, topicId: topic.id, index, log, state, settings },
      figures: this.#traffic.of(topic.name),
    });
    if (partitions === undefined) {
      partitions = [];
      this.#byTopicId.set(topic.id, partitions);
    }
    partitions[index] = partition;
    return partition;
  }
}

function directoryNameOf(topicName: string, index: number): string {
  return `${topicName}-${index}`;
}
