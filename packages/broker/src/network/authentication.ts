// What a connection has to ask of its login. The room `security` implements it; here is what it means to bytes and requests.
//
// Invariant: `identity` changes only while nothing of the connection is in process, for until a login is complete its requests are handled one at a time.

import type { SecurityProtocol } from '../config/listeners.ts';

/** Who a connection speaks for. */
export interface Identity {
  /** Kafka's type and name, as in 'User:alice'. */
  readonly principal: string;
  /** The login was made with a delegation token, which must not beget another. */
  readonly isTokenAuthenticated: boolean;
  /** The id of that token. */
  readonly delegationToken?: string;
}

/** SaslHandshake's answer. */
export interface HandshakeAnswer {
  readonly errorCode: number;
  readonly mechanisms: string[];
}

/** SaslAuthenticate's answer. */
export interface AuthenticateAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly authBytes: Buffer;
  /** How long the login is good for; 0 when for good, or when it is not complete yet. */
  readonly sessionLifetimeMs: number;
}

/** Times are those of the monotonic clock, in milliseconds. */
export interface ConnectionAuthentication {
  readonly securityProtocol: SecurityProtocol;
  /** Anonymous until a login is complete. */
  readonly identity: Identity;
  /** Requests of every API may come, several at a time. False also while a login is being renewed. */
  readonly isComplete: boolean;
  /** No more requests are taken, and the connection closes once what came is answered. */
  readonly hasFailed: boolean;
  /** The next frame is a token without a Kafka header: what clients send after SaslHandshake v0. Its answer has none either. */
  readonly expectsBareToken: boolean;
  /** The largest frame now; undefined leaves it to socket.request.max.bytes. */
  readonly maxFrameBytes: number | undefined;
  /** Why a request of this API must not come now, so that the connection is closed; undefined when it may. */
  refusal(apiKey: number, nowMs: number): string | undefined;
  /** A login has taken too long. */
  isOverdue(nowMs: number): boolean;
  /** A refusal is answered after a while. Never rejects. */
  handshake(mechanism: string, apiVersion: number): Promise<HandshakeAnswer>;
  /** One token of the client. A failure is answered after a while; undefined ends the connection without an answer. Never rejects. */
  authenticate(token: Buffer): Promise<AuthenticateAnswer | undefined>;
  /** The connection is gone: whatever is under way ends. */
  closed(): void;
}
