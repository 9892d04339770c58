// Decides which SCRAM credentials are set and taken away, and checks them by Kafka's rules (KIP-554).

import type { Random } from '@moldau/io';
import type { MetadataRecord } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { InitialUser } from '../config/initial-users.ts';
import {
  MAX_ITERATIONS,
  MIN_ITERATIONS,
  SALT_SEED_BYTES,
  SCRAM_MECHANISMS,
  type ScramMechanism,
  saltFrom,
  saltPassword,
  scramKeys,
} from '../security/authentication/scram-keys.ts';
import type { ReadableMetadata } from './metadata-view.ts';
import { failed, type ItemResult, OK, type Outcome } from './outcome.ts';

export interface ScramCredentialDeletion {
  readonly name: string;
  /** One of ScramMechanismType. */
  readonly mechanism: number;
}

export interface ScramCredentialUpsertion extends ScramCredentialDeletion {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly saltedPassword: Buffer;
}

export interface AlterScramCredentialsCommand {
  readonly deletions: readonly ScramCredentialDeletion[];
  readonly upsertions: readonly ScramCredentialUpsertion[];
}

export interface AlteredScramUser extends ItemResult {
  readonly user: string;
}

/** One change for each user at a time. */
export function alterScramCredentials(
  view: ReadableMetadata,
  { deletions, upsertions }: AlterScramCredentialsCommand,
): Outcome<AlteredScramUser[]> {
  const changes = new Map<string, (() => MetadataRecord)[]>();
  const add = (name: string, change: () => MetadataRecord): void => {
    const ofUser = changes.get(name);
    if (ofUser === undefined) changes.set(name, [change]);
    else ofUser.push(change);
  };
  for (const deletion of deletions) add(deletion.name, () => remove(view, deletion));
  for (const upsertion of upsertions) add(upsertion.name, () => set(upsertion));
  const records: MetadataRecord[] = [];
  const response = [...changes].map(([user, [change, ...more]]): AlteredScramUser => {
    try {
      const record = change!();
      if (more.length > 0) {
        throw new KafkaError(
          ErrorCode.DUPLICATE_RESOURCE,
          'A user credential cannot be altered twice in the same request',
        );
      }
      records.push(record);
      return { user, ...OK };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { user, ...failed(error) };
    }
  });
  return { records, response };
}

/** Credentials of users that have none: those that exist stay as they are. */
export function addScramUsers(
  view: ReadableMetadata,
  upsertions: readonly ScramCredentialUpsertion[],
): Outcome<void> {
  const missing = upsertions.filter(({ name }) => view.scramCredentials.of(name).size === 0);
  return { records: missing.map(set), response: undefined };
}

/** Credentials for all mechanisms. The work of it is done on threads. */
export async function saltedCredentials(
  users: readonly InitialUser[],
  random: Random,
): Promise<ScramCredentialUpsertion[]> {
  const credentials: ScramCredentialUpsertion[] = [];
  for (const { name, password } of users) {
    for (const mechanism of SCRAM_MECHANISMS) {
      const salt = saltFrom(random.bytes(SALT_SEED_BYTES));
      const saltedPassword = await saltPassword(mechanism, password, salt, MIN_ITERATIONS);
      credentials.push({ name, mechanism: mechanism.type, iterations: MIN_ITERATIONS, salt, saltedPassword });
    }
  }
  return credentials;
}

function remove(view: ReadableMetadata, { name, mechanism }: ScramCredentialDeletion): MetadataRecord {
  checked(name, mechanism);
  if (!view.scramCredentials.of(name).has(mechanism)) {
    throw new KafkaError(
      ErrorCode.RESOURCE_NOT_FOUND,
      'Attempt to delete a user credential that does not exist',
    );
  }
  return { type: 'scram-credential-removed', user: name, mechanism };
}

function set({
  name,
  mechanism,
  iterations,
  salt,
  saltedPassword,
}: ScramCredentialUpsertion): MetadataRecord {
  const keys = scramKeys(checked(name, mechanism), saltedPassword);
  if (iterations < MIN_ITERATIONS) throw unacceptable('Too few iterations');
  if (iterations > MAX_ITERATIONS) throw unacceptable('Too many iterations');
  if (saltedPassword.length === 0) throw unacceptable('Empty salted password');
  return { type: 'scram-credential', user: name, mechanism, salt, iterations, ...keys };
}

function checked(name: string, type: number): ScramMechanism {
  if (name === '') throw unacceptable('Username must not be empty');
  const mechanism = SCRAM_MECHANISMS.find((each) => each.type === type);
  if (mechanism !== undefined) return mechanism;
  throw new KafkaError(ErrorCode.UNSUPPORTED_SASL_MECHANISM, 'Unknown SCRAM mechanism');
}

function unacceptable(problem: string): KafkaError {
  return new KafkaError(ErrorCode.UNACCEPTABLE_CREDENTIAL, problem);
}
