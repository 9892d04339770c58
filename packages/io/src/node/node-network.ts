// The machine's TCP. Bytes are read straight into the handler's memory where Node allows it: it takes `onread` for sockets that it dials, and for
// accepted ones when their handle is moved into a socket made with `onread`. Where that is not possible, bytes are copied from 'data' events.
// Nothing a handler throws escapes into an event: it breaks its own connection only.

import { connect, createServer, type OnReadOpts, Socket } from 'node:net';
import type { Connection, ConnectionHandler, Listener, Network } from '../network.ts';

// How a peer that leaves looks: not worth an error.
const ORDINARY_ENDS = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

interface Handle {
  useUserBuffer?(buffer: Uint8Array): void;
}

function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

class NodeConnection implements Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #socket: Socket;
  #handler: ConnectionHandler | undefined;
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
    socket.on('close', () => this.#end());
  }

  /** Gives the connection its handler. Not before: an accept callback sees the connection first. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#closed) this.#tellClosed();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tellClosed();
  }

  #tellClosed(): void {
    try {
      this.#handler?.closed(this.#error);
    } catch {
      // There is nothing left to break.
    }
  }

  #guard(run: () => void): void {
    if (this.#closed || this.#socket.destroyed) return;
    try {
      run();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  nextBuffer(): Uint8Array | undefined {
    try {
      const buffer = this.#handler?.readBuffer();
      if (buffer === undefined || buffer.byteLength > 0) return buffer;
      throw new Error('readBuffer returned no room');
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  filled(count: number): void {
    this.#guard(() => this.#handler?.bytesRead(count));
  }

  /** For sockets that cannot read into the handler's memory. */
  copyIn(data: Uint8Array): void {
    let position = 0;
    while (position < data.byteLength && !this.#socket.destroyed) {
      const room = this.nextBuffer();
      if (room === undefined) return;
      const count = Math.min(room.byteLength, data.byteLength - position);
      room.set(data.subarray(position, position + count));
      position += count;
      this.filled(count);
    }
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  write(buffers: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (!socket.writable) return true;
    if (buffers.length === 1) {
      socket.write(buffers[0]!);
    } else {
      socket.cork();
      for (const buffer of buffers) socket.write(buffer);
      socket.uncork();
    }
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

// A read that arrives before the handler is known, or after it broke, goes here and is dropped.
const NOWHERE = new Uint8Array(1024);

function onread(current: () => NodeConnection | undefined): OnReadOpts {
  return {
    buffer: () => current()?.nextBuffer() ?? NOWHERE,
    callback: (count) => {
      current()?.filled(count);
      return true;
    },
  };
}

function takeHandle(socket: Socket): Handle | undefined {
  const owner = socket as unknown as { _handle: Handle | null };
  const handle = owner._handle;
  if (handle === null || handle === undefined || typeof handle.useUserBuffer !== 'function') return undefined;
  owner._handle = null;
  return handle;
}

function accepted(original: Socket, accept: (connection: Connection) => ConnectionHandler): void {
  const handle = takeHandle(original);
  if (handle === undefined) {
    const connection = new NodeConnection(original);
    original.on('data', (data: Buffer) => connection.copyIn(data));
    start(original, connection, accept);
    return;
  }
  let connection: NodeConnection | undefined;
  const options = { handle, onread: onread(() => connection), manualStart: true };
  const socket = new Socket(options as object);
  connection = new NodeConnection(socket);
  start(socket, connection, accept);
  // The empty shell: destroying it takes it off the server's count of connections.
  original.destroy();
}

function start(
  socket: Socket,
  connection: NodeConnection,
  accept: (connection: Connection) => ConnectionHandler,
): void {
  try {
    connection.attach(accept(connection));
  } catch (error) {
    connection.fail(error instanceof Error ? error : new Error(String(error)));
    return;
  }
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
        close: () => new Promise((done) => server.close(() => done())),
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
    const socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      keepAlive: true,
      onread: onread(() => connection),
    });
    const timeout = setTimeout(() => {
      const error = new Error(
        `connect to ${options.host}:${options.port} took longer than ${options.timeoutMs} ms`,
      );
      socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    }, options.timeoutMs);
    const failed = (error: Error): void => {
      clearTimeout(timeout);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(timeout);
      socket.off('error', failed);
      connection = new NodeConnection(socket);
      connection.attach(handler);
      socket.resume();
      resolve(connection);
    });
  });
}

export const nodeNetwork: Network = { listen, dial };
