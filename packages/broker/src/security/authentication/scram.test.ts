import assert from 'node:assert/strict';
import test from 'node:test';
import { SaslError } from './sasl-mechanism.ts';
import {
  logIn,
  readChallenge,
  ScramClient,
  ScramWorld,
  SHA_256,
  SHA_512,
  startExchange,
} from './testing-scram.ts';

const ADA = { user: 'ada', password: 'pencil' };

function world(): ScramWorld {
  const made = new ScramWorld();
  made.addUser('ada', 'pencil');
  return made;
}

/** What a client is told when a login fails in the usual way. */
const FAILED = (error: unknown) => error instanceof SaslError && error.message === '';

test('lets in who knows the password, and proves to know it too', async () => {
  for (const mechanism of [SHA_256, SHA_512]) {
    const made = new ScramWorld();
    made.addUser('ada', 'pencil', { mechanism });
    const step = await logIn(made.server({ mechanism }), { ...ADA, mechanism });
    assert.deepEqual(step.identity, { principal: 'User:ada', isTokenAuthenticated: false });
    assert.equal(step.expiresAtMs, undefined);
    const signature = /^v=(.*)$/.exec(step.challenge.toString())![1]!;
    assert.equal(Buffer.from(signature, 'base64').length, mechanism.keyBytes);
  }
});

test('refuses a wrong password, and a credential for the other mechanism', async () => {
  await assert.rejects(logIn(world().server(), { ...ADA, password: 'Pencil' }), FAILED);
  const mechanism = SHA_512;
  await assert.rejects(logIn(world().server({ mechanism }), { ...ADA, mechanism }), FAILED);
});

test('takes names with commas and equals signs, and of any letters', async () => {
  for (const user of ['a,b=c', '=2C', ',', 'jürgen', '名前', 'ada\n']) {
    const made = new ScramWorld();
    made.addUser(user, 'x');
    const { identity } = await logIn(made.server(), { user, password: 'x' });
    assert.equal(identity?.principal, `User:${user}`);
  }
});

test('takes names that look alike for different ones', async () => {
  const made = new ScramWorld();
  made.addUser('\u00e4', 'x');
  await assert.rejects(logIn(made.server(), { user: 'a\u0308', password: 'x' }), FAILED);
  await assert.rejects(logIn(made.server(), { user: '\u00e4\u00ad', password: 'x' }), FAILED);
});

test('lets nobody be another than he logs in as', async () => {
  assert.ok((await logIn(world().server(), { ...ADA, header: 'n,a=ada,' })).identity);
  for (const header of ['n,a=admin,', 'n,a=ada=2C,', 'n,a=Ada,'])
    await assert.rejects(logIn(world().server(), { ...ADA, header }), /authorization id that is different/);
});

test('answers only to the nonce of its own exchange', async () => {
  const exchange = () => startExchange(world().server());
  const client = new ScramClient(ADA);
  const other = readChallenge((await exchange().next(client.first())).challenge).nonce;
  const cheats = [
    (nonce: string) => nonce.slice(0, -1),
    (nonce: string) => `${nonce}x`,
    () => 'fyko+d2lbbFgONRv9qkxdawL',
    (nonce: string) => nonce.slice('fyko+d2lbbFgONRv9qkxdawL'.length),
    (nonce: string) => nonce.toUpperCase(),
    () => '',
    (nonce: string) => `${other}${nonce}`,
  ];
  for (const cheat of cheats) {
    const one = exchange();
    const { challenge } = await one.next(client.first());
    const nonce = cheat(readChallenge(challenge).nonce);
    assert.throws(() => one.next(client.final(challenge, { nonce })), FAILED, nonce);
  }
});

test('tells old clients of librdkafka why they cannot log in', async () => {
  const exchange = startExchange(world().server());
  const client = new ScramClient(ADA);
  const { challenge } = await exchange.next(client.first());
  const nonce = `fyko+d2lbbFgONRv9qkxdawL${readChallenge(challenge).nonce}`;
  assert.throws(() => exchange.next(client.final(challenge, { nonce })), /use a newer librdkafka/);
});

test('never gives the same nonce twice, and keeps the client’s in front', async () => {
  const server = world().server();
  const nonces = new Set<string>();
  for (let n = 0; n < 100; n += 1) {
    const { challenge } = await startExchange(server).next(new ScramClient(ADA).first());
    const { nonce } = readChallenge(challenge);
    assert.match(nonce, /^fyko\+d2lbbFgONRv9qkxdawL[\w-]{32}$/);
    nonces.add(nonce);
  }
  assert.equal(nonces.size, 100);
});

test('refuses an exchange that is played again', async () => {
  const server = world().server();
  const client = new ScramClient(ADA);
  const first = startExchange(server);
  const final = client.final((await first.next(client.first())).challenge);
  assert.ok((await first.next(final)).identity);
  const second = startExchange(server);
  await second.next(client.first());
  assert.throws(() => second.next(final), FAILED);
});

test('is good for one attempt', async () => {
  const exchange = startExchange(world().server());
  const client = new ScramClient(ADA);
  const { challenge } = await exchange.next(client.first());
  assert.throws(() => exchange.next(new ScramClient({ ...ADA, password: 'x' }).final(challenge)), FAILED);
  assert.throws(() => exchange.next(client.final(challenge)), /over/);
  const finished = startExchange(world().server());
  await finished.next(client.final((await finished.next(client.first())).challenge));
  assert.throws(() => finished.next(client.first()), /over/);
});

test('refuses channel binding, and says how to do without', () => {
  for (const header of ['y,,', 'p=tls-unique,,', 'p=tls-server-end-point,,', 'p=tls-exporter,a=ada,'])
    assert.throws(
      () => startExchange(world().server()).next(new ScramClient({ ...ADA, header }).first()),
      /Channel binding is not supported: begin the first SCRAM message with "n,"/,
    );
});

test('refuses a binding that is not how the client began', async () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const channels = [
    base64('y,,'),
    base64('p=tls-unique,,'),
    base64('n,,x'),
    base64('n,a=ada,'),
    'biws=',
    'biw',
    '',
  ];
  for (const channel of channels) {
    const exchange = startExchange(world().server());
    const client = new ScramClient(ADA);
    const { challenge } = await exchange.next(client.first());
    assert.throws(() => exchange.next(client.final(challenge, { channel })), FAILED, channel);
  }
});

test('refuses first messages that are malformed, and says what is wrong', () => {
  const bad: [first: string | Buffer, problem: RegExp][] = [
    ['', /does not begin with "n,"/],
    ['n', /does not begin/],
    ['n,', /has no name/],
    ['n,,', /n= is not where/],
    ['N,,n=ada,r=x', /does not begin/],
    ['n,b=ada,n=ada,r=x', /a= is not where/],
    ['n,,r=x,n=ada', /n= is not where/],
    ['n,,n=ada', /r= is not where/],
    ['n,,n=,r=x', /name is empty/],
    ['n,,n=a=da,r=x', /unescaped/],
    ['n,,n=a=2c,r=x', /unescaped/],
    ['n,a=,n=ada,r=x', /name is empty/],
    ['n,,n=a\0da,r=x', /name is empty/],
    ['n,,n=ada,r=', /nonce is not printable/],
    ['n,,n=ada,r=a b', /nonce is not printable/],
    ['n,,n=ada,r=ä', /nonce is not printable/],
    ['n,,m=x,n=ada,r=x', /demands an extension/],
    ['n,,n=ada,r=x,', /extension is not KEY=VALUE/],
    ['n,,n=ada,r=x,tokenauth', /extension is not KEY=VALUE/],
    ['n,,n=ada,r=x,tokenauth=', /extension is not KEY=VALUE/],
    ['n,,n=ada,r=x,tokenauth=true,tokenauth=false', /twice/],
    [Buffer.from([0x6e, 0x2c, 0x2c, 0x6e, 0x3d, 0xff, 0x2c, 0x72, 0x3d, 0x78]), /UTF-8/],
    [`n,,n=${'a'.repeat(1_000_000)},r=x`, /at most 4096 bytes/],
    [Buffer.alloc(524_288), /at most 4096 bytes/],
  ];
  for (const [first, problem] of bad) {
    const next = () => startExchange(world().server()).next(Buffer.from(first));
    const isRight = (error: unknown) => error instanceof SaslError && problem.test(error.message);
    assert.throws(next, isRight, String(first).slice(0, 40));
  }
});

test('refuses final messages that are malformed', async () => {
  const client = new ScramClient(ADA);
  const bad: ((final: string) => string | Buffer)[] = [
    () => '',
    () => Buffer.alloc(100_000, 'p'),
    () => Buffer.from([0xff]),
    (final) => final.replace(/,p=.*$/, ''),
    (final) => final.replace(/,p=.*$/, ',p='),
    (final) => final.replace(/,p=.*$/, ',p=AAAA'),
    (final) => final.replace(/,p=.*$/, `,p=${'A'.repeat(400)}`),
    (final) => `${final}=`,
    (final) => `${final},x=1`,
    (final) => final.replace(/^c=biws,/, ''),
    (final) => final.replace(/,r=[^,]*/, ''),
    (final) => final.replace(',p=', ',x,p='),
  ];
  for (const [index, change] of bad.entries()) {
    const exchange = startExchange(world().server());
    const { challenge } = await exchange.next(client.first());
    const final = change(client.final(challenge).toString());
    assert.throws(() => exchange.next(Buffer.from(final)), SaslError, `case ${index}`);
  }
});

test('signs extensions of either message as they were sent', async () => {
  const client = new ScramClient({ ...ADA, extensions: ',logger=x,abc=d=e' });
  const exchange = startExchange(world().server());
  const { challenge } = await exchange.next(client.first());
  assert.ok((await exchange.next(client.final(challenge, { extensions: ',x=1' }))).identity);
});

test('answers for a name that does not exist as for one that does', async () => {
  const made = world();
  made.addUser('bob', 'x', { salt: Buffer.from('0123456789abcdef'), iterations: 8192 });
  made.addUser('eve', 'x', { salt: Buffer.from('fedcba9876543210'), iterations: 8192 });
  const challenge = async (user: string, seed: number) => {
    const { challenge } = await startExchange(made.server({ seed })).next(
      new ScramClient({ ...ADA, user }).first(),
    );
    return readChallenge(challenge);
  };
  const one = await challenge('nobody', 1);
  assert.deepEqual((await challenge('nobody', 2)).salt, one.salt, 'stays the same on every broker');
  assert.notDeepEqual((await challenge('no-one', 1)).salt, one.salt);
  assert.equal(one.salt.length, 16, 'looks like those of most users');
  assert.equal(one.iterations, 8192);
  await assert.rejects(logIn(made.server(), { user: 'nobody', password: 'x' }), FAILED);
  await assert.rejects(logIn(made.server(), { user: 'bob', password: 'y' }), FAILED);
});

test('gives those who do not exist the salts of Kafka’s tools while there are no users', async () => {
  const { challenge } = await startExchange(new ScramWorld().server()).next(new ScramClient(ADA).first());
  const { salt, iterations } = readChallenge(challenge);
  assert.match(salt.toString(), /^[0-9a-z]{20,26}$/);
  assert.equal(iterations, 4096);
});

test('lets nobody in by a stored credential of one or of a milliard iterations, nor makes a client compute them', async () => {
  for (const iterations of [0, 1, 4095, 1_000_000_000]) {
    const made = new ScramWorld();
    made.addUser('ada', 'pencil', { iterations });
    const exchange = startExchange(made.server());
    const client = new ScramClient(ADA);
    const { challenge } = await exchange.next(client.first());
    assert.equal(readChallenge(challenge).iterations, 4096);
    const says = (error: unknown) =>
      error instanceof SaslError &&
      error.message === '' &&
      error.detail!.includes(`${iterations} iterations`);
    assert.throws(() => exchange.next(client.final(challenge)), says);
  }
});

test('tells the log who it was and why, and nothing of the credential', async () => {
  const failure = logIn(world().server(), { ...ADA, password: 'wrong' });
  await assert.rejects(failure, { message: '', detail: '"ada": the password is wrong' });
  await assert.rejects(logIn(world().server(), { ...ADA, user: 'x"\n' }), {
    detail: '"x\\"\\n": there is no such user',
  });
});

test('does its part of a login at once, with no thread', () => {
  const client = new ScramClient(ADA);
  for (const user of ['ada', 'nobody']) {
    const exchange = startExchange(world().server());
    assert.ok('challenge' in exchange.next(new ScramClient({ ...ADA, user }).first()), user);
  }
  const exchange = startExchange(world().server());
  const step = exchange.next(client.first());
  assert.ok('challenge' in step && 'identity' in exchange.next(client.final(step.challenge)));
});

test('lets in who shows a delegation token, as its owner and until its end', async () => {
  const made = world();
  made.addToken('token-1', 'User:ada', 2_000_000);
  for (const mechanism of [SHA_256, SHA_512]) {
    const tokens = made.tokens();
    const password = tokens.hmac('token-1').toString('base64');
    const attempt = { user: 'token-1', password, mechanism, extensions: ',tokenauth=true' };
    const server = made.server({ mechanism, tokens });
    for (let time = 0; time < 2; time += 1) {
      const { identity, expiresAtMs } = await logIn(server, attempt);
      assert.deepEqual(identity, {
        ...{ principal: 'User:ada', isTokenAuthenticated: true },
        delegationToken: 'token-1',
      });
      assert.equal(expiresAtMs, 2_000_000);
    }
    await assert.rejects(logIn(server, { ...attempt, extensions: '' }), FAILED, 'as a user');
    await assert.rejects(logIn(server, { ...attempt, extensions: ',tokenauth=false' }), FAILED);
    await assert.rejects(logIn(server, { ...attempt, password: 'x' }), FAILED);
  }
});

test('lets nobody in by a token that has expired, was removed, or was made with another secret', async () => {
  const made = world();
  made.addToken('token-1', 'User:ada', 2_000_000);
  const password = made.tokens().hmac('token-1').toString('base64');
  const attempt = { user: 'token-1', password, extensions: ',tokenauth=true' };
  assert.ok((await logIn(made.server(), attempt)).identity);
  const changed = made.server({ tokens: made.tokens('another') });
  await assert.rejects(logIn(changed, attempt), FAILED);
  await assert.rejects(logIn(made.server({ tokens: made.tokens(null) }), attempt), FAILED);
  await assert.rejects(logIn(made.server(), { ...attempt, user: 'ada', password: 'pencil' }), FAILED);
  const server = made.server();
  await made.time.advance(1_000_000);
  await assert.rejects(logIn(server, attempt), { detail: '"token-1": the delegation token has expired' });
  made.image.apply({ type: 'delegation-token-removed', tokenId: 'token-1' });
  await assert.rejects(logIn(server, attempt), { detail: '"token-1": there is no such delegation token' });
});

test('asks a token that does not exist with the salt that it would have', async () => {
  const made = world();
  const ask = async () =>
    await startExchange(made.server()).next(
      new ScramClient({ user: 'token-1', password: '', extensions: ',tokenauth=true' }).first(),
    );
  const before = readChallenge((await ask()).challenge);
  made.addToken('token-1', 'User:ada', 2_000_000);
  assert.deepEqual(readChallenge((await ask()).challenge), before);
});
