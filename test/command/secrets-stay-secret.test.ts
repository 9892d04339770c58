// Secrets are planted wherever one can be, the command is run with all its logging and made to fail in many ways, and then
// everything that it wrote is searched for them.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how configuration refers to files and variables.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  alterConfigsRequest,
  alterConfigsResponse,
  alterUserScramCredentialsRequest,
  alterUserScramCredentialsResponse,
  createTopicsRequest,
  createTopicsResponse,
  describeConfigsRequest,
  describeConfigsResponse,
  encodeRequestFrame,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  renewDelegationTokenRequest,
  renewDelegationTokenResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '@moldau/protocol';
import { RawClient } from '@moldau/testing';
import { Moldau } from '../../packages/cli/src/testing-moldau.ts';

const moldau = new Moldau();
after(() => moldau.removeAll());

const BROKER = 4;
/** Where Kafka, too, keeps what it is told to keep. */
const METADATA = '__moldau_metadata';
/** What was planted, by where. */
const secrets = new Map<string, string>();

function plant(where: string): string {
  const secret = `s3cret-${randomBytes(9).toString('hex')}`;
  secrets.set(where, secret);
  return secret;
}

/** A secret may be printed in several forms. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  return [
    secret,
    hex,
    hex.match(/../g)!.join(' '),
    bytes.toString('base64').slice(0, -3),
    [...bytes].join(','),
  ];
}

function assertSilent(text: string, what: string): void {
  for (const [where, secret] of secrets) {
    for (const form of formsOf(secret)) {
      const at = text.indexOf(form);
      assert.ok(
        at < 0,
        `${what} shows the secret of ${where}: ${text.slice(Math.max(0, at - 200), at + 80)}`,
      );
    }
  }
}

function* filesIn(folder: string): Iterable<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== METADATA) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

function writeConfig(name: string, lines: readonly string[]): string {
  writeFileSync(join(moldau.folder, name), lines.join('\n'), { mode: 0o600 });
  return name;
}

const plainLogin = (password: string) => Buffer.from(`\0alice\0${password}`);

/** Everything that carries a secret, right and wrong. */
async function provoke(ports: { login: number; open: number }): Promise<void> {
  const login = async (mechanism: string, token: Buffer) => {
    const client = await RawClient.dial({ port: ports.login });
    await client.request(saslHandshakeRequest, saslHandshakeResponse, 1, { mechanism });
    const answer = await client
      .request(saslAuthenticateRequest, saslAuthenticateResponse, 2, { authBytes: token })
      .catch(() => undefined);
    assertSilent(JSON.stringify(answer ?? ''), `the answer to a login with ${mechanism}`);
    client.close();
  };
  await login('PLAIN', plainLogin(secrets.get('a user of PLAIN')!));
  await login('PLAIN', plainLogin(plant('a wrong password of PLAIN')));
  await login('PLAIN', Buffer.from(plant('a malformed login')));
  await login('SCRAM-SHA-512', Buffer.from(`n,,n=alice,r=${plant('a malformed SCRAM')},,=`));
  await login('OAUTHBEARER', Buffer.from(`n,,\x01auth=Bearer ${plant('a token')}\x01\x01`));

  const client = await RawClient.dial({ port: ports.open });
  const resourceOf = (name: string, value: string) => ({
    ...{ resourceType: BROKER, resourceName: '1' },
    configs: [{ name, value, configOperation: 0 }],
  });
  const jaas = `org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="${plant('an altered config')}";`;
  const alterations = [
    resourceOf('listener.name.login.plain.sasl.jaas.config', jaas),
    resourceOf('listener.name.login.plain.sasl.jaas.config', plant('an altered config that is wrong')),
    resourceOf('ssl.key.password', plant('an altered config of all listeners')),
    resourceOf('vault.token', plant('an altered config that nobody knows')),
  ];
  for (const resource of alterations) {
    const incremental = await client.request(
      incrementalAlterConfigsRequest,
      incrementalAlterConfigsResponse,
      1,
      {
        ...{ resources: [resource], validateOnly: false },
      },
    );
    const whole = await client.request(alterConfigsRequest, alterConfigsResponse, 2, {
      ...{ resources: [resource], validateOnly: true },
    });
    assertSilent(JSON.stringify([incremental, whole]), `the answer to ${resource.configs[0]!.name}`);
  }
  const described = await client.request(describeConfigsRequest, describeConfigsResponse, 4, {
    ...{ resources: [{ resourceType: BROKER, resourceName: '1', configurationKeys: null }] },
    ...{ includeSynonyms: true, includeDocumentation: true },
  });
  assert.ok(described.results[0]!.configs.some(({ name }) => name === 'ssl.key.password'));
  assertSilent(JSON.stringify(described), 'DescribeConfigs');

  const bytes = Buffer.from(plant('SCRAM credentials'));
  await client.request(alterUserScramCredentialsRequest, alterUserScramCredentialsResponse, 0, {
    deletions: [],
    upsertions: [{ name: 'eve', mechanism: 2, iterations: 1, salt: bytes, saltedPassword: bytes }],
  });
  await client.request(renewDelegationTokenRequest, renewDelegationTokenResponse, 2, {
    ...{ hmac: Buffer.from(plant('a delegation token')), renewPeriodMs: 1 },
  });
  const configs = [{ name: 'vault.token', value: plant('a config of a topic') }];
  await client.request(createTopicsRequest, createTopicsResponse, 7, {
    topics: [{ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs }],
    ...{ timeoutMs: 5000, validateOnly: false },
  });
  client.close();
  await sendGarbage(ports, Buffer.from(plant('garbage')));
}

/** Requests that end too early, frames of no request, and other protocols, each with a secret in it. */
async function sendGarbage(ports: { login: number; open: number }, secret: Buffer): Promise<void> {
  const request = Buffer.concat(
    encodeRequestFrame(saslAuthenticateRequest, 2, 1, 'x', { authBytes: secret }),
  );
  const cut = Buffer.from(request.subarray(0, request.length - 2));
  cut.writeInt32BE(cut.length - 4);
  const unknownApi = Buffer.from(request);
  unknownApi.writeInt16BE(999, 4);
  const header = Buffer.concat([Buffer.of(0, 0, 0, secret.length), secret]);
  const http = Buffer.from(
    `GET /?token=${secret.toString()} HTTP/1.1\r\nAuthorization: Bearer ${secret}\r\n\r\n`,
  );
  for (const port of [ports.login, ports.open]) {
    for (const bytes of [request, cut, unknownApi, header, http, secret]) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
        socket.on('close', resolve).on('error', () => {});
        socket.resume();
      });
    }
  }
}

/** The pages for those who watch, and what is told of metrics that nobody takes. */
async function lookAt(log: () => string): Promise<void> {
  const port = /"port":(\d+),"msg":"metrics and health are served"/.exec(log())![1];
  for (const page of ['metrics', 'health/ready', `none?${secrets.get('a file')}`]) {
    const text = await (await fetch(`http://127.0.0.1:${port}/${page}`)).text();
    assertSilent(text, page);
  }
  while (!log().includes('metrics could not be sent'))
    await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('secrets', { timeout: 180_000 }, () => {
  it('stay secret in all that a broker writes and answers, also when it crashes', async () => {
    writeFileSync(join(moldau.folder, 'key'), plant('a file'), { mode: 0o600 });
    const jaas = `org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="${plant('a user of PLAIN')}";`;
    const config = writeConfig('server.properties', [
      'node.id=1',
      'listeners=OPEN://127.0.0.1:0,LOGIN://127.0.0.1:0',
      'listener.security.protocol.map=OPEN:PLAINTEXT,LOGIN:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512',
      `listener.name.login.plain.sasl.jaas.config=${jaas}`,
      `ssl.key.password=${plant('the configuration')}`,
      'delegation.token.secret.key=${file:key}',
      'ssl.keystore.password=${env:STORE}',
      `moldau.users=carol:${plant('a first user')}`,
      `vault.password=${plant('an unknown key')}`,
      'log.dirs=data',
      'moldau.metrics.listen=127.0.0.1:0',
      'moldau.metrics.otlp.url=http://127.0.0.1:9/nobody',
      'moldau.metrics.otlp.interval.ms=1000',
      `moldau.metrics.otlp.headers=authorization=Bearer ${plant('a header of an exporter')}`,
      'moldau.slow.request.ms=1',
    ]);
    const crash = "process.on('SIGUSR2',()=>{throw Object.assign(new Error('out of nowhere'),{a:1})})";
    const broker = moldau.runIn(
      {
        KAFKA_SSL_TRUSTSTORE_PASSWORD: plant('the environment'),
        STORE: plant('a variable'),
        LOG_LEVEL: 'debug',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(crash)} --report-on-signal --report-signal=SIGQUIT --report-directory=${moldau.folder}`,
      },
      ...['server', '--config', config],
    );
    const [open, login] = await broker.ports;
    await provoke({ open: open!, login: login! });
    await lookAt(() => broker.written.error);
    broker.child.kill('SIGQUIT');
    const reportsIn = () => readdirSync(moldau.folder).filter((name) => name.startsWith('report.'));
    while (reportsIn().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    broker.child.kill('SIGUSR2');
    const { code, error, out } = await broker.ended;
    assert.equal(code, 1);
    assert.match(error, /an unexpected error ends the broker/);
    assertSilent(out, 'standard output');
    assertSilent(error, 'standard error');
    for (const path of filesIn(join(moldau.folder, 'data'))) assertSilent(readFileSync(path, 'latin1'), path);
    for (const name of reportsIn()) assertSilent(readFileSync(join(moldau.folder, name), 'utf8'), name);
    assert.ok(secrets.size > 15);
  });

  it('stay secret in starts that fail', async () => {
    writeFileSync(join(moldau.folder, 'broken.p12'), plant('a broken keystore'), { mode: 0o600 });
    const store = [
      'listeners=SSL://127.0.0.1:0',
      'ssl.keystore.type=PKCS12',
      'ssl.keystore.location=broken.p12',
    ];
    const starts: string[][] = [
      ['num.partitions=${env:PLANTED}'],
      ['listeners=${env:PLANTED}'],
      ['process.roles=${env:PLANTED}'],
      ['log.dirs=broken.p12/none', 'ssl.key.password=${env:PLANTED}'],
      ['ssl.key.password=${env:PLANTED}${env:NOWHERE}'],
      [...store, 'ssl.keystore.password=${env:PLANTED}'],
      [...store.slice(0, 1), 'ssl.keystore.type=PEM', 'ssl.keystore.key=${env:PLANTED}'],
      [`moldau.users=${plant('a malformed user')}`],
      [`sasl.jaas.config=required user_a=${plant('a malformed JAAS')}"`],
      [`ssl.truststore.password:${plant('a malformed --set')}`],
      [`ssl.truststore.password=${plant('a --set')}`, 'num.partitions=0'],
    ];
    const planted = {
      PLANTED: plant('a variable of a failed start'),
      LOG_LEVEL: 'debug',
      LOG_FORMAT: 'pretty',
    };
    const endings = starts.map(async (settings) => {
      const flags = settings.flatMap((setting) => ['--set', setting]);
      const broker = moldau.runIn(planted, 'server', ...flags);
      broker.ready.then(() => broker.child.kill('SIGTERM')).catch(() => {});
      const { code, error, out } = await broker.ended;
      assert.ok(code === 1 || code === 2, `${settings.join(' ')}: ${error}`);
      assertSilent(error + out, `the start with ${settings.map((each) => each.split('=')[0]).join(', ')}`);
    });
    await Promise.all(endings);
    const help = await moldau.runIn(planted, 'server', '--help').ended;
    assertSilent(help.out + help.error, '--help');
    const stray = await moldau.run('server', '--set', 'ssl.key.password', plant('a stray argument')).ended;
    assert.equal(stray.code, 2);
    assertSilent(stray.out + stray.error, 'a wrong command line');
  });
});
