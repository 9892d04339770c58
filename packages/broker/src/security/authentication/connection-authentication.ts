// The login of one connection of a SASL listener, and its renewals: Kafka's SaslServerAuthenticator as a state machine.
//
//   start ── ApiVersions ──▶ start ── SaslHandshake ──▶ exchange ── tokens ──▶ complete ── SaslHandshake ──▶ exchange ──▶ ...
//     └────────── anything else, a failure, or too late ──▶ failed
//
// A login is good for connections.max.reauth.ms, or until the credential ends. After that the connection ends with the first request that is not
// a renewal (KIP-368), which must be by the same mechanism and for the same principal.
//
// Invariants
// - Whatever fails, the client is told after connection.failed.authentication.delay.ms and nothing more is taken from it.
// - An identity holds from the exchange that brought it until the connection ends; a renewal cannot change it.
// - No message and no line of the log has a token, or any part of one, in it.

import type { Clock, Timer, Timers } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import type {
  AuthenticateAnswer,
  ConnectionAuthentication,
  HandshakeAnswer,
  Identity,
} from '../../network/authentication.ts';
import type { RateLimitedLog } from '../../network/rate-limited-log.ts';
import { ANONYMOUS } from '../principal.ts';
import type { LoginThrottle } from './login-throttle.ts';
import { AFTER_AUTHENTICATION } from './open-authentication.ts';
import {
  type SaslConnection,
  SaslError,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
} from './sasl-mechanism.ts';

const SASL_HANDSHAKE_KEY = 17;
const API_VERSIONS_KEY = 18;
const SASL_AUTHENTICATE_KEY = 36;
/** A connection that renews its login more often is not let. */
const MIN_RENEWAL_INTERVAL_MS = 1_000;
const NOTHING = Buffer.alloc(0);
const NOBODY: Identity = { principal: ANONYMOUS, isTokenAuthenticated: false };

/** What logins of a listener have in common. Values are read at each use. */
export interface LoginSettings {
  readonly securityProtocol: 'SASL_PLAINTEXT' | 'SASL_SSL';
  /** Names as clients ask for them. */
  mechanisms(): readonly string[];
  /** Undefined when it is not enabled. */
  mechanism(name: string): SaslMechanism | undefined;
  /** sasl.server.max.receive.size */
  maxTokenBytes(): number;
  /** connection.failed.authentication.delay.ms */
  failureDelayMs(): number;
  /** How long a login, or its renewal, may take. */
  timeoutMs(): number;
  /** connections.max.reauth.ms of a mechanism; 0 for no limit. */
  maxSessionMs(mechanism: string): number;
}

export interface ConnectionLoginOptions {
  readonly settings: LoginSettings;
  readonly connection: SaslConnection;
  /** Without the slash. */
  readonly remoteAddress: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly throttle: LoginThrottle;
  readonly log: RateLimitedLog;
}

export class SaslAuthentication implements ConnectionAuthentication {
  readonly #options: ConnectionLoginOptions;
  #state: 'start' | 'exchange' | 'complete' | 'failed' = 'start';
  #identity = NOBODY;
  #hasAskedForVersions = false;
  // The exchange that is under way, or the last one.
  #mechanism = '';
  #exchange: SaslExchange | undefined;
  #isBare = false;
  #beganMs: number;
  // Of the login that is complete: whose renewal is asked for must say the same.
  #loginMechanism: string | undefined;
  #sessionEndMs: number | undefined;
  #renewalBeganMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  #heldBack: { readonly timer: Timer; readonly resolve: () => void } | undefined;

  constructor(options: ConnectionLoginOptions) {
    this.#options = options;
    this.#beganMs = options.clock.monotonicMs();
  }

  get securityProtocol(): 'SASL_PLAINTEXT' | 'SASL_SSL' {
    return this.#options.settings.securityProtocol;
  }
  get identity(): Identity {
    return this.#identity;
  }
  get isComplete(): boolean {
    return this.#state === 'complete';
  }
  get hasFailed(): boolean {
    return this.#state === 'failed';
  }
  get expectsBareToken(): boolean {
    return this.#state === 'exchange' && this.#isBare;
  }
  get maxFrameBytes(): number | undefined {
    return this.#state === 'complete' ? undefined : this.#options.settings.maxTokenBytes();
  }

  refusal(apiKey: number, nowMs: number): string | undefined {
    if (this.#state === 'complete') {
      const isOver = this.#sessionEndMs !== undefined && nowMs >= this.#sessionEndMs;
      if (!isOver || (apiKey === SASL_HANDSHAKE_KEY && this.#mayRenew(nowMs))) return undefined;
      return 'its login has ended and was not renewed: clients that cannot renew theirs (KIP-368) connect again';
    }
    if (this.#state === 'exchange') {
      return apiKey === SASL_AUTHENTICATE_KEY
        ? undefined
        : 'it sent another request in the middle of its login';
    }
    if (this.#state === 'start') {
      if (apiKey === SASL_HANDSHAKE_KEY) return undefined;
      if (apiKey === API_VERSIONS_KEY && !this.#hasAskedForVersions) {
        this.#hasAskedForVersions = true;
        return undefined;
      }
    }
    const { securityProtocol } = this;
    return `it has not logged in: set security.protocol=${securityProtocol}, sasl.mechanism and the credentials in the client`;
  }

  isOverdue(nowMs: number): boolean {
    return !this.isComplete && nowMs - this.#beganMs >= this.#options.settings.timeoutMs();
  }

  async handshake(mechanism: string, apiVersion: number): Promise<HandshakeAnswer> {
    const { settings, clock, connection } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#state === 'complete' && !this.#mayRenew(nowMs)) {
      return { errorCode: ErrorCode.ILLEGAL_SASL_STATE, mechanisms: [] };
    }
    const mechanisms = [...settings.mechanisms()];
    const found = settings.mechanism(mechanism);
    if (found === undefined) {
      const advice = `choose one of ${mechanisms.join(', ')} (sasl.mechanism) in the client`;
      this.#warn('mechanism', mechanism, `the mechanism is not enabled: ${advice}`);
      await this.#fail();
      return { errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM, mechanisms };
    }
    if (this.#state === 'complete') this.#renewalBeganMs = nowMs;
    this.#state = 'exchange';
    this.#beganMs = nowMs;
    this.#mechanism = mechanism;
    this.#isBare = apiVersion === 0;
    this.#exchange = found.start(connection);
    return { errorCode: ErrorCode.NONE, mechanisms };
  }

  async authenticate(token: Buffer): Promise<AuthenticateAnswer | undefined> {
    if (this.#state === 'complete') return AFTER_AUTHENTICATION;
    if (!this.#isAdmitted) return this.#ignore();
    try {
      this.#checkMechanism();
      const step = await this.#exchange!.next(token);
      if (this.#isClosed) return undefined;
      if (step.identity === undefined) return answerOf(step);
      // Others from there may have failed while this one was looked at.
      if (!this.#isAdmitted) return this.#ignore();
      return answerOf(step, this.#complete(step.identity, step.expiresAtMs));
    } catch (error) {
      if (!this.#isAdmitted) return this.#ignore();
      const { clock, throttle, remoteAddress } = this.#options;
      throttle.failed(remoteAddress, clock.monotonicMs());
      return this.#refuse(error instanceof SaslError ? error : unexpected(error));
    }
  }

  closed(): void {
    this.#isClosed = true;
    this.#heldBack?.timer.cancel();
    this.#heldBack?.resolve();
  }

  get #isRenewal(): boolean {
    return this.#loginMechanism !== undefined;
  }

  #mayRenew(nowMs: number): boolean {
    return this.#sessionEndMs !== undefined && nowMs - this.#renewalBeganMs >= MIN_RENEWAL_INTERVAL_MS;
  }

  get #isAdmitted(): boolean {
    const { clock, throttle, remoteAddress } = this.#options;
    return throttle.admits(remoteAddress, clock.monotonicMs());
  }

  #checkMechanism(): void {
    if (!this.#isRenewal || this.#mechanism === this.#loginMechanism) return;
    throw new SaslError(
      `SASL mechanism '${this.#mechanism}' requested by client is not supported for re-authentication of mechanism '${this.#loginMechanism}'`,
    );
  }

  async #refuse({ message, detail }: SaslError): Promise<AuthenticateAnswer> {
    const during = this.#isRenewal ? 're-authentication' : 'authentication';
    const errorMessage =
      message ||
      `Authentication failed during ${during} due to invalid credentials with SASL mechanism ${this.#mechanism}`;
    this.#warn(
      'credentials',
      this.#mechanism,
      detail === undefined ? errorMessage : `${errorMessage} (${detail})`,
    );
    await this.#fail();
    const errorCode = ErrorCode.SASL_AUTHENTICATION_FAILED;
    return { errorCode, errorMessage, authBytes: NOTHING, sessionLifetimeMs: 0 };
  }

  /** Clients take silence for a reason to try again, and a failure for the end. */
  async #ignore(): Promise<undefined> {
    const reason = 'its address has failed too often lately, so no login from there is looked at for a while';
    this.#warn('throttled', this.#mechanism, reason);
    await this.#fail();
  }

  /** How long the login is good for, 0 for good. */
  #complete(identity: Identity, expiresAtMs: number | undefined): number {
    if (this.#isRenewal && identity.principal !== this.#identity.principal) {
      const [from, to] = [this.#identity.principal, identity.principal].map((each) => each.replace(':', '.'));
      throw new SaslError(`Cannot change principals during re-authentication from ${from}: ${to}`);
    }
    const { settings, clock } = this.#options;
    const maxSessionMs = settings.maxSessionMs(this.#mechanism);
    const ends = [
      ...(maxSessionMs > 0 ? [maxSessionMs] : []),
      ...(expiresAtMs === undefined ? [] : [expiresAtMs - clock.wallMs()]),
    ];
    if (ends.some((end) => end <= 0)) throw new SaslError('', 'the credential has expired');
    const lifetimeMs = ends.length === 0 ? 0 : Math.min(...ends);
    this.#sessionEndMs = lifetimeMs === 0 ? undefined : clock.monotonicMs() + lifetimeMs;
    this.#state = 'complete';
    this.#identity = identity;
    this.#loginMechanism = this.#mechanism;
    this.#exchange = undefined;
    return lifetimeMs;
  }

  /** Ends the connection, as far as the network is concerned after the delay. */
  async #fail(): Promise<void> {
    const { settings, timers } = this.#options;
    this.#state = 'failed';
    this.#exchange = undefined;
    const delayMs = settings.failureDelayMs();
    if (delayMs === 0 || this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#heldBack = { timer: timers.after(delayMs, resolve), resolve };
    });
  }

  #warn(kind: 'mechanism' | 'throttled' | 'credentials', mechanism: string, reason: string): void {
    const { log, connection, remoteAddress } = this.#options;
    const fields = {
      listenerName: connection.listenerName,
      client: remoteAddress,
      mechanism: mechanism.slice(0, 100),
    };
    const principal = this.#isRenewal ? { principal: this.#identity.principal } : {};
    log.warn(
      kind,
      { ...fields, ...principal },
      `a login failed: ${reason.replace(/^Authentication failed: /, '')}`,
    );
  }
}

function answerOf({ challenge }: SaslStep, sessionLifetimeMs = 0): AuthenticateAnswer {
  return { errorCode: ErrorCode.NONE, errorMessage: '', authBytes: challenge, sessionLifetimeMs };
}

/** A failure of ours. Its own message might repeat what it was about, which may be a secret, so only its place is told. */
function unexpected(error: unknown): SaslError {
  const { name, stack = '' } = error instanceof Error ? error : new Error();
  const place = /^ +at (.*)$/m.exec(stack)?.[1] ?? 'an unknown place';
  return new SaslError('', `unexpectedly, by ${name} at ${place}`);
}
