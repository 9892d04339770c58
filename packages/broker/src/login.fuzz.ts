// Sends what no client would to a broker that wants a login: random and mutated tokens of every mechanism, frames in the wrong order or cut short,
// TLS that breaks off. The broker must not meet an exception it did not expect, let anybody in, keep memory, or fail those who log in as
// they should.
//
// Run: [SEED=N] node --expose-gc --conditions=source packages/broker/src/login.fuzz.ts [--connections=N]
// A failure prints the seed and the command that repeats it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { silentLogger } from '@moldau/io';
import {
  apiVersionsRequest,
  encodeRequestFrame,
  metadataRequest,
  saslAuthenticateRequest,
  saslHandshakeRequest,
} from '@moldau/protocol';
import {
  certificate,
  certificateFile,
  logInWithScram,
  ManualTime,
  MemoryDisk,
  RawClient,
  SeededRandom,
  seedOf,
  startTestBroker,
} from '@moldau/testing';
import { RequestFuzzer } from './broker.fuzz.ts';
import { BrokerConfig } from './config/broker-config.ts';
import { oauthBearerMechanism } from './security/authentication/oauthbearer.ts';
import { Plain } from './security/authentication/plain.ts';
import { SaslError, type SaslMechanism } from './security/authentication/sasl-mechanism.ts';
import {
  AUDIENCE,
  FakeHttp,
  goodClaims,
  ISSUER,
  KEYS_URL,
  keySet,
  SigningKey,
} from './security/authentication/testing-identity-provider.ts';
import { ScramClient, ScramWorld, SHA_256, SHA_512 } from './security/authentication/testing-scram.ts';

export interface LoginFuzzOptions {
  readonly seed: number;
  readonly connections: number;
}

const MODULE = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const JAAS = `sasl.jaas.config=${MODULE} required user_alice="secret";`;
const PLAIN_TOKEN = Buffer.from('\0alice\0secret');
const MAX_TOKENS = 3;
/** A client that is neither refused nor has anything more to say leaves after that. */
const PATIENCE_MS = 50;
const GOOD_LOGIN_EVERY = 50;
const CONCURRENT = 25;
const TOKENS_PER_CONNECTION = 20;
const MAX_GROWTH_BYTES = 30_000_000;

interface Target {
  readonly mechanism: SaslMechanism;
  /** A first message that is let in, or goes on. */
  readonly good: Buffer;
}

function listenerOf(settings: Record<string, string>) {
  const values = new Map(
    Object.entries({
      listeners: 'CLIENTS://127.0.0.1:9092',
      'listener.security.protocol.map': 'CLIENTS:SASL_PLAINTEXT',
      ...settings,
    }),
  );
  return new BrokerConfig({ values }).listenerSecurity('CLIENTS');
}

function targets(): Target[] {
  const time = new ManualTime();
  const world = new ScramWorld();
  for (const mechanism of [SHA_256, SHA_512]) world.addUser('alice', 'secret', { mechanism });
  const scram = [SHA_256, SHA_512].map((mechanism) => ({
    mechanism: world.server({ mechanism }),
    good: new ScramClient({ user: 'alice', password: 'secret', mechanism }).first(),
  }));
  const key = new SigningKey('current');
  const oauth = oauthBearerMechanism({
    ...{ clock: time, timers: time, disk: new MemoryDisk(), http: new FakeHttp(keySet(key)) },
    logger: silentLogger,
    listener: listenerOf({
      'sasl.oauthbearer.jwks.endpoint.url': KEYS_URL,
      'sasl.oauthbearer.expected.issuer': ISSUER,
      'sasl.oauthbearer.expected.audience': AUDIENCE,
    }),
  });
  const token = key.token(goodClaims(time.wallMs()));
  const [name = '', jaas = ''] = JAAS.split(/=(.*)/s);
  return [
    { mechanism: new Plain(listenerOf({ [name]: jaas })), good: PLAIN_TOKEN },
    ...scram,
    { mechanism: oauth, good: Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`) },
  ];
}

/** Pieces of all grammars, put together at random. */
const PIECES = [
  ...[
    '\0',
    '\x01',
    ',',
    '=',
    'n,,',
    'y,,',
    'p=tls-unique,,',
    'n=',
    'r=',
    'c=biws',
    ',p=',
    'a=alice',
    'alice',
    '=2C',
  ],
  ...[
    'auth=Bearer ',
    'e30',
    '.',
    'eyJhbGciOiJub25lIn0',
    'tokenauth=true',
    'm=ext',
    'é',
    '\ud800',
    '__proto__',
  ],
];

function strangeToken(random: SeededRandom, fuzzer: RequestFuzzer, good: Buffer): Buffer {
  switch (random.below(4)) {
    case 0:
      return random.bytes(random.pick([0, 1, 10, 500, 70_000]));
    case 1:
      return Buffer.from(Array.from({ length: 1 + random.below(12) }, () => random.pick(PIECES)).join(''));
    default:
      return fuzzer.mutate(good);
  }
}

/** Every mechanism by itself: it lets nobody in, and throws nothing but what a login may fail with. */
async function fuzzTokens(random: SeededRandom, count: number): Promise<void> {
  const fuzzer = new RequestFuzzer(random);
  const all = targets();
  for (let index = 0; index < count; index++) {
    const { mechanism, good } = random.pick(all);
    const exchange = mechanism.start({ listenerName: 'CLIENTS', clientHost: '/127.0.0.1' });
    // Now and then the first message is good, and what follows is not.
    let token = random.chance(0.2) && good !== PLAIN_TOKEN ? good : strangeToken(random, fuzzer, good);
    try {
      for (let step = 0; step < MAX_TOKENS; step++) {
        const { challenge, identity } = await exchange.next(token);
        if (identity !== undefined) {
          // The first message may be good, or mutated where nothing counts; what follows is random.
          const what = `${mechanism.name} let in ${token.toString('latin1')}`;
          assert.deepEqual([step, identity.principal], [0, 'User:alice'], what);
          break;
        }
        token = strangeToken(random, fuzzer, challenge);
      }
    } catch (error) {
      const what = `${mechanism.name}: ${JSON.stringify(token.toString('latin1').slice(0, 500))}`;
      assert.ok(error instanceof SaslError, new Error(what, { cause: error }));
    }
  }
  for (const { mechanism } of all) mechanism.close?.();
}

/** What a TLS client says first. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connectTls({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  socket.on('error', () => {});
  const [accepted] = (await once(server, 'connection')) as [ReturnType<typeof connect>];
  const [hello] = (await once(accepted, 'data')) as [Buffer];
  socket.destroy();
  accepted.destroy();
  server.close();
  return hello;
}

/** Frames of a login that is good but for its order, its tokens, or an end that is missing. */
function strangeFrames(random: SeededRandom, fuzzer: RequestFuzzer): Buffer {
  const framesOf = {
    versions: () => encodeRequestFrame(apiVersionsRequest, 0, 1, 'x', {}),
    handshake: () =>
      encodeRequestFrame(saslHandshakeRequest, random.below(2), 2, 'x', {
        mechanism: random.pick(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'GSSAPI', '', 'x'.repeat(5000)]),
      }),
    token: () =>
      encodeRequestFrame(saslAuthenticateRequest, random.below(3), 3, 'x', {
        authBytes: strangeToken(random, fuzzer, PLAIN_TOKEN.subarray(0, 8)),
      }),
    metadata: () => encodeRequestFrame(metadataRequest, 9, 4, 'x', { topics: null }),
  };
  const kinds = ['versions', 'handshake', 'handshake', 'token', 'token', 'metadata'] as const;
  const frames = Array.from({ length: 1 + random.below(5) }, () => {
    const frame = Buffer.concat(framesOf[random.pick(kinds)]());
    return random.chance(0.5) ? fuzzer.mutateFrame(frame) : frame;
  });
  const bytes = Buffer.concat(frames);
  return random.chance(0.3) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

async function fuzzListeners(random: SeededRandom, connections: number): Promise<void> {
  const fuzzer = new RequestFuzzer(random);
  const surprises: string[] = [];
  await using broker = await startTestBroker({
    logger: {
      ...silentLogger,
      error: (fields, message) => void surprises.push(`${message} ${JSON.stringify(fields)}`),
    },
    settings: [
      'listeners=CLIENTS://127.0.0.1:0,ENCRYPTED://127.0.0.1:0',
      'listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,ENCRYPTED:SASL_SSL',
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      JAAS,
      'moldau.users=alice:secret',
      `ssl.keystore.location=${certificateFile('server.p12')}`,
      'ssl.keystore.type=PKCS12',
      'ssl.keystore.password=changeit',
      'connection.failed.authentication.delay.ms=10',
      'moldau.failed.authentication.rate=0',
    ],
  });
  const [clients, encrypted] = ['CLIENTS', 'ENCRYPTED'].map((name) => ({
    port: broker.broker.listeners.find((each) => each.name === name)!.port,
  }));
  const tls = { trusted: [certificate('ca')], serverName: 'localhost' };
  const hello = await clientHello();
  let baselineBytes = 0;
  const strange = async (): Promise<void> => {
    const way = random.below(4);
    if (way === 0) {
      // The handshake of TLS breaks off, or has wrong bytes in it: closed by whoever is first.
      const socket = connect(encrypted!.port, '127.0.0.1').on('error', () => {});
      const bytes = random.chance(0.5) ? fuzzer.mutate(hello) : hello.subarray(0, random.below(hello.length));
      socket.write(bytes);
      setTimeout(() => socket.destroy(), random.below(PATIENCE_MS));
      await once(socket, 'close');
      return;
    }
    const client = await RawClient.dial(way === 1 ? { ...encrypted!, tls } : clients!);
    client.send(way === 2 ? random.bytes(1 + random.below(200)) : strangeFrames(random, fuzzer));
    const leaving = setTimeout(() => client.close(), random.below(PATIENCE_MS));
    await client.closed;
    clearTimeout(leaving);
  };
  const goodLogin = async (address: Parameters<typeof RawClient.dial>[0]): Promise<void> => {
    const client = await RawClient.dial(address);
    await logInWithScram(client, 'alice', 'secret');
    client.close();
  };
  for (let done = 0; done < connections; done += CONCURRENT) {
    await Promise.all(Array.from({ length: CONCURRENT }, strange));
    assert.deepEqual(surprises, []);
    if (done % GOOD_LOGIN_EVERY === 0)
      await Promise.all([goodLogin(clients!), goodLogin({ ...encrypted!, tls })]);
    if (done === 0) baselineBytes = heldBytes();
  }
  const grownBytes = heldBytes() - baselineBytes;
  assert.ok(grownBytes < MAX_GROWTH_BYTES, `${grownBytes} bytes more are held`);
}

function heldBytes(): number {
  global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Runs it, and says how to run it again when it fails. */
export async function fuzzLogins({ seed, connections }: LoginFuzzOptions): Promise<void> {
  try {
    const random = new SeededRandom(seed);
    await fuzzTokens(random, connections * TOKENS_PER_CONNECTION);
    await fuzzListeners(random, connections);
  } catch (error) {
    const command = `SEED=${seed} node --expose-gc --conditions=source packages/broker/src/login.fuzz.ts --connections=${connections}`;
    throw new Error(`seed ${seed}; repeat with: ${command}`, { cause: error });
  }
}

if (import.meta.main) {
  const given = process.argv.find((argument) => argument.startsWith('--connections='));
  await fuzzLogins({ seed: seedOf(), connections: given === undefined ? 2_000 : Number(given.slice(14)) });
}
