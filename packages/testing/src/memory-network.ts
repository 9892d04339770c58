// A network inside the process: listeners and connections that no kernel knows of, with TCP's manners.
//
// Invariants: bytes arrive in order, in a later turn of the event loop than they were sent; a writer whose peer does not read is told to wait; close() lets
// what was written arrive first, destroy() does not; closed() comes once, last. TLS is not spoken here.

import { type Connection, type ConnectionHandler, type Listener, type Network, nodeTimers } from '@moldau/io';

const FIRST_FREE_PORT = 49_152;
/** How much may wait for its reader before a writer is told to wait. */
const HIGH_WATER_BYTES = 256 * 1024;
const PIECE_BYTES = 64 * 1024;

type Accept = (connection: Connection) => ConnectionHandler;

export class MemoryNetwork implements Network {
  readonly #listeners = new Map<string, Accept>();
  #nextPort = FIRST_FREE_PORT;

  async listen(options: Parameters<Network['listen']>[0], accept: Accept): Promise<Listener> {
    const { host, port: wished, tls } = options;
    if (tls !== undefined) throw new Error('a network in memory speaks no TLS: take real sockets');
    const port = wished === 0 ? this.#nextPort++ : wished;
    const address = `${host}:${port}`;
    if (this.#listeners.has(address)) throw failure('EADDRINUSE', `listen ${address}`);
    this.#listeners.set(address, accept);
    return {
      ...{ host, port },
      updateTls() {},
      close: async () => {
        if (this.#listeners.get(address) === accept) this.#listeners.delete(address);
      },
    };
  }

  async dial(options: Parameters<Network['dial']>[0], handler: ConnectionHandler): Promise<Connection> {
    const { host, port, signal, tls } = options;
    signal?.throwIfAborted();
    if (tls !== undefined) throw failure('EPROTO', 'a network in memory speaks no TLS');
    const accept = this.#listeners.get(`${host}:${port}`);
    if (accept === undefined) throw failure('ECONNREFUSED', `connect ${host}:${port}`);
    const theirs = new MemoryConnection({ remotePort: this.#nextPort++, localPort: port });
    const ours = new MemoryConnection({ remotePort: port, localPort: theirs.remotePort });
    ours.join(theirs, handler);
    theirs.join(ours, accept(theirs));
    return ours;
  }

  /** Every name is known here. */
  async lookup(host: string): Promise<string[]> {
    return [host];
  }
}

function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}

class MemoryConnection implements Connection {
  readonly remoteAddress = '127.0.0.1';
  readonly localAddress = '127.0.0.1';
  readonly remotePort: number;
  readonly localPort: number;
  #peer: MemoryConnection | undefined;
  #handler: ConnectionHandler | undefined;
  /** What came and was not read. */
  #arrived: Uint8Array[] = [];
  #arrivedBytes = 0;
  #isAwaited = false;
  #isPaused = false;
  #isScheduled = false;
  /** Nothing more comes after what is here. */
  #hasEnded = false;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(ports: { remotePort: number; localPort: number }) {
    this.remotePort = ports.remotePort;
    this.localPort = ports.localPort;
  }

  join(peer: MemoryConnection, handler: ConnectionHandler): void {
    this.#peer = peer;
    this.#handler = handler;
  }

  get unsentBytes(): number {
    const peer = this.#peer;
    return peer === undefined ? 0 : peer.#arrivedBytes;
  }

  write(buffers: readonly Uint8Array[]): boolean {
    if (this.#state !== 'open') return true;
    return this.#peer!.#arrive(buffers);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#peer!.end();
  }

  destroy(): void {
    const peer = this.#peer;
    this.#finish();
    if (peer === undefined) return;
    peer.#arrived = [];
    peer.#arrivedBytes = 0;
    peer.end();
  }

  #arrive(buffers: readonly Uint8Array[]): boolean {
    if (this.#state === 'closed') return true;
    for (const buffer of buffers) {
      this.#arrived.push(buffer);
      this.#arrivedBytes += buffer.byteLength;
    }
    this.#schedule();
    if (this.#arrivedBytes < HIGH_WATER_BYTES) return true;
    this.#isAwaited = true;
    return false;
  }

  /** For the peer: nothing more comes. */
  end(): void {
    this.#hasEnded = true;
    this.#schedule();
  }

  /** For the peer: all that was written has been read. */
  tellDrained(): void {
    this.#handler?.drained();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#state === 'closed') return;
    this.#isScheduled = true;
    nodeTimers.soon(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const peer = this.#peer;
    try {
      while (this.#arrived.length > 0 && !this.#isPaused && this.#state !== 'closed') this.#deliverPiece();
    } catch (error) {
      this.#finish(error instanceof Error ? error : new Error(String(error)));
      peer?.end();
      return;
    }
    if (this.#arrived.length > 0 || this.#state === 'closed') return;
    if (this.#isAwaited) {
      this.#isAwaited = false;
      peer?.tellDrained();
    }
    if (!this.#hasEnded) return;
    this.#finish();
    peer?.end();
  }

  #deliverPiece(): void {
    const [bytes] = this.#arrived as [Uint8Array];
    const place = this.#handler!.readBuffer();
    const count = Math.min(bytes.byteLength, place?.byteLength ?? PIECE_BYTES);
    const piece = bytes.subarray(0, count);
    if (count === bytes.byteLength) this.#arrived.shift();
    else this.#arrived[0] = bytes.subarray(count);
    this.#arrivedBytes -= count;
    if (count === 0) return;
    if (place === undefined) this.#handler!.received(piece);
    else {
      place.set(piece);
      this.#handler!.bytesRead(count);
    }
  }

  /** Nobody is called from inside its own call. */
  #finish(error?: Error): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#arrived = [];
    this.#arrivedBytes = 0;
    const handler = this.#handler;
    this.#handler = undefined;
    this.#peer = undefined;
    nodeTimers.soon(() => handler?.closed(error));
  }
}
