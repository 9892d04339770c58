// The client's side of SCRAM for tests, written from RFC 5802 alone, and a server with users to try it on.

import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { MetadataImage } from '@moldau/metadata';
import { ManualTime, SeededRandom } from '@moldau/testing';
import { DelegationTokens } from '../delegation-tokens.ts';
import type { SaslExchange, SaslMechanism, SaslStep } from './sasl-mechanism.ts';
import { scramMechanism } from './scram.ts';
import { SCRAM_MECHANISMS, type ScramMechanism, scramKeys } from './scram-keys.ts';

export const [SHA_256, SHA_512] = SCRAM_MECHANISMS as [ScramMechanism, ScramMechanism];

export interface Attempt {
  readonly user: string;
  readonly password: string;
  readonly nonce?: string;
  readonly header?: string;
  /** Behind the nonce, with a comma in front. */
  readonly extensions?: string;
  readonly mechanism?: ScramMechanism;
}

export class ScramClient {
  readonly #attempt: Required<Attempt>;

  constructor(attempt: Attempt) {
    const defaults = { nonce: 'fyko+d2lbbFgONRv9qkxdawL', header: 'n,,', extensions: '', mechanism: SHA_256 };
    this.#attempt = { ...defaults, ...attempt };
  }

  get #bare(): string {
    const { user, nonce, extensions } = this.#attempt;
    return `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}${extensions}`;
  }

  first(): Buffer {
    return Buffer.from(this.#attempt.header + this.#bare);
  }

  /** Answers a challenge; `changes` are for those who cheat. */
  final(challenge: Buffer, changes: { nonce?: string; channel?: string; extensions?: string } = {}): Buffer {
    const { password, mechanism } = this.#attempt;
    const { salt, iterations } = readChallenge(challenge);
    const { nonce = readChallenge(challenge).nonce, extensions = '' } = changes;
    const channel = changes.channel ?? Buffer.from(this.#attempt.header).toString('base64');
    const withoutProof = `c=${channel},r=${nonce}${extensions}`;
    const message = `${this.#bare},${challenge},${withoutProof}`;
    const salted = pbkdf2Sync(password, salt, iterations, mechanism.keyBytes, mechanism.hash);
    const clientKey = createHmac(mechanism.hash, salted).update('Client Key').digest();
    const storedKey = createHash(mechanism.hash).update(clientKey).digest();
    const signature = createHmac(mechanism.hash, storedKey).update(message).digest();
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]!));
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  }
}

export function readChallenge(challenge: Buffer) {
  const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]*),i=(\d+)$/.exec(challenge.toString())!;
  return { nonce: nonce!, salt: Buffer.from(salt!, 'base64'), iterations: Number(iterations) };
}

/** A whole exchange; rejects when the login fails. */
export async function logIn(server: SaslMechanism, attempt: Attempt): Promise<SaslStep> {
  const exchange = startExchange(server);
  const client = new ScramClient(attempt);
  const { challenge } = await exchange.next(client.first());
  return await exchange.next(client.final(challenge));
}

export function startExchange(server: SaslMechanism): SaslExchange {
  return server.start({ listenerName: 'SASL', clientHost: '/127.0.0.1' });
}

export class ScramWorld {
  readonly image = new MetadataImage();
  readonly time = new ManualTime(1_000_000);

  constructor() {
    this.image.apply({ type: 'cluster-secret', secret: Buffer.from('what nobody knows') });
  }

  addUser(
    user: string,
    password: string,
    { mechanism = SHA_256, iterations = 4096, salt = Buffer.from('salt') } = {},
  ) {
    const salted = pbkdf2Sync(
      password,
      salt,
      Math.max(1, Math.min(iterations, 4096)),
      mechanism.keyBytes,
      mechanism.hash,
    );
    const keys = scramKeys(mechanism, salted);
    this.image.apply({
      type: 'scram-credential',
      user,
      mechanism: mechanism.type,
      salt,
      iterations,
      ...keys,
    });
  }

  addToken(tokenId: string, owner: string, expiryTimestampMs: number): void {
    this.image.apply({
      ...{ type: 'delegation-token', tokenId, owner, requester: owner, renewers: [] },
      ...{ issueTimestampMs: 0, expiryTimestampMs, maxTimestampMs: expiryTimestampMs * 2 },
    });
  }

  tokens(secretKey: string | null = 'secret'): DelegationTokens {
    return new DelegationTokens({ secretKey, metadata: () => this.image });
  }

  /** One broker's. */
  server({ mechanism = SHA_256, tokens = this.tokens(), seed = 1 } = {}): SaslMechanism {
    return scramMechanism({
      ...{ mechanism, delegationTokens: tokens, metadata: () => this.image },
      ...{ clock: this.time, random: new SeededRandom(seed) },
    });
  }
}
