// Kerberos as a port, by way of GSS-API: the side that clients log in to.

/** What the library, or who called it, says is wrong; never a secret. */
export class GssError extends Error {
  override readonly name = 'GssError';
}

/** One login. Nothing of it may be used after close, or after it has failed. */
export interface GssContext {
  /** Takes a token of the client, and gives what to answer, possibly nothing. Throws GssError when the client is not who it says. */
  accept(token: Buffer): Buffer;
  /** The client is known, and so are the keys of this login. */
  readonly isEstablished: boolean;
  /** As Kerberos writes it: 'alice@EXAMPLE.COM'. Only once established. */
  readonly clientName: string;
  /** Signs a message to the client. Only once established. */
  wrap(message: Buffer): Buffer;
  /** Checks a message of the client. Only once established; throws GssError when it is not the client's. */
  unwrap(message: Buffer): Buffer;
  close(): void;
}

/** A service that clients have tickets for. */
export interface GssAcceptor {
  context(): GssContext;
}

export interface GssApi {
  /**
   * @param principal the service's own name: 'kafka/broker1.example.com@EXAMPLE.COM'
   * @param keytab the file with its keys; where Kerberos looks for it by itself when undefined
   * @throws GssError when the machine has no Kerberos, or the keys cannot be had
   */
  acceptor(principal: string, keytab: string | undefined): GssAcceptor;
}
