// Users who log in by SCRAM, whose credentials the cluster keeps. A password never leaves this process: brokers get what it is salted and hashed to.

import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
} from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { type BrokerError, OptionsError } from '../errors/kafka-error.ts';
import { notController } from './controller.ts';
import { allOrThrow, errorOf, wholeAnswer } from './results.ts';
import { inSteps } from './timing.ts';

const MECHANISMS = {
  'SCRAM-SHA-256': { code: 1, hash: 'sha256', keyBytes: 32 },
  'SCRAM-SHA-512': { code: 2, hash: 'sha512', keyBytes: 64 },
} as const;

export type ScramMechanism = keyof typeof MECHANISMS;

export interface UserDescription {
  readonly user: string;
  /** One for each mechanism by which the user can log in. */
  readonly credentials: readonly {
    readonly mechanism: ScramMechanism | 'unknown';
    readonly iterations: number;
  }[];
}

export interface UserCredential {
  readonly user: string;
  readonly password: string;
  /** Default: 'SCRAM-SHA-512'. A user may have a credential for each. */
  readonly mechanism?: ScramMechanism;
  /** From 4,096 to 16,384, which is the default: the more, the longer takes guessing, and each login. */
  readonly iterations?: number;
}

export interface CredentialToDelete {
  readonly user: string;
  readonly mechanism: ScramMechanism;
}

const DESCRIBE = {
  request: describeUserScramCredentialsRequest,
  response: describeUserScramCredentialsResponse,
};
const ALTER = { request: alterUserScramCredentialsRequest, response: alterUserScramCredentialsResponse };
/** What Kafka takes. */
const MIN_ITERATIONS = 4096;
const MAX_ITERATIONS = 16_384;
const SALT_BYTES = 24;

const salted = promisify(pbkdf2);

export class UsersAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** All users who have credentials, or those named; rejects with RESOURCE_NOT_FOUND for one that has none. */
  async list(users?: string | readonly string[], options: CallOptions = {}): Promise<UserDescription[]> {
    const asked = users === undefined ? undefined : [users].flat();
    const input = { users: asked?.map((name) => ({ name })) ?? null };
    const { results } = await this.#cluster.request(DESCRIBE, input, {
      ...options,
      to: 'any',
      retry: wholeAnswer('Describe'),
    });
    const byName = new Map(results.map((result) => [result.user, result]));
    return allOrThrow(
      (asked ?? [...byName.keys()].sort()).map((user) => {
        const result = byName.get(user);
        const error = errorOf(result, { resource: `user ${user}`, operation: 'Describe' });
        if (error !== undefined) return error;
        const credentials = result!.credentialInfos.map(({ mechanism, iterations }) => ({
          mechanism: mechanismOf(mechanism),
          iterations,
        }));
        return { user, credentials };
      }),
    );
  }

  /** Makes credentials, or replaces those there are for the same user and mechanism. */
  async set(
    credentials: UserCredential | readonly UserCredential[],
    options: CallOptions = {},
  ): Promise<void> {
    const asked = [credentials].flat();
    for (const credential of asked) check(credential);
    await this.#alter(asked, options, async (round) => ({
      deletions: [],
      upsertions: await Promise.all(round.map((credential) => this.#salted(credential))),
    }));
  }

  /** Takes credentials away; a user without any cannot log in by SCRAM. */
  async delete(
    credentials: CredentialToDelete | readonly CredentialToDelete[],
    options: CallOptions = {},
  ): Promise<void> {
    const asked = [credentials]
      .flat()
      .map(({ user, mechanism }) => ({ user, mechanism, code: known(mechanism).code }));
    await this.#alter(asked, options, async (round) => ({
      deletions: round.map(({ user, code }) => ({ name: user, mechanism: code })),
      upsertions: [],
    }));
  }

  /** Brokers take one change of each user at a time, so those of a user's second mechanism go in a second round. */
  async #alter<Item extends { readonly user: string }>(
    asked: readonly Item[],
    options: CallOptions,
    inputOf: (
      round: readonly Item[],
    ) => Promise<Parameters<typeof alterUserScramCredentialsRequest.encode>[0]>,
  ): Promise<void> {
    const left = inSteps(this.#cluster, options);
    const errors = new Map<Item, BrokerError | undefined>();
    for (const round of rounds(asked)) {
      const { results } = await this.#cluster.request(ALTER, await inputOf(round), {
        ...left(),
        to: 'controller',
        retry: { errorOf: ({ results }) => notController(results) },
      });
      const byName = new Map(results.map((result) => [result.user, result]));
      for (const item of round) {
        const about = { resource: `user ${item.user}`, operation: 'Alter' };
        errors.set(item, errorOf(byName.get(item.user), about));
      }
    }
    allOrThrow(asked.map((item) => errors.get(item)));
  }

  /** RFC 5802's SaltedPassword. */
  async #salted(credential: UserCredential) {
    const { user, password, mechanism = 'SCRAM-SHA-512', iterations = MAX_ITERATIONS } = credential;
    const { code, hash, keyBytes } = known(mechanism);
    const salt = this.#cluster.ports.random.bytes(SALT_BYTES);
    const saltedPassword = await salted(password, salt, iterations, keyBytes, hash);
    return { name: user, mechanism: code, iterations, salt, saltedPassword };
  }
}

/** Each with one item of each user. */
function rounds<Item extends { readonly user: string }>(items: readonly Item[]): Item[][] {
  const made: Item[][] = [];
  for (const group of Map.groupBy(items, ({ user }) => user).values())
    for (const [index, item] of group.entries()) {
      const round = made[index];
      if (round === undefined) made.push([item]);
      else round.push(item);
    }
  return made;
}

function check({ user, password, iterations = MAX_ITERATIONS }: UserCredential): void {
  if (user === '') throw new OptionsError('A user has a name.');
  if (typeof password !== 'string' || password === '')
    throw new OptionsError(`The password of ${user} is empty.`);
  if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS)
    throw new OptionsError(
      `Of ${user}: iterations is ${iterations}, and takes ${MIN_ITERATIONS} to ${MAX_ITERATIONS}.`,
    );
}

function known(mechanism: ScramMechanism) {
  if (Object.hasOwn(MECHANISMS, mechanism)) return MECHANISMS[mechanism];
  throw new OptionsError(
    `There is no mechanism ${mechanism}: it is one of ${Object.keys(MECHANISMS).join(', ')}.`,
  );
}

function mechanismOf(wanted: number): ScramMechanism | 'unknown' {
  for (const [name, { code }] of Object.entries(MECHANISMS))
    if (code === wanted) return name as ScramMechanism;
  return 'unknown';
}
