// Says whose a signed token (JWT) is, and whether it holds here.
//
// Invariants: only signatures that a public key verifies count, never `none` or a shared secret; keys come from the provider's set alone, whatever the
// token's header names; issuer, audience, expiry, time of issue and subject are demanded of every token; a reason tells nothing of a token's content
// but the names of claims.

import type { Clock } from '@moldau/io';
import type { JWTPayload } from 'jose';
import type { JsonWebKeys } from './json-web-keys.ts';

export interface TokenExpectations {
  readonly issuer: string;
  /** A token is for one of these. */
  readonly audience: readonly string[];
  /** By how much the provider's clock may differ from ours. */
  readonly clockSkewSeconds: number;
  readonly subjectClaim: string;
  readonly scopeClaim: string;
}

export interface ValidToken {
  readonly subject: string;
  /** Milliseconds of wall-clock time, always in the future. */
  readonly expiresAtMs: number;
}

/** The token does not hold. The message says why. */
export class InvalidTokenError extends Error {
  override readonly name = 'InvalidTokenError';
}

/** Tokens travel in HTTP headers elsewhere, where few servers take more. */
const MAX_TOKEN_CHARACTERS = 64 * 1024;

const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

export class TokenValidator {
  readonly #expectations: TokenExpectations;
  readonly #keys: JsonWebKeys;
  readonly #clock: Clock;

  constructor(expectations: TokenExpectations, keys: JsonWebKeys, clock: Clock) {
    this.#expectations = expectations;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Rejects with InvalidTokenError. */
  async validate(token: string): Promise<ValidToken> {
    if (token.length > MAX_TOKEN_CHARACTERS) {
      throw new InvalidTokenError(`the token is longer than ${MAX_TOKEN_CHARACTERS} characters`);
    }
    const nowMs = this.#clock.wallMs();
    const claims = await this.#verify(token, nowMs);
    this.#checkIssueTime(claims, nowMs);
    this.#checkScope(claims);
    return { subject: this.#subjectOf(claims), expiresAtMs: this.#expiryOf(claims, nowMs) };
  }

  async #verify(token: string, nowMs: number): Promise<JWTPayload> {
    const { issuer, audience, clockSkewSeconds, subjectClaim } = this.#expectations;
    const { jwtVerify } = await import('jose/jwt/verify');
    try {
      const { payload } = await jwtVerify(token, (header, jws) => this.#keys.keyFor(header, jws), {
        ...{ issuer, audience: [...audience], algorithms: ALGORITHMS, clockTolerance: clockSkewSeconds },
        requiredClaims: ['exp', 'iat', subjectClaim],
        currentDate: new Date(nowMs),
      });
      return payload;
    } catch (error) {
      throw new InvalidTokenError(error instanceof Error ? error.message : String(error));
    }
  }

  /** jose looks at it only where an age is limited. */
  #checkIssueTime({ iat, exp = 0 }: JWTPayload, nowMs: number): void {
    if (typeof iat !== 'number' || iat > nowMs / 1000 + this.#expectations.clockSkewSeconds) {
      throw new InvalidTokenError('"iat" claim timestamp check failed (it should be in the past)');
    }
    if (exp < iat) throw new InvalidTokenError('"exp" claim is before the "iat" claim');
  }

  /** Nothing depends on scopes; as in Kafka, what is no scope breaks the token. */
  #checkScope(claims: JWTPayload): void {
    const name = this.#expectations.scopeClaim;
    if (!Object.hasOwn(claims, name)) return;
    const value: unknown = claims[name];
    const scopes: readonly unknown[] = Array.isArray(value)
      ? value
      : typeof value === 'string'
        ? [value]
        : [];
    const areTexts = scopes.every((scope) => typeof scope === 'string' && scope.trim() !== '');
    if (!areTexts || new Set(scopes).size < scopes.length) {
      throw new InvalidTokenError(`"${name}" claim must be a scope, or a list of different ones`);
    }
  }

  #subjectOf(claims: JWTPayload): string {
    const name = this.#expectations.subjectClaim;
    const value: unknown = claims[name];
    if (typeof value !== 'string' || value === '') {
      throw new InvalidTokenError(`"${name}" claim must be a text that is not empty`);
    }
    // A name that prints like another one, or like two lines of a log, is nobody's.
    if (value !== value.trim() || /\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}/u.test(value)) {
      throw new InvalidTokenError(`"${name}" claim must not have control characters, nor blanks at its ends`);
    }
    return value;
  }

  #expiryOf({ exp = 0 }: JWTPayload, nowMs: number): number {
    const expiresAtMs = Math.floor(exp * 1000);
    if (!Number.isSafeInteger(expiresAtMs)) throw new InvalidTokenError('"exp" claim is too large');
    // One that has expired by our clock was let in as not expired by the provider's.
    return expiresAtMs > nowMs ? expiresAtMs : expiresAtMs + this.#expectations.clockSkewSeconds * 1000;
  }
}
