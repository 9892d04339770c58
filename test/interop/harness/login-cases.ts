// The cases of logins (security.ts) for programs in JavaScript. The Python programs have the same in clients/python/login_cases.py, those in Go in
// clients/go/interop/logins.go.

import assert from 'node:assert/strict';
import { RUN, testCase } from './cases.ts';
import { FORBIDDEN_TOPIC, type LoginProtocol, type Security, topicOf } from './security.ts';

const RECORDS = 50;
const REFUSED_WITHIN_MS = 30_000;

export interface ClientLogin {
  readonly protocol: LoginProtocol;
  readonly bootstrap: string;
  readonly authority: string;
  readonly user: string;
  /** Absent where there is no SASL. */
  readonly mechanism?: string;
  readonly password?: string;
  /** In place of one from the identity provider. */
  readonly token?: string;
  /** Paths of PEM files. */
  readonly certificate?: string;
  readonly key?: string;
}

/** How a client does it. All reject within seconds when they are refused. */
export interface LoggedInClient {
  /** Resolves to the offset of the first value. */
  produce(login: ClientLogin, topic: string, values: readonly string[]): Promise<number>;
  /** As a member of the group, the values from that offset on. */
  consume(login: ClientLogin, topic: string, group: string, first: number, count: number): Promise<string[]>;
  isUnauthorized(error: unknown): boolean;
  /** Whether the broker did not let it in. */
  isRefused(error: unknown): boolean;
}

function security(): Security {
  return JSON.parse(process.env.INTEROP_SECURITY ?? '') as Security;
}

/** From the identity provider, as a client of it. */
export async function fetchToken(user: string, secret: string): Promise<string> {
  const body = new URLSearchParams({
    ...{ grant_type: 'client_credentials', client_id: user, client_secret: secret },
  });
  const answer = await fetch(security().tokenUrl, { method: 'POST', body });
  const { access_token } = (await answer.json()) as { access_token: string };
  return access_token;
}

/** The login of a case, and one that must be refused. */
function loginsOf(name: string): [ClientLogin, ClientLogin] {
  const { users, listeners, authority, certificate, key, forgedToken } = security();
  const [mechanism, protocol] = name.split('/') as [string, LoginProtocol];
  const { name: user, password } = users[mechanism]!;
  const open = { protocol, bootstrap: listeners[protocol], authority, user };
  if (mechanism === 'certificate') return [{ ...open, certificate, key }, open];
  const login = { ...open, mechanism, password };
  const wrong = mechanism === 'OAUTHBEARER' ? { token: forgedToken } : { password: 'wrong' };
  return [login, { ...login, ...wrong }];
}

export function loginCases(clientName: string, client: LoggedInClient): void {
  const { logins, users } = security();
  const { produce, consume, isUnauthorized, isRefused } = client;
  for (const name of logins)
    testCase(name, async () => {
      const [login, wrong] = loginsOf(name);
      const topic = topicOf(users[name.split('/')[0]!]!, clientName);
      const values = Array.from({ length: RECORDS }, (_, index) => `${name} ${RUN} ${index}`);
      const first = await produce(login, topic, values);
      const group = `${topic}.${login.protocol}.${RUN}`;
      assert.deepEqual(await consume(login, topic, group, first, RECORDS), values);
      const rejects = (call: Promise<unknown>, isExpected: (error: unknown) => boolean) =>
        assert.rejects(
          call,
          (error) => isExpected(error) || assert.fail(`not refused as it should be: ${error}`),
        );
      await rejects(produce(login, FORBIDDEN_TOPIC, values), isUnauthorized);
      await rejects(consume(login, topic, 'another group', first, RECORDS), isUnauthorized);
      const startedMs = performance.now();
      await rejects(produce(wrong, topic, values), isRefused);
      assert.ok(performance.now() - startedMs < REFUSED_WITHIN_MS, 'it was long before it was refused');
      return undefined;
    });
}
