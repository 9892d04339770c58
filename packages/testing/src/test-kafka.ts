// The kit for users' tests: a real broker in this process with everything in memory, clients wired to it, and faults on demand.
//
// Invariants: no file is made; with transport 'memory' no socket either. Clients reach the broker through a proxy, which makes the faults and may pose as
// several brokers. stop() closes clients first, and leaves nothing behind.

import { loadConfig, type RunningBroker, startBroker } from '@moldau/broker';
import { Kafka, type KafkaOptions, type NewTopic, nodePorts } from '@moldau/client';
import {
  type Logger,
  type Network,
  nodeClock,
  nodeGssApi,
  nodeHttp,
  nodeNetwork,
  nodeRandom,
  nodeTimers,
  silentLogger,
} from '@moldau/io';
import { FaultProxy } from './faults/fault-proxy.ts';
import type { Faults } from './faults/faults.ts';
import { MemoryDisk } from './memory-disk.ts';
import { MemoryNetwork } from './memory-network.ts';

export interface TestKafkaOptions {
  /** Made before start() resolves: names, or what the admin takes. */
  readonly topics?: readonly (string | NewTopic)[];
  /** Broker configs by Kafka's names: { 'num.partitions': 3 }. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** 'tcp', the default: on free ports of 127.0.0.1, for any client. 'memory': for clients that client() gives, and no socket is opened. */
  readonly transport?: 'tcp' | 'memory';
  /** As how many brokers it poses to clients, so that leaders and coordinators can move. Default 1. */
  readonly brokers?: number;
  /** Of the broker. Default: nobody. */
  readonly logger?: Logger;
}

/** For tests: no files, no waiting for members to come, few internal partitions. */
const SETTINGS: TestKafkaOptions['settings'] = {
  'moldau.durability': 'memory',
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 100,
  'offsets.topic.num.partitions': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.num.partitions': 1,
};
const ADDRESS = { host: '127.0.0.1', port: 9092 };
const UPSTREAM = `${ADDRESS.host}:${ADDRESS.port}`;

export class TestKafka implements AsyncDisposable {
  /** The addresses for clients: '127.0.0.1:49152', or several with commas between. */
  readonly brokers: string;
  readonly faults: Faults;
  readonly #clients = new Set<Kafka>();
  readonly #network: Network;
  readonly #proxy: FaultProxy;
  readonly #startBroker: () => Promise<RunningBroker>;
  #broker: RunningBroker;

  private constructor(options: {
    network: Network;
    proxy: FaultProxy;
    broker: RunningBroker;
    startBroker: () => Promise<RunningBroker>;
  }) {
    this.#network = options.network;
    this.#proxy = options.proxy;
    this.#broker = options.broker;
    this.#startBroker = options.startBroker;
    this.brokers = options.proxy.brokers;
    this.faults = options.proxy.faults;
  }

  static async start(options: TestKafkaOptions = {}): Promise<TestKafka> {
    const { topics = [], transport = 'tcp', brokers = 1 } = options;
    const upstreamNetwork = new MemoryNetwork();
    const network = transport === 'memory' ? new MemoryNetwork() : nodeNetwork;
    const disk = new MemoryDisk();
    const start = () => startInMemory(options, disk, upstreamNetwork);
    const broker = await start();
    try {
      const proxy = await FaultProxy.start({ upstream: UPSTREAM, brokers, network, upstreamNetwork });
      const kafka = new TestKafka({ network, proxy, broker, startBroker: start });
      if (topics.length > 0) await kafka.#createTopics(topics);
      return kafka;
    } catch (error) {
      await broker.stop();
      throw error;
    }
  }

  /** A client of it, closed at the latest by stop(). */
  client(options: Omit<KafkaOptions, 'brokers'> = {}): Kafka {
    const kafka = new Kafka({ brokers: this.brokers, ...options }, { ...nodePorts, network: this.#network });
    this.#clients.add(kafka);
    return kafka;
  }

  /**
   * The broker stops, is away for a while, and comes back at the same address. Records of memory topics are gone then: what is to stay needs
   * { settings: { 'moldau.durability': 'fsync' } }, which writes to a disk that is in memory as well.
   */
  async restart({ downMs = 0 }: { downMs?: number } = {}): Promise<void> {
    const refusal = await this.faults.refuse();
    await this.#broker.stop();
    if (downMs > 0) await new Promise<void>((resolve) => nodeTimers.after(downMs, resolve));
    this.#broker = await this.#startBroker();
    await refusal.lift();
  }

  /** Rejects when all has ended, if a client has lost records or a fault could not be lifted. */
  async stop(): Promise<void> {
    const closings = [...this.#clients].map((client) => client.close());
    await Promise.allSettled(closings);
    try {
      await this.#proxy.close();
    } finally {
      await this.#broker.stop();
    }
    await Promise.all(closings);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #createTopics(topics: readonly (string | NewTopic)[]): Promise<void> {
    await using kafka = this.client();
    await kafka
      .admin()
      .topics.create(topics.map((topic) => (typeof topic === 'string' ? { name: topic } : topic)));
  }
}

async function startInMemory(
  { settings, logger = silentLogger }: TestKafkaOptions,
  disk: MemoryDisk,
  network: Network,
): Promise<RunningBroker> {
  const { config } = await loadConfig({
    disk,
    listen: UPSTREAM,
    data: '/moldau',
    settings: Object.entries({ ...SETTINGS, ...settings }).map(([name, value]) => `${name}=${value}`),
  });
  return await startBroker({
    ...{ config, disk, network, logger },
    ...{ clock: nodeClock, timers: nodeTimers, random: nodeRandom, http: nodeHttp, gssapi: nodeGssApi },
  });
}
