// TCP as a port. A reader that knows what comes supplies the memory that bytes are read into, so a big frame is received in place.

import type { FailedHandshake, TlsClientOptions, TlsConnection, TlsServerOptions } from './tls.ts';

export interface ConnectionHandler {
  /**
   * Memory for the next bytes, at least one byte long; asked after each read, and the connection's until bytesRead.
   * Undefined: the network reads into memory of its own and calls received, so a connection that waits holds no memory.
   */
  readBuffer(): Uint8Array | undefined;
  /** The first `count` bytes of the memory last returned have been filled. */
  bytesRead(count: number): void;
  /** Up to 64 KB that arrived while there was no memory to put them. The view is valid during the call only: copy what is kept. */
  received(bytes: Uint8Array): void;
  /** All that was written has been handed to the kernel; called after write() returned false. */
  drained(): void;
  /** The peer closed, or the connection broke (error says how), or close/destroy was called. Called exactly once, last. */
  closed(error?: Error): void;
}

export interface Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** undefined: plain text. */
  readonly tls?: TlsConnection | undefined;
  /** Bytes written that the kernel has not taken yet; falls as the peer takes them. */
  readonly unsentBytes: number;
  /** Sends the buffers in order without copying them; they must not change until sent. False: wait for drained(). */
  write(buffers: readonly Uint8Array[]): boolean;
  /** Stops and resumes reading: the peer feels it through TCP's own flow control. */
  pause(): void;
  resume(): void;
  /** Sends what has been written, then closes. */
  close(): void;
  /** Closes at once and drops what is unsent. */
  destroy(): void;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /**
   * For a listener with TLS: handshakes that begin from now on, connections already made live on, and no session of before is resumed.
   * @throws Error when they do not fit together (a key that is not the certificate's); what was in force stays
   */
  updateTls(options: TlsServerOptions): void;
  /** Stops accepting; connections already made live on. */
  close(): Promise<void>;
}

export interface Network {
  /** Port 0 takes a free port. Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND). */
  listen(
    options: {
      host: string;
      port: number;
      backlog?: number;
      /** Connections are accepted when their handshake is over. */
      tls?: TlsServerOptions;
      /** At least 1; one more, and the oldest gives way. Default 1000. */
      maxHandshakes?: number;
      handshakeFailed?(failure: FailedHandshake): void;
    },
    accept: (connection: Connection) => ConnectionHandler,
  ): Promise<Listener>;
  /**
   * Rejects with Node's error, with ETIMEDOUT after timeoutMs, or with the signal's reason when it is aborted meanwhile; the handler hears nothing of a
   * dial that failed.
   */
  dial(
    options: { host: string; port: number; timeoutMs: number; tls?: TlsClientOptions; signal?: AbortSignal },
    handler: ConnectionHandler,
  ): Promise<Connection>;
  /** The addresses of a host; none when it has none. An address is its own. */
  lookup(host: string): Promise<string[]>;
}
