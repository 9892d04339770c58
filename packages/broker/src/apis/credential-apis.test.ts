import assert from 'node:assert/strict';
import test from 'node:test';
import {
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
  createDelegationTokenRequest,
  createDelegationTokenResponse,
  describeDelegationTokenRequest,
  describeDelegationTokenResponse,
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
  ErrorCode,
  renewDelegationTokenRequest,
  renewDelegationTokenResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '@moldau/protocol';
import { freePort, RawClient, startTestBroker, type TestBroker } from '@moldau/testing';
import { ScramClient, SHA_512 } from '../security/authentication/testing-scram.ts';

const { DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, DELEGATION_TOKEN_AUTH_DISABLED, INVALID_PRINCIPAL_TYPE } =
  ErrorCode;
const NOBODY_ELSE = { renewers: [], maxLifetimeMs: -1 };

async function withUsers(
  settings: readonly string[] = [],
): Promise<TestBroker & { readonly plainPort: number }> {
  const plainPort = await freePort();
  const broker = await startTestBroker({
    settings: [
      `listeners=SASL_PLAINTEXT://127.0.0.1:0,PLAINTEXT://127.0.0.1:${plainPort}`,
      'sasl.enabled.mechanisms=SCRAM-SHA-512',
      'moldau.users=ada:pencil,bob:eraser',
      'delegation.token.secret.key=secret',
      ...settings,
    ],
  });
  return Object.assign(broker, { plainPort });
}

async function logIn(port: number, user: string, password: string, extensions = ''): Promise<RawClient> {
  const client = await RawClient.dial({ port });
  const scram = new ScramClient({ user, password, extensions, mechanism: SHA_512 });
  await client.request(saslHandshakeRequest, saslHandshakeResponse, 1, { mechanism: 'SCRAM-SHA-512' });
  const send = async (authBytes: Buffer) => {
    const answer = await client.request(saslAuthenticateRequest, saslAuthenticateResponse, 2, { authBytes });
    assert.equal(answer.errorCode, ErrorCode.NONE, answer.errorMessage ?? '');
    return answer;
  };
  const { authBytes } = await send(scram.first());
  await send(scram.final(authBytes));
  return client;
}

const create = (client: RawClient, query = {}) =>
  client.request(createDelegationTokenRequest, createDelegationTokenResponse, 3, {
    ...NOBODY_ELSE,
    ...query,
  });
const describe = (client: RawClient) =>
  client.request(describeDelegationTokenRequest, describeDelegationTokenResponse, 3, { owners: null });

test('who has a delegation token logs in with it as its owner, and makes no others', async () => {
  await using broker = await withUsers();
  const ada = await logIn(broker.port, 'ada', 'pencil');
  const token = await create(ada);
  assert.equal(token.errorCode, ErrorCode.NONE);
  assert.deepEqual([token.principalName, token.tokenRequesterPrincipalName], ['ada', 'ada']);
  const worker = await logIn(broker.port, token.tokenId, token.hmac.toString('base64'), ',tokenauth=true');
  assert.equal((await create(worker)).errorCode, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
  assert.equal((await describe(worker)).errorCode, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
  const [described] = (await describe(ada)).tokens;
  assert.deepEqual(described?.hmac, token.hmac);
  for (const client of [ada, worker]) client.close();
});

test('there are no delegation tokens without a login, for others than users, nor without a secret', async () => {
  await using broker = await withUsers();
  const anonymous = await RawClient.dial({ port: broker.plainPort });
  assert.equal((await create(anonymous)).errorCode, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
  const ada = await logIn(broker.port, 'ada', 'pencil');
  const renewers = [{ principalType: 'Group', principalName: 'ada' }];
  assert.equal((await create(ada, { renewers })).errorCode, INVALID_PRINCIPAL_TYPE);
  const owner = { ownerPrincipalType: 'Group', ownerPrincipalName: 'ada' };
  assert.equal((await create(ada, owner)).errorCode, INVALID_PRINCIPAL_TYPE);
  await using without = await withUsers(['delegation.token.secret.key=']);
  const bob = await logIn(without.port, 'bob', 'eraser');
  assert.equal((await create(bob)).errorCode, DELEGATION_TOKEN_AUTH_DISABLED);
  for (const client of [anonymous, ada, bob]) client.close();
});

test('a token is shown to those whom it concerns, and renewed by whom it names', async () => {
  await using broker = await withUsers([
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  ]);
  const [ada, bob] = [await logIn(broker.port, 'ada', 'pencil'), await logIn(broker.port, 'bob', 'eraser')];
  const own = await create(ada);
  const shared = await create(ada, { renewers: [{ principalType: 'User', principalName: 'bob' }] });
  assert.equal((await describe(ada)).tokens.length, 2);
  assert.deepEqual(
    (await describe(bob)).tokens.map(({ tokenId }) => tokenId),
    [shared.tokenId],
  );
  const renew = async (hmac: Buffer) => {
    const query = { hmac, renewPeriodMs: -1 };
    return (await bob.request(renewDelegationTokenRequest, renewDelegationTokenResponse, 2, query)).errorCode;
  };
  assert.equal(await renew(shared.hmac), ErrorCode.NONE);
  assert.equal(await renew(own.hmac), ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH);
  assert.equal(await renew(Buffer.alloc(64)), ErrorCode.DELEGATION_TOKEN_NOT_FOUND);
  for (const client of [ada, bob]) client.close();
});

test('users of moldau.users can log in from the start, and keep the password they have got since', async () => {
  await using broker = await withUsers();
  const ada = await logIn(broker.port, 'ada', 'pencil');
  const salt = Buffer.from('salt');
  const saltedPassword = Buffer.alloc(64, 7);
  const upsertions = [{ name: 'ada', mechanism: 2, iterations: 8192, salt, saltedPassword }];
  const altered = await ada.request(alterUserScramCredentialsRequest, alterUserScramCredentialsResponse, 0, {
    ...{ deletions: [], upsertions },
  });
  assert.equal(altered.results[0]?.errorCode, ErrorCode.NONE);
  await assert.rejects(logIn(broker.port, 'ada', 'pencil'), /invalid credentials/);
  const users = [{ name: 'ada' }, { name: 'nobody' }];
  const described = await ada.request(
    describeUserScramCredentialsRequest,
    describeUserScramCredentialsResponse,
    0,
    { users },
  );
  assert.deepEqual(described.results[0]?.credentialInfos, [
    { mechanism: 1, iterations: 4096 },
    { mechanism: 2, iterations: 8192 },
  ]);
  assert.equal(described.results[1]?.errorCode, ErrorCode.RESOURCE_NOT_FOUND);
  ada.close();
});
