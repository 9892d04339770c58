// What TLS needs to know, for both ends of a connection. Certificates and keys are PEM texts; nothing here is logged.

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

export interface TlsServerOptions {
  /** The private key, not encrypted. */
  readonly key: string;
  /** The server's certificate, then those that lead to a root. */
  readonly certificates: string;
  /** Whoever these certificates vouch for is let in, where client certificates are asked for. */
  readonly trusted?: readonly string[];
  /** 'requested': one that is shown must be good, but none need be shown. */
  readonly clientAuthentication: 'none' | 'requested' | 'required';
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** OpenSSL's names, the preferred one first; without them Node's own choice. */
  readonly ciphers?: readonly string[];
}

export interface TlsClientOptions {
  readonly trusted?: readonly string[];
  /** The name that the server's certificate must have; by default the host dialled. */
  readonly serverName?: string;
  readonly key?: string;
  readonly certificates?: string;
  readonly maxVersion?: TlsVersion;
}

/** What a connection's handshake came to. */
export interface TlsConnection {
  /** 'TLSv1.3' */
  readonly version: string;
  /** The standard's name, as Java has it: 'TLS_AES_256_GCM_SHA384'. */
  readonly cipher: string;
  /** The peer's certificate as DER, found to be good; undefined when it showed none. */
  readonly peerCertificate: Buffer | undefined;
}

/** A connection that never came to be: its handshake failed. */
export interface FailedHandshake {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /**
   * Node's or OpenSSL's code (ERR_SSL_WRONG_VERSION_NUMBER, UNABLE_TO_VERIFY_LEAF_SIGNATURE, CERT_HAS_EXPIRED, ECONNRESET...), HANDSHAKE_DEADLINE when it
   * took too long, or HANDSHAKE_EVICTED when it had to give way to newer ones.
   */
  readonly code: string;
}
