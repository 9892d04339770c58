// What a SASL mechanism is: it starts exchanges, and an exchange turns the client's messages into challenges until it knows who the client is.

import type { Identity } from '../../network/authentication.ts';

export interface SaslMechanism {
  /** As clients ask for it: 'PLAIN'. */
  readonly name: string;
  start(connection: SaslConnection): SaslExchange;
  /** Ends what it has under way, when the broker stops. */
  close?(): void;
}

export interface SaslConnection {
  readonly listenerName: string;
  /** The client's address as Kafka prints it: '/127.0.0.1'. */
  readonly clientHost: string;
}

export interface SaslExchange {
  /**
   * One message of the client, after the last one was answered; none after an identity or an error.
   * Throws or rejects with SaslError when the client is not to be let in.
   */
  next(token: Buffer): SaslStep | Promise<SaslStep>;
}

export interface SaslStep {
  /** What the client gets, possibly empty. */
  readonly challenge: Buffer;
  /** Who the client is: the exchange is complete. */
  readonly identity?: Identity;
  /** When the credential ends, in milliseconds of wall-clock time; unset for never. */
  readonly expiresAtMs?: number;
}

/** The login fails. */
export class SaslError extends Error {
  override readonly name = 'SaslError';
  /** What the operator may know beyond the message, for the log: never a secret. */
  readonly detail: string | undefined;

  /** @param message what the client is told, so nothing that a stranger may not know; '' for what is said of any failure. */
  constructor(message: string, detail?: string) {
    super(message);
    this.detail = detail;
  }
}
