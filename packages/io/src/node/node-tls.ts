// Node's TLS: contexts, handshakes, and what becomes of those that fail.
//
// Invariants: a handshake has a deadline that bytes which trickle in do not move. So many handshakes are under way at most; one more, and the oldest
// gives way, for a handshake that somebody means is over in milliseconds. A client whose certificate is not good never gets as far as a connection.

import { constants } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Socket, TcpNetConnectOpts } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import type { FailedHandshake, TlsClientOptions, TlsConnection, TlsServerOptions } from '../tls.ts';

/** Loaded at the first use: it takes 12 ms and 7 MB, of which a broker in clear has no need. */
const require = createRequire(import.meta.url);
function tls(): typeof import('node:tls') {
  return require('node:tls');
}

const HANDSHAKE_DEADLINE_MS = 30_000;
const DEFAULT_MAX_HANDSHAKES = 1000;

interface Handshake {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly deadline: NodeJS.Timeout;
}

export class TlsAcceptor {
  readonly server: Server;
  readonly #maxHandshakes: number;
  readonly #failed: (failure: FailedHandshake) => void;
  /** By the socket beneath, the oldest first. */
  readonly #handshakes = new Map<Socket, Handshake>();
  #clientAuthentication: TlsServerOptions['clientAuthentication'];

  constructor(
    options: TlsServerOptions,
    failed: (failure: FailedHandshake) => void,
    accepted: (socket: TLSSocket) => void,
    maxHandshakes = DEFAULT_MAX_HANDSHAKES,
  ) {
    this.#maxHandshakes = maxHandshakes;
    this.#failed = failed;
    this.#clientAuthentication = options.clientAuthentication;
    this.server = tls().createServer({ noDelay: true, keepAlive: true, ...serverOptions(options) });
    this.server.prependListener('connection', (socket) => this.#begin(socket));
    this.server.on('secureConnection', (socket) => {
      // Where a certificate is wished for but not demanded, Node lets bad ones through.
      if (this.#clientAuthentication !== 'none' && !isWelcome(socket)) {
        this.#giveUp(beneath(socket), String(socket.authorizationError));
      } else if (this.#end(beneath(socket)) !== undefined) accepted(socket);
    });
    this.server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      const verdict = socket.authorizationError as unknown as string | null;
      this.#giveUp(beneath(socket), verdict ?? error.code ?? 'UNKNOWN');
    });
  }

  /** @throws Error when key and certificates do not fit together */
  update(options: TlsServerOptions): void {
    const changed = serverOptions(options);
    tls().createSecureContext(changed);
    this.server.setSecureContext(changed);
    const { requestCert, rejectUnauthorized } = changed;
    Object.assign(this.server, { requestCert, rejectUnauthorized });
    this.#clientAuthentication = options.clientAuthentication;
  }

  /** Either event ends it: a connection that breaks, or whose certificate Node refuses, comes as a tlsClientError as well. */
  #begin(socket: Socket): void {
    if (this.#handshakes.size >= this.#maxHandshakes) {
      const [oldest] = this.#handshakes.keys();
      this.#giveUp(oldest!, 'HANDSHAKE_EVICTED');
    }
    const deadline = setTimeout(() => this.#giveUp(socket, 'HANDSHAKE_DEADLINE'), HANDSHAKE_DEADLINE_MS);
    deadline.unref();
    const { remoteAddress = '', remotePort = 0 } = socket;
    this.#handshakes.set(socket, {
      deadline,
      remoteAddress: remoteAddress.replace(/^::ffff:/, ''),
      remotePort,
    });
  }

  #giveUp(socket: Socket, code: string): void {
    const handshake = this.#end(socket);
    if (handshake === undefined) return;
    const { remoteAddress, remotePort } = handshake;
    socket.destroy();
    this.#failed({ remoteAddress, remotePort, code });
  }

  /** undefined when it was over before. */
  #end(socket: Socket): Handshake | undefined {
    const handshake = this.#handshakes.get(socket);
    clearTimeout(handshake?.deadline);
    this.#handshakes.delete(socket);
    return handshake;
  }
}

export function connectTls(address: TcpNetConnectOpts, options: TlsClientOptions): TLSSocket {
  const { trusted, serverName, key, certificates, maxVersion } = options;
  return tls().connect({
    ...address,
    ...(trusted === undefined ? {} : { ca: [...trusted] }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(key === undefined || certificates === undefined ? {} : { key, cert: certificates }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  });
}

export function tlsConnectionOf(socket: TLSSocket): TlsConnection {
  const peer = socket.getPeerX509Certificate();
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    peerCertificate: peer?.raw,
  };
}

function isWelcome(socket: TLSSocket): boolean {
  return socket.authorized || socket.getPeerX509Certificate() === undefined;
}

function serverOptions(options: TlsServerOptions) {
  const { clientAuthentication } = options;
  return {
    key: options.key,
    cert: options.certificates,
    // An empty list trusts nobody; undefined would be whatever Node trusts.
    ca: [...(options.trusted ?? [])],
    requestCert: clientAuthentication !== 'none',
    rejectUnauthorized: clientAuthentication === 'required',
    minVersion: options.minVersion,
    maxVersion: options.maxVersion,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(options.ciphers === undefined ? {} : { ciphers: options.ciphers.join(':') }),
  };
}

/** The socket that carries a TLS socket's bytes; Node keeps it here. */
function beneath(socket: TLSSocket): Socket {
  return (socket as unknown as { readonly _parent?: Socket | null })._parent ?? socket;
}
