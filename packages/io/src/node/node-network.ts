// The machine's TCP. Bytes are read straight into the handler's memory: Node takes `onread` for sockets that it dials, and for accepted ones
// when their handle is moved into a socket made with `onread`. That reads frames of 300 KB with half the processor time of 'data' events, and
// small ones no slower. Where it cannot be done, 'data' events are copied. The handle of a TLS socket is moved in the same way when its handshake
// is over.
// Nothing a handler throws escapes into an event: it breaks its own connection only.

import dns from 'node:dns/promises';
import { connect, createServer, type OnReadOpts, type Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Connection, ConnectionHandler, Listener, Network } from '../network.ts';
import type { TlsConnection, TlsServerOptions } from '../tls.ts';
import { connectTls, TlsAcceptor, tlsConnectionOf } from './node-tls.ts';
import { tlsPieces } from './tls-pieces.ts';

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
  /** Of a TLS handle. Node's own ask the TLS socket that it was made for. */
  onhandshakestart?: () => void;
  onhandshakedone?: () => void;
  onerror?: (error: Error) => void;
}

/** The parts of sockets that Node does not tell of. */
interface SocketInternals {
  _handle: Handle | null | undefined;
  _writev: unknown;
  /** A TLS handle looks for itself here when it closes. */
  ssl?: Handle | null;
}

function internalsOf(socket: Socket): SocketInternals {
  return socket as unknown as SocketInternals;
}

function handleOf(socket: Socket): Handle | undefined {
  return internalsOf(socket)._handle ?? undefined;
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
  readonly tls: TlsConnection | undefined;
  readonly #socket: Socket;
  #handler: ConnectionHandler | undefined;
  // Memory of the handler that the next read fills; undefined when it goes to the shared memory.
  #place: Uint8Array | undefined;
  #writtenBytes = 0;
  #error: Error | undefined;
  #closed = false;
  #isPaused = false;
  // A TLS socket goes on to hand over what it had read when it was paused, some 64 KB at most: kept here until the handler wants it.
  #held: Buffer[] = [];
  // Bytes that came into #place meanwhile.
  #heldInPlace = 0;
  #isHoldingBack = false;

  constructor(socket: Socket, tls?: TlsConnection) {
    this.#socket = socket;
    this.tls = tls;
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
    if (this.#isHoldingBack) return shared;
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
    if (this.tls !== undefined && (this.#isPaused || this.#isHoldingBack)) {
      this.#holdBack(count);
      return;
    }
    this.#guard(() => {
      if (this.#place === undefined) this.#handler?.received(shared.subarray(0, count));
      else this.#handler?.bytesRead(count);
    });
  }

  #holdBack(count: number): void {
    if (this.#isHoldingBack || this.#place === undefined)
      this.#held.push(Buffer.from(shared.subarray(0, count)));
    else this.#heldInPlace = count;
    this.#isHoldingBack = true;
  }

  /** Hands over what came while nobody wanted it. */
  #release(): void {
    if (this.#heldInPlace > 0) {
      const count = this.#heldInPlace;
      this.#heldInPlace = 0;
      this.#guard(() => this.#handler?.bytesRead(count));
    }
    while (!this.#isPaused && this.#held.length > 0) this.copyIn(this.#held.shift()!);
    // The socket's next read goes to the shared memory still, so whoever asks for the place after it is the first to choose.
    this.#isHoldingBack = this.#held.length > 0;
    this.#place = undefined;
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
    if (this.tls !== undefined) return this.#writePieces(buffers);
    if (buffers.length > 1) socket.cork();
    for (const buffer of buffers) {
      this.#writtenBytes += buffer.byteLength;
      socket.write(buffer);
    }
    if (buffers.length > 1) socket.uncork();
    return !socket.writableNeedDrain;
  }

  #writePieces(buffers: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    for (const piece of tlsPieces(buffers)) {
      this.#writtenBytes += piece.byteLength;
      socket.write(piece);
    }
    return !socket.writableNeedDrain;
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#isHoldingBack) this.#release();
    if (!this.#isPaused) this.#socket.resume();
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
  const shell = internalsOf(original);
  const isTls = shell.ssl === handle;
  shell._handle = null;
  if (isTls) shell.ssl = null;
  const options = { handle, onread: onread(() => connection), manualStart: true };
  const socket = new Socket(options as object);
  if (isTls) {
    internalsOf(socket).ssl = handle;
    // A client that wants another handshake gets none, and must not reach code that looks for what is no longer there.
    handle.onhandshakestart = () => {};
    handle.onhandshakedone = () => {};
    handle.onerror = (error) => socket.destroy(error);
  }
  // What is left is an empty shell: destroying it takes it off the server's count of connections.
  original.destroy();
  return {
    socket,
    connect(made) {
      connection = made;
    },
  };
}

function accepted(
  original: Socket,
  accept: (connection: Connection) => ConnectionHandler,
  tls?: TlsConnection,
): void {
  const moved = rewrap(original);
  const socket = moved?.socket ?? original;
  // Without it Node sends one piece after the other, instead of encrypting all that waits at once.
  if (tls !== undefined) internalsOf(socket)._writev = null;
  const connection = new NodeConnection(socket, tls);
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
  options: Parameters<Network['listen']>[0],
  accept: (connection: Connection) => ConnectionHandler,
): Promise<Listener> {
  const { tls, handshakeFailed = () => {}, maxHandshakes } = options;
  if (tls === undefined) {
    const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) =>
      accepted(socket, accept),
    );
    return opened(server, options, () => {
      throw new Error('this listener has no TLS');
    });
  }
  const acceptor = new TlsAcceptor(
    tls,
    handshakeFailed,
    (socket) => accepted(socket, accept, tlsConnectionOf(socket)),
    maxHandshakes,
  );
  return opened(acceptor.server, options, (changed) => acceptor.update(changed));
}

function opened(
  server: Server,
  options: { host: string; port: number; backlog?: number },
  updateTls: (tls: TlsServerOptions) => void,
): Promise<Listener> {
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
        updateTls,
        // Node would wait for the last connection where handles were not moved; the port it frees at once.
        close: async () => {
          server.close();
        },
      });
    });
  });
}

function dial(options: Parameters<Network['dial']>[0], handler: ConnectionHandler): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let connection: NodeConnection | undefined;
    const { host, port, timeoutMs, tls, signal } = options;
    signal?.throwIfAborted();
    const place = canReadInPlace ? { onread: onread(() => connection) } : {};
    const address = { host, port, noDelay: true, keepAlive: true, ...place };
    const socket = tls === undefined ? connect(address) : connectTls(address, tls);
    const timeout = setTimeout(() => {
      const error = new Error(`no connection to ${host}:${port} within ${timeoutMs} ms`);
      socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    const aborted = (): void => {
      socket.destroy(asError(signal?.reason));
    };
    signal?.addEventListener('abort', aborted, { once: true });
    const decided = (): void => {
      clearTimeout(timeout);
      signal?.removeEventListener('abort', aborted);
    };
    const failed = (error: Error): void => {
      decided();
      reject(error);
    };
    socket.once('error', failed);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      decided();
      socket.off('error', failed);
      if (tls !== undefined) internalsOf(socket)._writev = null;
      const made = new NodeConnection(
        socket,
        tls === undefined ? undefined : tlsConnectionOf(socket as TLSSocket),
      );
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
