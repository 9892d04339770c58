// The entrance: checks the options once, and makes the clients. Each has connections of its own, so that none holds up another.

import type { Logger } from '@moldau/io';
import { Admin } from './admin/admin.ts';
import { Cluster } from './cluster/cluster.ts';
import type { Consumer } from './consumer/consumer.ts';
import { openConsumer } from './consumer/open-consumer.ts';
import { type ConsumerOptions, resolveConsumerOptions } from './consumer/options/consumer-options.ts';
import { ClosedError } from './errors/kafka-error.ts';
import { type ClientOptions, type ClientSettings, resolveClientOptions } from './options/client-options.ts';
import { nodePorts, type Ports } from './options/ports.ts';
import { Producer } from './producer/producer.ts';
import { type ProducerOptions, resolveProducerOptions } from './producer/producer-options.ts';
import { ShareConsumer } from './share/share-consumer.ts';
import { resolveShareOptions, type ShareConsumerOptions } from './share/share-options.ts';

export interface KafkaOptions extends ClientOptions {
  /** Told of connections that fail and the like; pino fits. Default: nobody. */
  readonly logger?: Logger;
}

export class Kafka implements AsyncDisposable {
  readonly #settings: ClientSettings;
  readonly #ports: Ports;
  readonly #clusters = new Set<Cluster>();
  /** Of clients that have something to do before their connections end. */
  readonly #endings = new WeakMap<Cluster, () => Promise<void>>();
  #isClosed = false;

  /** Nothing is connected before it is used. @throws OptionsError */
  constructor(options: KafkaOptions, ports: Ports = nodePorts) {
    const { logger, ...clientOptions } = options;
    this.#settings = resolveClientOptions(clientOptions);
    this.#ports = logger === undefined ? ports : { ...ports, logger };
  }

  /** Sends records. Close it when it is done: what it has is sent before. @throws OptionsError */
  producer(options: ProducerOptions = {}): Producer {
    const settings = resolveProducerOptions(options, this.#settings);
    const cluster = this.#cluster();
    const producer = new Producer(cluster, settings);
    this.#endings.set(cluster, () => producer.close());
    return producer;
  }

  /** Reads records: as a member of a group that shares partitions, or of partitions assigned by hand. Close it when it is done. @throws OptionsError */
  consumer(options: ConsumerOptions = {}): Consumer {
    const settings = resolveConsumerOptions(options);
    const cluster = this.#cluster();
    const consumer = openConsumer(cluster, settings, () => this.producer());
    this.#endings.set(cluster, () => consumer.close());
    return consumer;
  }

  /** For administration. Close it when it is done. */
  admin(): Admin {
    return new Admin(this.#cluster());
  }

  /** A member of a share group (Kafka 4.1 or later): its members are given records of the same partitions, one record to one of them. @throws OptionsError */
  shareConsumer(options: ShareConsumerOptions): ShareConsumer {
    const settings = resolveShareOptions(options);
    const cluster = this.#cluster();
    const consumer = new ShareConsumer(cluster, settings);
    this.#endings.set(cluster, () => consumer.close());
    return consumer;
  }

  /** Closes all clients that were made here and are not closed yet. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(
      [...this.#clusters].map((cluster) => this.#endings.get(cluster)?.() ?? cluster.close()),
    );
    this.#clusters.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #cluster(): Cluster {
    if (this.#isClosed) throw new ClosedError();
    const cluster = new Cluster(this.#settings, this.#ports, () => this.#clusters.delete(cluster));
    this.#clusters.add(cluster);
    return cluster;
  }
}
