// Puts records into batches: chooses the partition, begins batches and fills them.
//
// Invariants: records of one partition keep the order in which they were given. What is in memory is counted in `room`, from here until the outcome.

import { ErrorCode } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, type KafkaError } from '../errors/kafka-error.ts';
import { Batch, WORTHWHILE_BYTES } from './batch.ts';
import { BatchWriter } from './batch-writer.ts';
import type { Blocks } from './blocks.ts';
import type { BufferRoom, Waiter } from './buffer-room.ts';
import type { Lines } from './lines.ts';
import type { PartitionQueue } from './partition-queue.ts';
import type { ProducerSettings } from './producer-options.ts';
import type { SentRecord } from './record-calls.ts';
import type { Sender } from './sender.ts';
import { largerThanRequest } from './too-large.ts';
import { type OutgoingBytes, type PendingRecord, TopicQueue } from './topic-queue.ts';
import { awaitTopic } from './unknown-topic.ts';

/** Of a record beside key, value and headers: at most. And of the batch around it. */
const RECORD_OVERHEAD_BYTES = 32;
const BATCH_OVERHEAD_BYTES = 100;

export interface RecordBufferOptions {
  readonly cluster: Cluster;
  readonly settings: ProducerSettings;
  readonly sender: Sender;
  readonly room: BufferRoom;
  readonly blocks: Blocks;
  /** A posted record whose topic could not be found. */
  onLost(topic: string, record: OutgoingBytes, error: KafkaError): void;
}

export class RecordBuffer {
  readonly #options: RecordBufferOptions;
  readonly #topics = new Map<string, TopicQueue>();
  #last: TopicQueue | undefined;
  #ordinal = 0;

  constructor(options: RecordBufferOptions) {
    this.#options = options;
  }

  topic(name: string): TopicQueue {
    if (this.#last?.name === name) return this.#last;
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      const { cluster, settings } = this.#options;
      const { batchBytes, partitioner } = settings;
      const { random } = cluster.ports;
      topic = new TopicQueue(name, { batchBytes, partitioner, random, backoff: cluster.settings });
      this.#topics.set(name, topic);
    }
    this.#last = topic;
    return topic;
  }

  /** Topics whose partitions are not known yet. */
  get learning(): Promise<void>[] {
    return [...this.#topics.values()].flatMap(({ learning }) => learning ?? []);
  }

  /** What is known of topics has changed. */
  update(names: ReadonlySet<string>): void {
    for (const name of names) {
      const known = this.#options.cluster.metadata.topic(name);
      if (known !== undefined) this.#topics.get(name)?.update(known);
    }
    this.#options.sender.schedule();
  }

  /** Smaller batches are made from now on. */
  limit(name: string, refusedBytes: number): void {
    const topic = this.topic(name);
    topic.batchBytes = Math.max(1, Math.min(topic.batchBytes, Math.floor(refusedBytes / 2)));
  }

  /** Resolves with the outcome. */
  send(topic: TopicQueue, record: OutgoingBytes): Promise<SentRecord> {
    if (this.#isKnown(topic)) return this.#put(topic, record).lastOutcome(record.timestampMs);
    return new Promise((resolve, reject) => this.#wait(topic, { ...record, waiter: { resolve, reject } }));
  }

  /** The same for somebody who waits already. */
  sendFor(waiter: Waiter<SentRecord>, topic: TopicQueue, record: OutgoingBytes): void {
    if (this.#isKnown(topic)) this.#put(topic, record).tellLastOutcome(waiter, record.timestampMs);
    else this.#wait(topic, { ...record, waiter });
  }

  /** Nobody waits for the outcome. */
  post(topic: TopicQueue, record: OutgoingBytes): void {
    if (this.#isKnown(topic)) this.#put(topic, record);
    else this.#wait(topic, { ...record, waiter: undefined });
  }

  /** The lines behind one that was posted just now, as far as they go into its batch. They have no keys and headers either. */
  postMore(topic: TopicQueue, lines: Lines, timestampMs: number, partition: number | undefined): void {
    const { sticky } = topic.partitioner;
    if (partition === undefined && sticky === undefined) return;
    const batch = topic.partitions[partition ?? sticky!.current]?.open;
    if (batch === undefined || topic.learning !== undefined) return;
    const { sizeBytes, memoryBytes } = batch;
    const stickyLimitBytes =
      partition === undefined ? sizeBytes + stickyBytes(topic) - sticky!.bytes : Number.POSITIVE_INFINITY;
    batch.appendLines(lines, timestampMs, Math.min(topic.batchBytes, stickyLimitBytes));
    this.#grown(batch, sizeBytes, memoryBytes);
    if (partition === undefined) sticky!.add(batch.sizeBytes - sizeBytes);
  }

  /** Fails what waits for its topic. */
  failPending(error: KafkaError): void {
    for (const topic of this.#topics.values()) this.#failPending(topic, error);
  }

  #isKnown(topic: TopicQueue): boolean {
    if (topic.partitions.length > 0) return topic.learning === undefined;
    const known = this.#options.cluster.metadata.topic(topic.name);
    if (known === undefined || known.partitions.length === 0) return false;
    this.#follow(topic);
    topic.update(known);
    return true;
  }

  /** As Kafka's producer does: also a topic that somebody deletes while it is written to is made anew, where brokers do that. */
  #follow(topic: TopicQueue): void {
    const { cluster, settings } = this.#options;
    const { clock } = cluster.ports;
    const allowsCreation = (): boolean =>
      settings.allowTopicCreation && topic.isWrittenTo(clock.monotonicMs());
    cluster.follow([topic.name], { allowsCreation });
  }

  /** @throws KafkaError for a partition that is not there, and for a record that is too large */
  #put(topic: TopicQueue, record: OutgoingBytes): Batch {
    const { room, settings } = this.#options;
    const { key, value, headers } = record;
    const sizeBytes =
      RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + (headers?.length ?? 0);
    if (sizeBytes + BATCH_OVERHEAD_BYTES > settings.maxRequestBytes)
      throw largerThanRequest(topic.name, sizeBytes, settings.maxRequestBytes);
    const queue = this.#queueOf(topic, record, sizeBytes);
    let batch = queue.open;
    if (batch === undefined || batch.sizeBytes + sizeBytes > topic.batchBytes) {
      batch = this.#begin(queue, batch);
      topic.lastBatchMs = batch.createdMs;
      room.take(batch.memoryBytes);
    }
    const { memoryBytes, sizeBytes: beforeBytes } = batch;
    batch.append(key, value, headers, record.timestampMs);
    this.#grown(batch, beforeBytes, memoryBytes);
    return batch;
  }

  #grown(batch: Batch, sizeBytes: number, memoryBytes: number): void {
    const { room, sender } = this.#options;
    if (sizeBytes < WORTHWHILE_BYTES && batch.sizeBytes >= WORTHWHILE_BYTES) sender.schedule();
    if (batch.memoryBytes !== memoryBytes) room.take(batch.memoryBytes - memoryBytes);
  }

  #queueOf(topic: TopicQueue, { key, value, partition }: OutgoingBytes, sizeBytes: number): PartitionQueue {
    const { partitions, partitioner } = topic;
    if (partition !== undefined) return partitions[partition] ?? this.#noPartition(topic, partition);
    const chosen = partitioner.choose(key, value, partitions);
    if (chosen >= 0) return partitions[chosen]!;
    const sticky = partitioner.sticky!;
    let queue = partitions[sticky.current];
    if (queue === undefined || sticky.bytes >= stickyBytes(topic))
      queue = partitions[sticky.change(partitions)]!;
    sticky.add(sizeBytes);
    return queue;
  }

  #noPartition({ name, partitions }: TopicQueue, partition: number): never {
    this.#options.cluster.outdated({ topics: [name], reason: 'a partition that is not known' });
    throw new BrokerError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, {
      ...{ topic: name, partition, saysAll: true },
      said: `The topic has the partitions 0 to ${partitions.length - 1}.`,
    });
  }

  #begin(queue: PartitionQueue, full: Batch | undefined): Batch {
    const { cluster, settings, blocks, sender } = this.#options;
    const createdMs = cluster.ports.clock.monotonicMs();
    queue.isBusy = full !== undefined;
    const batch = new Batch(queue.topic, queue.index, new BatchWriter(blocks, queue.isBusy), {
      createdMs,
      deadlineMs: createdMs + settings.deliveryTimeoutMs,
      ordinal: this.#ordinal++,
      firstIndex: 0,
      isPart: false,
    });
    queue.push(batch);
    sender.add(queue);
    return batch;
  }

  #wait(topic: TopicQueue, record: PendingRecord): void {
    // Encoded headers are valid for the moment only.
    const { headers } = record;
    topic.pending.push(headers === undefined ? record : { ...record, headers: Buffer.from(headers) });
    this.#options.room.take(pendingBytes(record));
    topic.learning ??= this.#learn(topic);
  }

  async #learn(topic: TopicQueue): Promise<void> {
    const { cluster, settings } = this.#options;
    try {
      const known = await awaitTopic(cluster, topic.name, settings);
      this.#follow(topic);
      topic.update(known);
    } catch (error) {
      // Who comes from now on asks again.
      topic.learning = undefined;
      this.#failPending(topic, error as KafkaError);
      return;
    }
    // Room that is given back here lets in others, which come after those that waited.
    while (topic.pending.length > 0) this.#placePending(topic);
    topic.learning = undefined;
  }

  #placePending(topic: TopicQueue): void {
    const { room, onLost } = this.#options;
    const { pending } = topic;
    topic.pending = [];
    for (const record of pending) {
      try {
        const batch = this.#put(topic, record);
        if (record.waiter !== undefined) batch.tellLastOutcome(record.waiter, record.timestampMs);
      } catch (error) {
        if (record.waiter === undefined) onLost(topic.name, record, error as KafkaError);
        else record.waiter.reject(error);
      }
      room.give(pendingBytes(record));
    }
  }

  #failPending(topic: TopicQueue, error: KafkaError): void {
    const { room, onLost } = this.#options;
    const { pending } = topic;
    topic.pending = [];
    for (const record of pending) {
      if (record.waiter === undefined) onLost(topic.name, record, error);
      else record.waiter.reject(error);
      room.give(pendingBytes(record));
    }
  }
}

/** How much sticks to a partition before another is chosen. */
function stickyBytes({ batchBytes }: TopicQueue): number {
  return Math.min(batchBytes, WORTHWHILE_BYTES);
}

function pendingBytes({ key, value, headers }: OutgoingBytes): number {
  return RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + (headers?.length ?? 0);
}
