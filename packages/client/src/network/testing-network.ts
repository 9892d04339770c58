// A network in memory with scripted brokers, and faults: refused and silent addresses, connections cut after so many bytes, garbage in place of answers.

import type { Connection, ConnectionHandler, Network } from '@moldau/io';
import { silentLogger } from '@moldau/io';
import {
  apiVersionsRequest,
  encodeResponseFrame,
  type InferInput,
  metadataRequest,
  type metadataResponse,
  requestHeaderVersion,
} from '@moldau/protocol';
import { apiByKey } from '@moldau/protocol/apis';
import { ManualTime, SeededRandom } from '@moldau/testing';
import { type ClientOptions, resolveClientOptions } from '../options/client-options.ts';
import type { Ports } from '../options/ports.ts';

export type MetadataAnswer = InferInput<typeof metadataResponse>;

/** What a broker makes of a request; undefined: it never answers. */
export type Answering = (request: never, version: number, connection: MemoryConnection) => unknown;

export class ScriptedBroker {
  /** By API key. */
  readonly answers = new Map<number, Answering>();
  readonly versions = new Map<number, [min: number, max: number]>();
  /** Requests that came, as 'API key/version'. */
  readonly received: string[] = [];
  /** Sent in place of the first answer. */
  garbage: Buffer | undefined;

  constructor(metadata: () => MetadataAnswer) {
    this.serve(apiVersionsRequest.apiKey, [0, 4], () => ({
      errorCode: 0,
      apiKeys: [...this.versions].map(([apiKey, [minVersion, maxVersion]]) => ({
        apiKey,
        minVersion,
        maxVersion,
      })),
    }));
    this.serve(metadataRequest.apiKey, [0, 13], metadata);
  }

  serve(apiKey: number, versions: [number, number], answering: Answering): void {
    this.versions.set(apiKey, versions);
    this.answers.set(apiKey, answering);
  }
}

export interface Cut {
  /** Bytes of requests, or of answers, over all connections. */
  readonly direction: 'requests' | 'answers';
  readonly afterBytes: number;
}

export class MemoryNetwork implements Network {
  readonly #time: ManualTime;
  readonly #random: SeededRandom;
  readonly #brokers = new Map<string, ScriptedBroker | 'silent'>();
  readonly connections = new Set<MemoryConnection>();
  readonly dials: string[] = [];
  readonly passedBytes = { requests: 0, answers: 0 };
  /** Happens once. */
  cut: Cut | undefined;

  constructor(time: ManualTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  place(address: string, broker: ScriptedBroker | 'silent'): void {
    this.#brokers.set(address, broker);
  }

  /** Nothing listens there any more, and its connections end. */
  remove(address: string): void {
    this.#brokers.delete(address);
    for (const connection of [...this.connections]) if (connection.address === address) connection.destroy();
  }

  dial(options: Parameters<Network['dial']>[0], handler: ConnectionHandler): Promise<Connection> {
    const address = `${options.host}:${options.port}`;
    this.dials.push(address);
    const broker = this.#brokers.get(address);
    if (broker === undefined)
      return Promise.reject(
        Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' }),
      );
    if (broker === 'silent') {
      return new Promise((_, reject) => {
        const late = Object.assign(new Error('late'), { code: 'ETIMEDOUT' });
        const timer = this.#time.after(options.timeoutMs, () => reject(late));
        options.signal?.addEventListener('abort', () => {
          timer.cancel();
          reject(options.signal?.reason);
        });
      });
    }
    return Promise.resolve(new MemoryConnection(this, address, broker, handler));
  }

  listen(): never {
    throw new Error('brokers are scripted');
  }

  async lookup(host: string): Promise<string[]> {
    return [host];
  }

  /** How much of the bytes gets through before the cut. */
  allowance(direction: Cut['direction'], count: number): number {
    const { cut } = this;
    const allowed =
      cut?.direction === direction ? Math.min(count, cut.afterBytes - this.passedBytes[direction]) : count;
    this.passedBytes[direction] += allowed;
    if (allowed < count) this.cut = undefined;
    return allowed;
  }

  /** At most: how answers are cut into pieces. */
  pieceBytes(): number {
    return this.#random.chance(0.5) ? 1 + this.#random.below(7) : 64 * 1024;
  }
}

export class MemoryConnection implements Connection {
  readonly remoteAddress = 'memory';
  readonly remotePort = 0;
  readonly localAddress = 'memory';
  readonly localPort = 0;
  readonly unsentBytes = 0;
  readonly address: string;
  readonly #network: MemoryNetwork;
  readonly #broker: ScriptedBroker;
  readonly #handler: ConnectionHandler;
  #input = Buffer.alloc(0);
  #isClosed = false;

  constructor(network: MemoryNetwork, address: string, broker: ScriptedBroker, handler: ConnectionHandler) {
    this.address = address;
    this.#network = network;
    this.#broker = broker;
    this.#handler = handler;
    network.connections.add(this);
  }

  write(buffers: readonly Uint8Array[]): boolean {
    const bytes = Buffer.concat(buffers);
    const allowed = this.#network.allowance('requests', bytes.length);
    queueMicrotask(() => this.#take(bytes.subarray(0, allowed), allowed < bytes.length));
    return true;
  }

  /** Bytes to the client. */
  send(bytes: Buffer): void {
    for (let position = 0; position < bytes.length && !this.#isClosed; ) {
      const place = this.#handler.readBuffer();
      const wished = Math.min(bytes.length - position, this.#network.pieceBytes(), place?.length ?? 65_536);
      const count = this.#network.allowance('answers', wished);
      const piece = bytes.subarray(position, position + count);
      position += count;
      if (place === undefined) this.#handler.received(Buffer.from(piece));
      else {
        place.set(piece);
        if (count > 0) this.#handler.bytesRead(count);
      }
      if (count < wished) this.destroy();
    }
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#network.connections.delete(this);
    queueMicrotask(() => this.#handler.closed());
  }

  #take(bytes: Buffer, isCut: boolean): void {
    this.#input = Buffer.concat([this.#input, bytes]);
    while (
      !this.#isClosed &&
      this.#input.length >= 4 &&
      this.#input.length >= 4 + this.#input.readInt32BE(0)
    ) {
      const end = 4 + this.#input.readInt32BE(0);
      this.#answer(this.#input.subarray(4, end));
      this.#input = this.#input.subarray(end);
    }
    if (isCut) this.destroy();
  }

  #answer(frame: Buffer): void {
    const broker = this.#broker;
    const apiKey = frame.readInt16BE(0);
    const version = frame.readInt16BE(2);
    const correlationId = frame.readInt32BE(4);
    broker.received.push(`${apiKey}/${version}`);
    if (broker.garbage !== undefined) {
      this.send(broker.garbage);
      return;
    }
    const { request, response } = apiByKey(apiKey)!;
    const clientIdBytes = Math.max(0, frame.readInt16BE(8));
    const start = 10 + clientIdBytes + (requestHeaderVersion(apiKey, version) - 1);
    const decoded = request.decode(frame, version, start);
    void Promise.resolve(broker.answers.get(apiKey)?.(decoded as never, version, this)).then((answer) => {
      if (answer !== undefined && !this.#isClosed)
        this.send(Buffer.concat(encodeResponseFrame(response, version, correlationId, answer as never)));
    });
  }
}

/** A world of one seed: time that tests let pass, a network, and what clients need of it. */
export class ClientWorld {
  readonly time = new ManualTime();
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly ports: Ports;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.network = new MemoryNetwork(this.time, this.random);
    this.ports = {
      clock: this.time,
      timers: this.time,
      random: this.random,
      network: this.network,
      logger: silentLogger,
    };
  }

  settings(options: ClientOptions = {}) {
    return resolveClientOptions({ brokers: 'one:9092', ...options });
  }

  /** Lets time pass until the promise is settled; rejects when it never is. */
  async until<T>(promise: Promise<T>, mostMs = 200_000): Promise<T> {
    let isSettled = false;
    const settled = (): void => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await this.time.advance(0);
    for (let passedMs = 0; !isSettled; ) {
      const stepMs = this.time.nextDueMs - this.time.monotonicMs();
      passedMs += stepMs;
      if (!(passedMs <= mostMs)) throw new Error(`not settled after ${mostMs} ms`);
      await this.time.advance(Math.max(0, stepMs));
    }
    return promise;
  }
}

/** A cluster of brokers with topics of one replica; leaders are in turn. */
export function metadataOf(
  addresses: readonly string[],
  topics: readonly { name: string; leaders: readonly number[]; epoch?: number; id?: string }[] = [],
): MetadataAnswer {
  return {
    clusterId: 'a cluster',
    controllerId: 1,
    brokers: addresses.map((address, index) => {
      const [host = '', port] = address.split(':');
      return { nodeId: index + 1, host, port: Number(port), rack: null };
    }),
    topics: topics.map(({ name, leaders, epoch = 1, id = 'AAAAAAAAAAAAAAAAAAAAAQ' }) => ({
      ...{ errorCode: 0, name, topicId: id, isInternal: false },
      partitions: leaders.map((leaderId, partitionIndex) => ({
        ...{ errorCode: 0, partitionIndex, leaderId, leaderEpoch: epoch },
        replicaNodes: [leaderId],
        isrNodes: [leaderId],
        offlineReplicas: [],
      })),
    })),
    errorCode: 0,
  };
}
