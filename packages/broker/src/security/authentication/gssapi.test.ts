import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GssApi, type GssContext, GssError } from '@moldau/io';
import { BrokerConfig } from '../../config/broker-config.ts';
import { ConfigError } from '../../config/config-error.ts';
import { gssapiMechanism } from './gssapi.ts';
import { SaslError } from './sasl-mechanism.ts';

const JAAS =
  'com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true keyTab="/etc/kafka.keytab" principal="kafka/broker1@EXAMPLE.COM";';
const OFFER = Buffer.of(1, 0, 0, 0);

/** A Kerberos in which tickets are names, and signed messages have a mark before them. */
class FakeKerberos implements GssApi {
  readonly asked: unknown[] = [];
  answer = Buffer.from('proof of the broker');
  needsMore = false;
  closed = 0;

  acceptor(principal: string, keytab: string | undefined) {
    this.asked.push(principal, keytab);
    if (keytab === '/absent') throw new GssError("Key table file '/absent' not found");
    return { context: () => this.#context() };
  }

  #context(): GssContext {
    const context = {
      isEstablished: false,
      clientName: '',
      accept: (token: Buffer) => {
        if (!token.includes('@')) throw new GssError('Invalid token was supplied');
        context.clientName = token.toString();
        context.isEstablished = !this.needsMore;
        return this.answer;
      },
      wrap: (message: Buffer) => Buffer.concat([Buffer.from('signed:'), message]),
      unwrap: (message: Buffer) => {
        if (!message.toString().startsWith('signed:')) throw new GssError('A token had an invalid signature');
        return message.subarray('signed:'.length);
      },
      close: () => {
        this.closed += 1;
      },
    };
    return context;
  }
}

function mechanismOf(settings: Record<string, string> = {}, gssapi = new FakeKerberos()) {
  const texts = new Map(
    Object.entries({
      listeners: 'CLIENTS://127.0.0.1:9092',
      'listener.security.protocol.map': 'CLIENTS:SASL_PLAINTEXT',
      'inter.broker.listener.name': 'CLIENTS',
      'listener.name.clients.gssapi.sasl.jaas.config': JAAS,
      ...settings,
    }),
  );
  const listener = new BrokerConfig({ values: texts }).listenerSecurity('CLIENTS');
  return { gssapi, mechanism: gssapiMechanism({ listener, gssapi }) };
}

const start = ({ mechanism }: ReturnType<typeof mechanismOf>) =>
  mechanism.start({ listenerName: 'CLIENTS', clientHost: '/127.0.0.1' });
const signed = (bytes: Uint8Array) => Buffer.concat([Buffer.from('signed:'), bytes]);

test('a ticket, the proof of the broker, and an agreement on no layer make a login', async () => {
  const world = mechanismOf();
  assert.deepEqual(world.gssapi.asked, ['kafka/broker1@EXAMPLE.COM', '/etc/kafka.keytab']);
  const exchange = start(world);
  assert.equal(
    (await exchange.next(Buffer.from('alice@EXAMPLE.COM'))).challenge.toString(),
    'proof of the broker',
  );
  assert.deepEqual((await exchange.next(Buffer.alloc(0))).challenge, signed(OFFER));
  const last = await exchange.next(signed(OFFER));
  assert.deepEqual(last.identity, { principal: 'User:alice', isTokenAuthenticated: false });
  assert.equal(last.challenge.length, 0);
  assert.equal(world.gssapi.closed, 1);
});

test('a client that wants no proof gets the offer at once', async () => {
  const world = mechanismOf();
  world.gssapi.answer = Buffer.alloc(0);
  const exchange = start(world);
  assert.deepEqual((await exchange.next(Buffer.from('alice@EXAMPLE.COM'))).challenge, signed(OFFER));
});

test('who the client asks to be does not count', async () => {
  const world = mechanismOf();
  world.gssapi.answer = Buffer.alloc(0);
  const exchange = start(world);
  await exchange.next(Buffer.from('alice@EXAMPLE.COM'));
  const { identity } = await exchange.next(signed(Buffer.concat([OFFER, Buffer.from('admin')])));
  assert.equal(identity?.principal, 'User:alice');
});

test('rules name the principal', async () => {
  const world = mechanismOf({
    'sasl.kerberos.principal.to.local.rules': 'RULE:[1:$1@$0](.*@ELSEWHERE)s/@.*//U',
  });
  world.gssapi.answer = Buffer.alloc(0);
  const exchange = start(world);
  await exchange.next(Buffer.from('bob@ELSEWHERE'));
  assert.equal((await exchange.next(signed(OFFER))).identity?.principal, 'User:BOB');
});

const FAILURES: readonly [what: string, tokens: readonly Buffer[], detail: RegExp][] = [
  ['no ticket', [Buffer.from('junk')], /Invalid token/],
  ['nothing', [Buffer.alloc(0)], /Invalid token/],
  ['a ticket of a realm that no rule names', ['bob@ELSEWHERE', '', OFFER].map(asToken), /no rule applies/],
  ['a token where none is due', ['alice@EXAMPLE.COM', 'more'].map(asToken), /where none is due/],
  [
    'an agreement that is not signed',
    ['alice@EXAMPLE.COM', ''].map(asToken).concat(OFFER),
    /invalid signature/,
  ],
  ['a layer of integrity', ['alice@EXAMPLE.COM', '', Buffer.of(2, 0, 0, 0)].map(asToken), /not offered/],
  ['all layers at once', ['alice@EXAMPLE.COM', '', Buffer.of(7, 0, 0, 0)].map(asToken), /not offered/],
  ['an agreement of three bytes', ['alice@EXAMPLE.COM', '', Buffer.of(1, 0, 0)].map(asToken), /not offered/],
];

function asToken(token: string | Buffer): Buffer {
  return typeof token === 'string' ? Buffer.from(token) : signed(token);
}

for (const [what, tokens, detail] of FAILURES) {
  test(`refused: ${what}`, async () => {
    const world = mechanismOf();
    const exchange = start(world);
    const login = async () => {
      for (const token of tokens) await exchange.next(token);
    };
    await assert.rejects(login(), (error) => {
      assert.ok(error instanceof SaslError);
      assert.equal(error.message, '');
      assert.match(error.detail ?? '', detail);
      return true;
    });
    assert.equal(world.gssapi.closed, 1);
  });
}

test('a negotiation instead of Kerberos is refused', () => {
  const world = mechanismOf();
  world.gssapi.needsMore = true;
  assert.throws(() => start(world).next(Buffer.from('alice@EXAMPLE.COM')), SaslError);
});

const KEY = 'listener.name.clients.gssapi.sasl.jaas.config';
const WRONG_SETTINGS: readonly [what: string, settings: Record<string, string>, advice: RegExp][] = [
  [
    'another login module',
    { [KEY]: 'com.example.Other required;' },
    /does not say who the broker is.*keyTab=/,
  ],
  [
    'no principal',
    { [KEY]: JAAS.replace(/principal="[^"]*"/, '') },
    /its principal is not SERVICE\/HOST@REALM/,
  ],
  ['a principal without a host', { [KEY]: JAAS.replace('/broker1', '') }, /its principal is not SERVICE/],
  ['another service', { 'sasl.kerberos.service.name': 'other' }, /of the service kafka/],
  [
    'keys that cannot be had',
    { [KEY]: JAAS.replace('/etc/kafka.keytab', '/absent') },
    /'\/absent' not found/,
  ],
  ['rules that are none', { 'sasl.kerberos.principal.to.local.rules': 'none' }, /"none" is no rule/],
];

for (const [what, settings, advice] of WRONG_SETTINGS) {
  test(`the start is refused: ${what}`, () => {
    assert.throws(
      () => mechanismOf(settings),
      (error) => error instanceof ConfigError && advice.test(error.message),
    );
  });
}
