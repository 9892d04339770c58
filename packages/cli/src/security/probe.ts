// What a stranger really can do: connects to a broker as one, without a login, and asks.
//
// It changes nothing. That it may do something it learns from the operations that the broker says it is authorized for (KIP-430).

import type { Connection, Network, Timers, TlsClientOptions } from '@moldau/io';
import {
  describeClusterRequest,
  describeClusterResponse,
  encodeRequestFrame,
  type Message,
  metadataRequest,
  metadataResponse,
  responseHeaderVersion,
} from '@moldau/protocol';

export interface ProbeResult {
  /** 'unreachable': nobody answers there. 'closed': a stranger is sent away, or let wait. 'open': he is heard. */
  readonly outcome: 'unreachable' | 'closed' | 'open';
  /** Why not, when it is unreachable. */
  readonly reason?: string;
  readonly mayAdminister: boolean;
  /** Names of topics that he may read, and write. */
  readonly readable: readonly string[];
  readonly writable: readonly string[];
}

const TIMEOUT_MS = 3000;
const FRAME_SIZE_BYTES = 4;
const DESCRIBE_CLUSTER_VERSION = 0;
const METADATA_VERSION = 12;

/** Kafka's numbers of operations: the bits of what one is authorized for. */
const READ = 1 << 3;
const WRITE = 1 << 4;
const ADMINISTRATION = (1 << 5) | (1 << 7) | (1 << 11);

const NOTHING = { mayAdminister: false, readable: [], writable: [] };

export interface ProbePorts {
  readonly network: Pick<Network, 'dial'>;
  readonly timers: Timers;
}

export async function probe(
  address: { readonly host: string; readonly port: number },
  tls: TlsClientOptions | undefined,
  { network, timers }: ProbePorts,
): Promise<ProbeResult> {
  let stranger: Stranger;
  try {
    stranger = await Stranger.dial(address, tls, network);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { outcome: 'unreachable', reason, ...NOTHING };
  }
  const deadline = timers.after(TIMEOUT_MS, () => stranger.close());
  try {
    const cluster = await stranger.ask(
      describeClusterRequest,
      describeClusterResponse,
      DESCRIBE_CLUSTER_VERSION,
      { includeClusterAuthorizedOperations: true },
    );
    if (cluster === undefined) return { outcome: 'closed', ...NOTHING };
    const metadata = await stranger.ask(metadataRequest, metadataResponse, METADATA_VERSION, {
      topics: null,
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
    });
    const topics = metadata?.topics ?? [];
    const namesWith = (operation: number) =>
      topics
        .filter(({ topicAuthorizedOperations }) => (topicAuthorizedOperations & operation) !== 0)
        .map(({ name }) => name ?? '');
    return {
      outcome: 'open',
      mayAdminister: (cluster.clusterAuthorizedOperations & ADMINISTRATION) !== 0,
      readable: namesWith(READ),
      writable: namesWith(WRITE),
    };
  } finally {
    deadline.cancel();
    stranger.close();
  }
}

/** One question at a time. */
class Stranger {
  readonly #connection: Connection;
  readonly #inbox: Inbox;
  #correlationId = 0;

  private constructor(connection: Connection, inbox: Inbox) {
    this.#connection = connection;
    this.#inbox = inbox;
  }

  static async dial(
    address: { readonly host: string; readonly port: number },
    tls: TlsClientOptions | undefined,
    network: Pick<Network, 'dial'>,
  ): Promise<Stranger> {
    const inbox = new Inbox();
    const options = { ...address, timeoutMs: TIMEOUT_MS, ...(tls === undefined ? {} : { tls }) };
    const connection = await network.dial(options, {
      readBuffer: () => undefined,
      bytesRead() {},
      received: (bytes) => inbox.add(bytes),
      drained() {},
      closed: () => inbox.close(),
    });
    return new Stranger(connection, inbox);
  }

  /** undefined when the broker hangs up instead of answering. */
  async ask<Input, Value>(
    request: Message<unknown, Input>,
    response: Message<Value, never>,
    version: number,
    body: Input,
  ): Promise<Value | undefined> {
    const correlationId = ++this.#correlationId;
    this.#connection.write(
      encodeRequestFrame(request, version, correlationId, 'moldau-security-check', body),
    );
    const frame = await this.#inbox.frame();
    if (frame === undefined) return undefined;
    const headerBytes = responseHeaderVersion(request.apiKey, version) === 1 ? 5 : 4;
    return response.decode(frame, version, headerBytes);
  }

  close(): void {
    this.#connection.destroy();
  }
}

/** Frames as they arrive. */
class Inbox {
  #bytes = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  add(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async frame(): Promise<Buffer | undefined> {
    for (;;) {
      const hasSize = this.#bytes.length >= FRAME_SIZE_BYTES;
      const end = FRAME_SIZE_BYTES + (hasSize ? this.#bytes.readInt32BE(0) : 0);
      if (hasSize && this.#bytes.length >= end) {
        const frame = this.#bytes.subarray(FRAME_SIZE_BYTES, end);
        this.#bytes = this.#bytes.subarray(end);
        return frame;
      }
      if (this.#isClosed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
