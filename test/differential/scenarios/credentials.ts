// Credentials that the cluster keeps: SCRAM users, and delegation tokens as far as a listener without logins goes.

import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
  createDelegationTokenRequest,
  createDelegationTokenResponse,
  describeDelegationTokenRequest,
  describeDelegationTokenResponse,
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
  expireDelegationTokenRequest,
  expireDelegationTokenResponse,
  renewDelegationTokenRequest,
  renewDelegationTokenResponse,
} from '@moldau/protocol';
import { inEveryVersion, type Scenario } from '../scenario.ts';
import { api, type Side } from '../side.ts';

const Alter = api(alterUserScramCredentialsRequest, alterUserScramCredentialsResponse);
const Describe = api(describeUserScramCredentialsRequest, describeUserScramCredentialsResponse);
const CreateToken = api(createDelegationTokenRequest, createDelegationTokenResponse);
const RenewToken = api(renewDelegationTokenRequest, renewDelegationTokenResponse);
const ExpireToken = api(expireDelegationTokenRequest, expireDelegationTokenResponse);
const DescribeTokens = api(describeDelegationTokenRequest, describeDelegationTokenResponse);

const SHA_256 = 1;
const SHA_512 = 2;

interface Credential {
  readonly name: string;
  readonly mechanism: number;
  readonly iterations?: number;
  readonly salt?: Buffer;
  readonly saltedPassword?: Buffer;
}

const inOrder = <T extends { user: string }>(results: readonly T[]): T[] =>
  results.toSorted((a, b) => (a.user < b.user ? -1 : 1));

/** Sets and removes, and shows what became of the users. */
class Users {
  readonly #side: Side;

  constructor(side: Side) {
    this.#side = side;
  }

  async alter(label: string, upsertions: readonly Credential[], deletions: readonly Credential[] = []) {
    const defaults = { iterations: 4096, salt: Buffer.from('salt'), saltedPassword: Buffer.alloc(32, 7) };
    const answer = await this.#side.quietly(Alter, 0, {
      upsertions: upsertions.map((each) => ({ ...defaults, ...each })),
      deletions: deletions.map(({ name, mechanism }) => ({ name, mechanism })),
    });
    this.#side.record(label, { ...answer, results: inOrder(answer.results) });
    await this.#side.untilInForce();
  }

  async describe(label: string, names: readonly string[]) {
    const users = names.map((name) => ({ name }));
    const answer = await this.#side.quietly(Describe, 0, { users });
    const results = inOrder(answer.results).map(({ credentialInfos, ...result }) => ({
      ...result,
      credentialInfos: credentialInfos.toSorted((a, b) => a.mechanism - b.mechanism),
    }));
    this.#side.record(label, { ...answer, results });
  }
}

export const credentialScenarios: readonly Scenario[] = [
  inEveryVersion(Alter, 'set, changed, removed', async (side) => {
    const users = new Users(side);
    const [ada, bob] = [`${side.prefix}ada`, `${side.prefix}bob`];
    await users.alter('both', [
      { name: ada, mechanism: SHA_256 },
      { name: bob, mechanism: SHA_512, iterations: 16_384 },
    ]);
    await users.describe('both described', [ada, bob, `${ada}x`]);
    await users.alter('another mechanism', [{ name: ada, mechanism: SHA_512, iterations: 8192 }]);
    await users.alter('again', [{ name: ada, mechanism: SHA_256, iterations: 5000 }]);
    await users.describe('changed', [ada]);
    await users.describe('one twice', [ada, bob, ada]);
    await users.alter('removed', [], [{ name: ada, mechanism: SHA_256 }]);
    await users.describe('one left', [ada]);
    await users.alter('removed again', [], [{ name: ada, mechanism: SHA_256 }]);
    await users.alter('nobody', [], [{ name: `${ada}x`, mechanism: SHA_256 }]);
    const both = [{ name: ada, mechanism: SHA_512 }];
    await users.alter('set and removed at once', both, both);
    await users.alter('nothing', []);
  }),
  inEveryVersion(Alter, 'wrong ones', async (side) => {
    const users = new Users(side);
    const name = `${side.prefix}ada`;
    for (const iterations of [-1, 0, 1, 4095, 16_385, 1_000_000_000])
      await users.alter(`iterations ${iterations}`, [{ name, mechanism: SHA_256, iterations }]);
    for (const mechanism of [0, 3, -1, 127]) {
      await users.alter(`mechanism ${mechanism}`, [{ name, mechanism }]);
      await users.alter(`mechanism ${mechanism} removed`, [], [{ name, mechanism }]);
    }
    await users.alter('no name', [{ name: '', mechanism: SHA_256 }]);
    await users.alter('no name removed', [], [{ name: '', mechanism: SHA_256 }]);
    await users.alter('no name, no mechanism', [{ name: '', mechanism: 9, iterations: 1 }]);
    const fine = { name, mechanism: SHA_256 };
    await users.alter('twice', [fine, { ...fine, mechanism: SHA_512 }]);
    await users.alter('thrice', [fine, fine, fine]);
    await users.alter('wrong, then fine', [{ ...fine, iterations: 1 }, fine]);
    await users.alter('fine, then wrong', [fine, { ...fine, iterations: 1 }]);
    await users.alter('removed twice', [], [fine, { ...fine, mechanism: SHA_512 }]);
    await users.alter('removed, which was not there, and set', [fine], [fine]);
    await users.describe('still nobody', [name]);
    await users.alter('no salt', [{ ...fine, salt: Buffer.alloc(0) }]);
    await users.alter('no password', [
      { name: `${name}2`, mechanism: SHA_256, saltedPassword: Buffer.alloc(0) },
    ]);
    await users.alter('short password', [{ ...fine, saltedPassword: Buffer.of(1) }]);
    await users.describe('a user', [name]);
  }),
  inEveryVersion(CreateToken, 'without a login', async (side, version) => {
    const renewers = [{ principalType: 'User', principalName: 'ada' }];
    await side.ask(CreateToken, version, { renewers, maxLifetimeMs: -1 }, 'for itself');
    const owner = version >= 3 ? { ownerPrincipalType: 'User', ownerPrincipalName: 'ada' } : {};
    await side.ask(CreateToken, version, { ...owner, renewers, maxLifetimeMs: 1000 }, 'for another');
    const odd = [{ principalType: 'Group', principalName: 'ada' }];
    await side.ask(CreateToken, version, { renewers: odd, maxLifetimeMs: 0 }, 'renewed by a group');
  }),
  inEveryVersion(RenewToken, 'without a login', async (side, version) => {
    await side.ask(RenewToken, version, { hmac: Buffer.alloc(64), renewPeriodMs: -1 });
  }),
  inEveryVersion(ExpireToken, 'without a login', async (side, version) => {
    await side.ask(ExpireToken, version, { hmac: Buffer.alloc(64), expiryTimePeriodMs: -1 });
  }),
  inEveryVersion(DescribeTokens, 'without a login', async (side, version) => {
    await side.ask(DescribeTokens, version, { owners: null }, 'all');
    await side.ask(DescribeTokens, version, { owners: [] }, 'none');
  }),
];
