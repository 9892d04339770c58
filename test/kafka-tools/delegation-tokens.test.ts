// kafka-delegation-tokens beside Kafka's own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Comparison, SideBySide } from './side-by-side.ts';

const MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule required';

let both: SideBySide;
let servers: string;
const folder = mkdtempSync(join(tmpdir(), 'moldau-tokens-'));
const login = join(folder, 'login.properties');
const open = join(folder, 'open.properties');

before(async () => {
  both = await SideBySide.start([
    'listeners=OPEN://127.0.0.1:0,CLIENTS://127.0.0.1:0',
    'listener.security.protocol.map=OPEN:PLAINTEXT,CLIENTS:SASL_PLAINTEXT',
    'sasl.enabled.mechanisms=PLAIN',
    `listener.name.clients.plain.sasl.jaas.config=${MODULE} user_ada="secret";`,
    'delegation.token.secret.key=a key for tests',
  ]);
  const { port } = both.broker.broker.listeners.find(({ name }) => name === 'CLIENTS')!;
  servers = `127.0.0.1:${port}`;
  writeFileSync(
    login,
    `security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=${MODULE} username="ada" password="secret";\n`,
  );
  writeFileSync(open, 'client.id=none\n');
});
after(async () => {
  await both.stop();
  rmSync(folder, { recursive: true });
});

/** Ids and secrets are as wide as each other. */
const own = (text: string) =>
  text
    .replace(/[\w+/-]{86}==/g, 'HMAC')
    .replace(/^[\w-]{22} (?=HMAC)/gm, 'ID ')
    .replace(/(?<=tokenId : )\S+/, 'ID')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d/g, 'TIME');

describe('kafka-delegation-tokens', { timeout: 240_000 }, () => {
  const asked = async (line: string, how: Comparison = {}) =>
    await both.sameWords(
      'kafka-delegation-tokens',
      ['--bootstrap-server', servers, '--command-config', login, ...line.split(' ')],
      { normal: own, ...how },
    );

  it('makes, renews, lists and ends tokens', async () => {
    await asked('--describe');
    const { out } = await asked('--create --max-life-time-period -1 --renewer-principal User:etl');
    await asked(
      '--create --max-life-time-period 3600000 --renewer-principal User:a --renewer-principal User:b',
    );
    await asked('--describe --owner-principal User:ada', {
      isUnordered: true,
      normal: (text) => own(text).replace(/ +/g, ' '),
    });
    const [hmac] = /[\w+/-]{86}==/.exec(out)!;
    await asked(`--renew --hmac ${hmac} --renew-time-period -1`);
    await asked(`--renew --hmac ${hmac} --renew-time-period 7000000`);
    await asked(`--expire --hmac ${hmac} --expiry-time-period 6000000`);
    await asked('--renew --hmac AAAA --renew-time-period -1', { code: 1 });
    await asked('--expire --hmac AAAA --expiry-time-period -1', { code: 1 });
    await asked('--create --max-life-time-period -1 --renewer-principal etl', { code: 1 });
    await both.same(
      'kafka-delegation-tokens',
      ['--command-config', open, '--create', '--max-life-time-period', '-1'],
      { code: 1 },
    );
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    for (const words of [[], ['--help'], ['--create'], ['--bootstrap-server', 'a:1', '--describe']])
      await both.sameWords('kafka-delegation-tokens', words, { code: 1 });
    for (const line of [
      ...['--create', '--create --describe', '--renew --hmac a', '--expire --hmac a', '--nothing'],
      '--describe --hmac a',
      '--create --max-life-time-period 1 --hmac a',
    ])
      await asked(line, { code: 1 });
  });
});
