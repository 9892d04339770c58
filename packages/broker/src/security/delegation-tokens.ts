// What the brokers derive from the id of a delegation token and delegation.token.secret.key (KIP-48): the HMAC that its holder shows, and the
// keys for logging in with it. Neither is ever written down, so that another secret ends all tokens.

import { createHmac } from 'node:crypto';
import type { MetadataImage } from '@moldau/metadata';
import { type ScramKeys, type ScramMechanism, saltPassword, scramKeys } from './authentication/scram-keys.ts';

export interface DelegationTokensOptions {
  /** delegation.token.secret.key; without one there are no tokens. */
  readonly secretKey: string | null;
  readonly metadata: () => MetadataImage;
}

interface Derived {
  readonly hmac: Buffer;
  /** By mechanism; made when it is first logged in with. */
  readonly keys: Map<string, Promise<ScramKeys>>;
}

export class DelegationTokens {
  readonly #secretKey: string | null;
  readonly #metadata: () => MetadataImage;
  readonly #derived = new Map<string, Derived>();
  readonly #idsByHmac = new Map<string, string>();
  #revision = -1;

  constructor({ secretKey, metadata }: DelegationTokensOptions) {
    this.#secretKey = secretKey;
    this.#metadata = metadata;
  }

  get isEnabled(): boolean {
    return this.#secretKey !== null && this.#secretKey !== '';
  }

  /** Proves that its holder has the token: only the brokers can make it. Tokens must be enabled. */
  hmac(tokenId: string): Buffer {
    return createHmac('sha512', this.#secretKey!).update(tokenId).digest();
  }

  /** The id of the token with this HMAC. */
  idOf(hmac: Buffer): string | undefined {
    this.#followMetadata();
    return this.#idsByHmac.get(hmac.toString('base64'));
  }

  /** What a login with a token is checked against. The token must exist. */
  keys(tokenId: string, mechanism: ScramMechanism, salt: Buffer, iterations: number): Promise<ScramKeys> {
    this.#followMetadata();
    const { hmac, keys } = this.#derived.get(tokenId)!;
    let found = keys.get(mechanism.name);
    if (found === undefined) {
      found = deriveKeys(hmac, mechanism, salt, iterations);
      keys.set(mechanism.name, found);
    }
    return found;
  }

  #followMetadata(): void {
    const { delegationTokens, delegationTokensRevision } = this.#metadata();
    if (delegationTokensRevision === this.#revision) return;
    for (const [tokenId, { hmac }] of this.#derived) {
      if (delegationTokens.has(tokenId)) continue;
      this.#derived.delete(tokenId);
      this.#idsByHmac.delete(hmac.toString('base64'));
    }
    for (const tokenId of delegationTokens.keys()) {
      if (this.#derived.has(tokenId)) continue;
      const hmac = this.hmac(tokenId);
      this.#derived.set(tokenId, { hmac, keys: new Map() });
      this.#idsByHmac.set(hmac.toString('base64'), tokenId);
    }
    this.#revision = delegationTokensRevision;
  }
}

async function deriveKeys(
  hmac: Buffer,
  mechanism: ScramMechanism,
  salt: Buffer,
  iterations: number,
): Promise<ScramKeys> {
  return scramKeys(mechanism, await saltPassword(mechanism, hmac.toString('base64'), salt, iterations));
}
