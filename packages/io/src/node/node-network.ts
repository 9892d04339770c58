// The machine's TCP. Bytes are read straight into the handler's memory: Node takes `onread` for sockets that it dials, and for accepted ones
// when their handle is moved into a socket made with `onread`. That reads frames of 300 KB with half the processor time of 'data' events, and
// small ones no slower. Where it cannot be done, 'data' events are copied.
// Nothing a handler throws escapes into an event: it breaks its own connection only.

import dns from 'node:dns/promises';
import { connect, createServer, type OnReadOpts, Socket } from 'node:net';
import type { Connection, ConnectionHandler, Listener, Network } from '../network.ts';

// How a peer that leaves looks: not worth an error.
const ORDINARY_ENDS = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

// Memory for bytes that have no place yet, shared by all connections: on Unix the event loop fills it and hands it over in one go. Windows
// fills a buffer while the loop does other things, so there it cannot be shared.
const SHARED_BYTES = 64 * 1024;
const shared = Buffer.allocUnsafeSlow(SHARED_BYTES);
const canReadInPlace = process.platform !== 'win32';

/** The part of Node's internal stream handle that is used here; each use checks that it is there. */
interface Handle {
  useUserBuffer?(buffer: Uint8Array): void;
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
}

function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { _handle: Handle | null | undefined })._handle ?? undefined;
}

function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

class NodeConnection implements Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #socket: Socket;
  #handler: ConnectionHandler | undefined;
  // Memory of the handler that the next read fills; undefined when it goes to the shared memory.
  #place: Uint8Array | undefined;
  #writtenBytes = 0;
  #error: Error | undefined;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.localPort = socket.localPort ?? 0;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!ORDINARY_ENDS.has(error.code ?? '')) this.#error ??= error;
    });
    socket.on('drain', () => this.#guard(() => this.#handler?.drained()));
    socket.on('close', () => {
      this.#closed = true;
      this.#tellClosed();
    });
  }

  /** Gives the connection its handler, after the callback that accepts it has seen it. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#closed) this.#tellClosed();
  }

  #tellClosed(): void {
    const handler = this.#handler;
    this.#handler = undefined;
    try {
      handler?.closed(this.#error);
    } catch {
      // There is nothing left to break.
    }
  }

  #guard(run: () => void): void {
    if (this.#socket.destroyed) return;
    try {
      run();
    } catch (error) {
      this.fail(asError(error));
    }
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  /** Where the next read goes. */
  nextPlace(): Uint8Array {
    this.#place = undefined;
    this.#guard(() => {
      const place = this.#handler?.readBuffer();
      if (place?.byteLength === 0) throw new Error('readBuffer returned no room');
      this.#place = place;
    });
    return this.#place ?? shared;
  }

  /** The place last returned has been filled so far. */
  filled(count: number): void {
    this.#guard(() => {
      if (this.#place === undefined) this.#handler?.received(shared.subarray(0, count));
      else this.#handler?.bytesRead(count);
    });
  }

  /** For sockets that cannot read in place. */
  copyIn(data: Uint8Array): void {
    let position = 0;
    while (position < data.byteLength && !this.#socket.destroyed) {
      const rest = data.subarray(position);
      this.nextPlace();
      const place = this.#place;
      if (place === undefined) {
        this.#guard(() => this.#handler?.received(rest));
        return;
      }
      const count = Math.min(place.byteLength, rest.byteLength);
      place.set(rest.subarray(0, count));
      position += count;
      this.#guard(() => this.#handler?.bytesRead(count));
    }
  }

  get unsentBytes(): number {
    const handle = handleOf(this.#socket);
    if (handle?.bytesWritten === undefined || handle.writeQueueSize === undefined)
      return this.#socket.writableLength;
    // The socket counts a write as unsent until all of it is taken; the handle knows how much of it already was.
    return Math.max(0, this.#writtenBytes - (handle.bytesWritten - handle.writeQueueSize));
  }

  write(buffers: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    if (buffers.length > 1) socket.cork();
    for (const buffer of buffers) {
      this.#writtenBytes += buffer.byteLength;
      socket.write(buffer);
    }
    if (buffers.length > 1) socket.uncork();
    return !socket.writableNeedDrain;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function onread(current: () => NodeConnection | undefined): OnReadOpts {
  return {
    buffer: () => current()?.nextPlace() ?? shared,
    callback: (count) => {
      current()?.filled(count);
      return true;
    },
  };
}

/** Moves the handle of an accepted socket into one that reads in place. Undefined where Node does not let us. */
function rewrap(original: Socket): { socket: Socket; connect(connection: NodeConnection): void } | undefined {
  const handle = handleOf(original);
  if (!canReadInPlace || typeof handle?.useUserBuffer !== 'function') return undefined;
  let connection: NodeConnection | undefined;
  (original as unknown as { _handle: Handle | null })._handle = null;
  const options = { handle, onread: onread(() => connection), manualStart: true };
  const socket = new Socket(options as object);
  // What is left is an empty shell: destroying it takes it off the server's count of connections.
  original.destroy();
  return {
    socket,
    connect(made) {
      connection = made;
    },
  };
}

function accepted(original: Socket, accept: (connection: Connection) => ConnectionHandler): void {
  const moved = rewrap(original);
  const socket = moved?.socket ?? original;
  const connection = new NodeConnection(socket);
  try {
    connection.attach(accept(connection));
  } catch (error) {
    connection.fail(asError(error));
    return;
  }
  if (moved === undefined) socket.on('data', (data: Buffer) => connection.copyIn(data));
  else moved.connect(connection);
  if (!socket.destroyed) socket.resume();
}

function listen(
  options: { host: string; port: number; backlog?: number },
  accept: (connection: Connection) => ConnectionHandler,
): Promise<Listener> {
  const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) =>
    accepted(socket, accept),
  );
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: options.host, port: options.port, backlog: options.backlog ?? 511 }, () => {
      server.off('error', reject);
      // Failing to accept one connection (no descriptors left) does not end the listener.
      server.on('error', () => {});
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : options.port;
      resolve({
        host: options.host,
        port,
        // Node would wait for the last connection where handles were not moved; the port it frees at once.
        close: async () => {
          server.close();
        },
      });
    });
  });
}

function dial(
  options: { host: string; port: number; timeoutMs: number },
  handler: ConnectionHandler,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let connection: NodeConnection | undefined;
    const { host, port, timeoutMs } = options;
    const place = canReadInPlace ? { onread: onread(() => connection) } : {};
    const socket = connect({ host, port, noDelay: true, keepAlive: true, ...place });
    const timeout = setTimeout(() => {
      const error = new Error(`no connection to ${host}:${port} within ${timeoutMs} ms`);
      socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const failed = (error: Error): void => {
      clearTimeout(timeout);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timeout);
      socket.off('error', failed);
      const made = new NodeConnection(socket);
      made.attach(handler);
      connection = made;
      if (!canReadInPlace) socket.on('data', (data: Buffer) => made.copyIn(data));
      socket.resume();
      resolve(made);
    });
  });
}

async function lookup(host: string): Promise<string[]> {
  try {
    return (await dns.lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

export const nodeNetwork: Network = { listen, dial, lookup };
