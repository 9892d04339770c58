// Finds what a SCRAM login is checked against: a user's credential, or the one that follows from a delegation token.
//
// Invariant: a stranger cannot find out whether a name exists. There is an account for every name; that of a name that does not exist is derived
// from the name and a secret of the cluster, stays the same for ever and on all brokers, looks like the others, and no password fits it. Finding
// either takes the same steps. (Kafka ends the exchange of an unknown name at once.)

import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import type { Clock } from '@moldau/io';
import type { MetadataImage, ScramCredential, ScramCredentialImages } from '@moldau/metadata';
import type { Identity } from '../../network/authentication.ts';
import type { DelegationTokens } from '../delegation-tokens.ts';
import { userPrincipal } from '../principal.ts';
import { MIN_ITERATIONS, SALT_SEED_BYTES, type ScramMechanism, saltFrom } from './scram-keys.ts';

export interface ScramAccount {
  readonly credential: ScramCredential;
  /** Who has logged in when the proof is right; undefined when nobody ever has. */
  readonly identity: Identity | undefined;
  /** Why nobody has, for the log. */
  readonly problem?: string;
  /** When the credential ends, in milliseconds of wall-clock time; unset for never. */
  readonly expiresAtMs?: number;
}

export interface ScramAccountsOptions {
  readonly mechanism: ScramMechanism;
  readonly metadata: () => MetadataImage;
  readonly delegationTokens: DelegationTokens;
  readonly clock: Clock;
}

/** What the salts and iteration counts here look like. */
interface Fashion {
  readonly salt: 'java' | number;
  readonly iterations: number;
}

/** Of credentials made with Kafka's own tools. */
const JAVA_FASHION: Fashion = { salt: 'java', iterations: MIN_ITERATIONS };
/** What saltFrom() makes. */
const JAVA_SALT = /^[0-9a-z]{20,26}$/;
/** What no client should be made to compute; no credential has so many unless somebody wants to do harm. */
const MAX_STORED_ITERATIONS = 1_000_000;
const MAX_SALT_BYTES = 1024;

export class ScramAccounts {
  readonly #options: ScramAccountsOptions;
  #fashion = JAVA_FASHION;
  #fashionRevision = -1;

  constructor(options: ScramAccountsOptions) {
    this.#options = options;
  }

  ofUser(name: string): ScramAccount {
    const { mechanism, metadata } = this.#options;
    const { scramCredentials } = metadata();
    const stranger = this.#stranger(`user ${name}`, this.#fashionNow());
    const credential = scramCredentials.of(name).get(mechanism.type);
    if (credential === undefined) return { ...stranger, problem: 'there is no such user' };
    if (!isUsable(credential)) {
      const { iterations } = credential;
      return {
        ...stranger,
        problem: `the stored credential has ${iterations} iterations: set the password anew with kafka-configs`,
      };
    }
    return { credential, identity: { principal: userPrincipal(name), isTokenAuthenticated: false } };
  }

  /** The password of a token is its HMAC. Its salt is that of a token that does not exist. */
  async ofToken(id: string): Promise<ScramAccount> {
    const { mechanism, metadata, delegationTokens, clock } = this.#options;
    const stranger = this.#stranger(`token ${id}`, JAVA_FASHION);
    const { salt, iterations } = stranger.credential;
    const token = delegationTokens.isEnabled ? metadata().delegationTokens.get(id) : undefined;
    if (token === undefined) return { ...stranger, problem: 'there is no such delegation token' };
    if (Math.min(token.expiryTimestampMs, token.maxTimestampMs) <= clock.wallMs())
      return { ...stranger, problem: 'the delegation token has expired' };
    return {
      credential: { salt, iterations, ...(await delegationTokens.keys(id, mechanism, salt, iterations)) },
      identity: { principal: token.owner, isTokenAuthenticated: true, delegationToken: id },
      expiresAtMs: token.expiryTimestampMs,
    };
  }

  /** The account of a name that does not exist. */
  #stranger(name: string, { salt, iterations }: Fashion): ScramAccount {
    const { mechanism, metadata } = this.#options;
    const secret = metadata().clusterSecret;
    assert(secret !== undefined, 'a cluster has its secret before clients are let in');
    const derive = (purpose: string, bytes: number): Buffer =>
      Buffer.from(hkdfSync('sha512', secret, name, `${mechanism.name} ${purpose}`, bytes));
    const storedKey = derive('key', mechanism.keyBytes);
    return {
      credential: {
        salt: salt === 'java' ? saltFrom(derive('salt', SALT_SEED_BYTES)) : derive('salt', salt),
        storedKey,
        serverKey: storedKey,
        iterations,
      },
      identity: undefined,
    };
  }

  #fashionNow(): Fashion {
    const { mechanism, metadata } = this.#options;
    const { scramCredentials } = metadata();
    if (this.#fashionRevision !== scramCredentials.revision) {
      this.#fashion = mostCommonFashion(scramCredentials, mechanism);
      this.#fashionRevision = scramCredentials.revision;
    }
    return this.#fashion;
  }
}

function isUsable({ iterations }: ScramCredential): boolean {
  return iterations >= MIN_ITERATIONS && iterations <= MAX_STORED_ITERATIONS;
}

/** That of most users, so that who does not exist is one of the many. */
function mostCommonFashion(credentials: ScramCredentialImages, { type }: ScramMechanism): Fashion {
  const counted = new Map<string, { fashion: Fashion; count: number }>();
  for (const user of credentials.users()) {
    const credential = credentials.of(user).get(type);
    if (credential === undefined || !isUsable(credential)) continue;
    const fashion = fashionOf(credential);
    const key = `${fashion.salt} ${fashion.iterations}`;
    const count = (counted.get(key)?.count ?? 0) + 1;
    counted.set(key, { fashion, count });
  }
  const [most] = [...counted.values()].sort((one, other) => other.count - one.count);
  return most?.fashion ?? JAVA_FASHION;
}

function fashionOf({ salt, iterations }: ScramCredential): Fashion {
  const isJava = JAVA_SALT.test(salt.toString('latin1'));
  return { salt: isJava ? 'java' : Math.min(salt.length, MAX_SALT_BYTES), iterations };
}
