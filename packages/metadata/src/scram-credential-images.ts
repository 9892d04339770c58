// The users that can log in by SCRAM, with what the brokers keep of their passwords.
//
// Invariants: a user is there only while he has a credential; a credential that was handed out never changes, another takes its place.

import type { ScramCredentialRecord, ScramCredentialRemovedRecord } from './records.ts';

/** What is kept of a password: enough to check one, and not enough to log in elsewhere. */
export interface ScramCredential {
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
  readonly iterations: number;
}

type OfUser = ReadonlyMap<number, ScramCredential>;

const NONE: OfUser = new Map();

export class ScramCredentialImages {
  readonly #users = new Map<string, OfUser>();
  #revision = 0;

  /** Grows with every change, for those who keep what they derived. */
  get revision(): number {
    return this.#revision;
  }

  /** The names of all users, in no order. */
  users(): IterableIterator<string> {
    return this.#users.keys();
  }

  /** By mechanism (one of ScramMechanismType), in no order; empty for a user that is not there. */
  of(user: string): OfUser {
    return this.#users.get(user) ?? NONE;
  }

  apply(record: ScramCredentialRecord | ScramCredentialRemovedRecord): void {
    const credentials = new Map(this.of(record.user));
    if (record.type === 'scram-credential-removed') credentials.delete(record.mechanism);
    else credentials.set(record.mechanism, copied(record));
    if (credentials.size === 0) this.#users.delete(record.user);
    else this.#users.set(record.user, credentials);
    this.#revision++;
  }

  /** Records that build the same. */
  *records(): IterableIterator<ScramCredentialRecord> {
    for (const [user, credentials] of this.#users) {
      for (const [mechanism, credential] of credentials) {
        yield { type: 'scram-credential', user, mechanism, ...credential };
      }
    }
  }
}

/** A record's bytes may be views of a whole snapshot, which they would keep in memory. */
function copied({ salt, storedKey, serverKey, iterations }: ScramCredential): ScramCredential {
  return {
    salt: Buffer.from(salt),
    storedKey: Buffer.from(storedKey),
    serverKey: Buffer.from(serverKey),
    iterations,
  };
}
