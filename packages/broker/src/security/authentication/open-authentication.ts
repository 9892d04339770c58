// Listeners on which nobody logs in: PLAINTEXT, and SSL, where the certificate says who it is. All requests may come at once, and the SASL APIs
// answer as Kafka's do where there is nothing to log in to.

import { ErrorCode } from '@moldau/protocol';
import type {
  AuthenticateAnswer,
  ConnectionAuthentication,
  HandshakeAnswer,
  Identity,
} from '../../network/authentication.ts';
import { ANONYMOUS } from '../principal.ts';

export class OpenAuthentication implements ConnectionAuthentication {
  readonly securityProtocol: 'PLAINTEXT' | 'SSL';
  readonly identity: Identity;
  readonly isComplete = true;
  readonly hasFailed = false;
  readonly expectsBareToken = false;
  readonly maxFrameBytes = undefined;

  readonly #problem: string | undefined;

  /** @param problem why nothing may be asked after all */
  constructor(securityProtocol: 'PLAINTEXT' | 'SSL', principal: string, problem?: string) {
    this.securityProtocol = securityProtocol;
    this.identity = { principal, isTokenAuthenticated: false };
    this.#problem = problem;
  }

  refusal(): string | undefined {
    return this.#problem;
  }

  isOverdue(): boolean {
    return false;
  }

  async handshake(): Promise<HandshakeAnswer> {
    return { errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] };
  }

  async authenticate(): Promise<AuthenticateAnswer> {
    return AFTER_AUTHENTICATION;
  }

  closed(): void {}
}

/** A SaslAuthenticate where none is due. */
export const AFTER_AUTHENTICATION: AuthenticateAnswer = {
  errorCode: ErrorCode.ILLEGAL_SASL_STATE,
  errorMessage: 'SaslAuthenticate request received after successful authentication',
  authBytes: Buffer.alloc(0),
  sessionLifetimeMs: 0,
};

/** For every connection of PLAINTEXT listeners: it has no state. */
export const ANONYMOUS_AUTHENTICATION = new OpenAuthentication('PLAINTEXT', ANONYMOUS);
