// TCP as a port. The reader supplies the memory that bytes are read into, so a frame can be received in place.

export interface ConnectionHandler {
  /** Memory for the next bytes, at least one byte long. Asked before each read; the memory belongs to the connection until bytesRead. */
  readBuffer(): Uint8Array;
  /** The first `count` bytes of the memory last returned have been filled. */
  bytesRead(count: number): void;
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
  /** Bytes written that the kernel has not taken yet. */
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
  /** Stops accepting; connections already made live on. */
  close(): Promise<void>;
}

export interface Network {
  /** Port 0 takes a free port. Rejects with Node's error (EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND). */
  listen(
    options: { host: string; port: number; backlog?: number },
    accept: (connection: Connection) => ConnectionHandler,
  ): Promise<Listener>;
  dial(
    options: { host: string; port: number; timeoutMs: number },
    handler: ConnectionHandler,
  ): Promise<Connection>;
}
