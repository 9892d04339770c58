// The entrance: checks the options once, and makes the clients. Each has connections of its own, so that none holds up another.

import { Admin } from './admin/admin.ts';
import { type CloseLimit, Clusters, type KafkaOptions } from './clusters.ts';
import type { Consumer } from './consumer/consumer.ts';
import { openConsumer } from './consumer/open-consumer.ts';
import { type ConsumerOptions, resolveConsumerOptions } from './consumer/options/consumer-options.ts';
import { consumerProperties } from './consumer/options/consumer-properties.ts';
import type { SubscriptionInput } from './consumer/subscription.ts';
import { ExactlyOnce } from './exactly-once/exactly-once.ts';
import {
  checkExactlyOnceOptions,
  type ExactlyOnceOptions,
  type ExactlyOnceSummary,
} from './exactly-once/exactly-once-options.ts';
import type { MetricsSnapshot } from './observability/client-metrics.ts';
import { nodePorts, type Ports } from './options/ports.ts';
import { Producer } from './producer/producer.ts';
import { type ProducerOptions, resolveProducerOptions } from './producer/producer-options.ts';
import { producerProperties } from './producer/producer-properties.ts';
import { ShareConsumer } from './share/share-consumer.ts';
import { resolveShareOptions, type ShareConsumerOptions } from './share/share-options.ts';

export class Kafka implements AsyncDisposable {
  readonly #clusters: Clusters;

  /** Nothing is connected before it is used. @throws OptionsError */
  constructor(options: KafkaOptions, ports: Ports = nodePorts) {
    this.#clusters = new Clusters(options, ports, [producerProperties, consumerProperties]);
  }

  /** Sends records. Close it when it is done: what it has is sent before. @throws OptionsError */
  producer(options: ProducerOptions = {}): Producer {
    const settings = resolveProducerOptions(options, this.#clusters.settings);
    const { transactionalId } = settings;
    const cluster = this.#clusters.open('producer', { transactional_id: transactionalId });
    const producer = new Producer(cluster, settings);
    this.#clusters.endWith(cluster, (limit) => producer.close(limit));
    return producer;
  }

  /** Reads records: as a member of a group that shares partitions, or of partitions assigned by hand. Close it when it is done. @throws OptionsError */
  consumer(options: ConsumerOptions = {}): Consumer {
    const settings = resolveConsumerOptions(options);
    const cluster = this.#clusters.open('consumer', {
      ...{ group_id: settings.groupId, group_instance_id: settings.instanceId, client_rack: settings.rack },
    });
    const consumer = openConsumer(cluster, settings, () => this.producer());
    this.#clusters.endWith(cluster, (limit) => consumer.close(limit));
    return consumer;
  }

  /**
   * Reads records, transforms them and sends what comes of it, each once whatever fails: what is sent and how far was read are committed together. Resolves
   * when the signal is aborted, or close() is called; rejects with what lasts: a fatal error, or a transform() that fails again and again.
   */
  async exactlyOnce<const S extends SubscriptionInput>(
    options: ExactlyOnceOptions<S>,
  ): Promise<ExactlyOnceSummary> {
    checkExactlyOnceOptions(options);
    const { groupId, transactionalId } = options;
    await using producer = this.producer({ ...options.producer, transactionalId });
    await using consumer = this.consumer({
      autoOffsetReset: 'earliest',
      ...options.consumer,
      ...{ groupId, commit: 'manual', isolation: 'read-committed' },
    });
    return await new ExactlyOnce(options, { consumer, producer, ports: this.#clusters.ports }).run();
  }

  /** For administration. Close it when it is done. */
  admin(): Admin {
    return new Admin(this.#clusters.open('admin'));
  }

  /** A member of a share group (Kafka 4.1 or later): its members are given records of the same partitions, one record to one of them. @throws OptionsError */
  shareConsumer(options: ShareConsumerOptions): ShareConsumer {
    const settings = resolveShareOptions(options);
    const cluster = this.#clusters.open('share-consumer', {
      group_id: settings.groupId,
      client_rack: settings.rack,
    });
    const consumer = new ShareConsumer(cluster, settings);
    this.#clusters.endWith(cluster, (limit) => consumer.close(limit));
    return consumer;
  }

  /** What is known now of each client that was made here and is not closed: by the names of Kafka's clients. */
  metrics(): MetricsSnapshot[] {
    return this.#clusters.metrics();
  }

  /**
   * Closes all clients that were made here and are not closed yet, each within timeoutMs (by default what its own close() takes): producers send what they have,
   * consumers wait for what is in hand.
   */
  close(limit: CloseLimit = {}): Promise<void> {
    return this.#clusters.close(limit);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
