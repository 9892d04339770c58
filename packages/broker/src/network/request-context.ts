// Who sent a request, over which connection. Handlers get it beside the decoded request.

import type { SecurityProtocol } from '../config/listeners.ts';
import type { ConnectionAuthentication } from './authentication.ts';

export interface ClientSoftware {
  readonly name: string;
  readonly version: string;
}

export interface RequestContext {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Unique for the life of the process. */
  readonly connectionId: number;
  /** The client's address as Kafka prints it, with a slash in front: '/127.0.0.1'. */
  readonly clientHost: string;
  readonly clientPort: number;
  readonly listenerName: string;
  /** As the client has named itself on this connection, 'unknown' when it has not (KIP-511). */
  readonly software: ClientSoftware;
  /** The client names itself, for the requests that follow on this connection. */
  nameSoftware(software: ClientSoftware): void;
  readonly localAddress: string;
  readonly localPort: number;
  /** Who the connection spoke for when the request arrived: 'User:ANONYMOUS' until it has authenticated. */
  readonly principal: string;
  readonly authentication: ConnectionAuthentication;
  readonly securityProtocol: SecurityProtocol;
  /** Of the whole request, header and body. */
  readonly sizeBytes: number;
  /** Nothing more is taken from this connection for so long after the answer has been made; the longest time asked for counts. */
  throttle(durationMs: number): void;
  /** What throttle() was told, 0 when nothing. */
  readonly throttleMs: number;
  /** The request has waited so long for what its client wanted it to wait for: that was no work of ours. */
  waited(durationMs: number): void;
  /** True once nobody is there to read the answer: a waiting request may give up. */
  isClosed(): boolean;
  /** Runs once when nobody is there any more to read the answer. Returns the way to take that back. */
  onClosed(run: () => void): () => void;
}
