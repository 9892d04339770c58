import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, it } from 'node:test';
import { SeededRandom } from '@moldau/testing';
import { oauthBearer } from './oauthbearer.ts';
import { plain } from './plain.ts';
import { scram } from './scram.ts';

const random = new SeededRandom(1);

describe('SASL', () => {
  it('tells name and password by PLAIN, in UTF-8', async () => {
    const exchange = plain({ username: 'älice', password: 'pässword' });
    assert.deepEqual(await exchange.first(), Buffer.from('\0älice\0pässword'));
    assert.equal(await exchange.next(Buffer.alloc(0)), undefined);
  });

  it('proves that it knows the password by SCRAM, and demands the same', async () => {
    const credentials = { username: 'a=b,c', password: 'pencil' };
    const exchange = scram('sha256', credentials, random);
    const first = String(await exchange.first());
    const [, nonce] = /^n,,n=a=3Db=2Cc,r=([\w-]{32})$/.exec(first)!;
    const salt = Buffer.from('salt');
    const challenge = `r=${nonce}server,s=${salt.toString('base64')},i=4096`;
    const final = String(await exchange.next(Buffer.from(challenge)));
    const [, withoutProof, proof] = /^(c=biws,r=.*server),p=(.*)$/.exec(final)!;
    const message = `${first.slice(3)},${challenge},${withoutProof}`;
    const mac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
    const salted = pbkdf2Sync('pencil', salt, 4096, 32, 'sha256');
    const storedKey = createHash('sha256').update(mac(salted, 'Client Key')).digest();
    const clientKey = Buffer.from(proof!, 'base64').map((byte, at) => byte ^ mac(storedKey, message)[at]!);
    assert.deepEqual(createHash('sha256').update(clientKey).digest(), storedKey);
    const signature = mac(mac(salted, 'Server Key'), message).toString('base64');
    assert.throws(() => exchange.next(Buffer.from('v=AAAA')), {
      message: /does not know the password itself/,
    });
    assert.equal(exchange.next(Buffer.from(`v=${signature}`)), undefined);
  });

  it('tells the broker when it logs in with a delegation token', async () => {
    const credentials = { username: 'id', password: 'aG1hYw==', isDelegationToken: true };
    assert.match(
      String(await scram('sha512', credentials, random).first()),
      /^n,,n=id,r=[\w-]{32},tokenauth=true$/,
    );
  });

  it('does not go on with a broker that answers another client, or asks too little or too much of it', async () => {
    for (const [challenge, expected] of [
      ['r=NONCE,s=c2FsdA==,i=4096', /does not answer ours/],
      ['r=other,s=c2FsdA==,i=4096', /does not answer ours/],
      ['nonsense', /does not answer ours/],
      ['r=NONCEx,s=c2FsdA==,i=1', /1 iterations/],
      ['r=NONCEx,s=c2FsdA==,i=99999999', /99999999 iterations/],
    ] as const) {
      const exchange = scram('sha512', { username: 'a', password: 'p' }, random);
      const nonce = String(await exchange.first()).split('r=')[1]!;
      const sent = Buffer.from(challenge.replace('NONCE', nonce));
      await assert.rejects(async () => exchange.next(sent), {
        code: 'AUTHENTICATION_FAILED',
        message: expected,
      });
    }
  });

  it('shows a fresh token by OAUTHBEARER, and hears the reason when it is refused', async () => {
    let count = 0;
    const token = () => ({ value: `token.${count++}`, extensions: { traceId: '7' } });
    for (const expected of ['token.0', 'token.1']) {
      const exchange = oauthBearer(token);
      assert.equal(String(await exchange.first()), `n,,\x01auth=Bearer ${expected}\x01traceId=7\x01\x01`);
      assert.equal(await exchange.next(Buffer.alloc(0)), undefined);
    }
    const refused = oauthBearer(async () => 'abc');
    await refused.first();
    assert.deepEqual(await refused.next(Buffer.from('{"status":"invalid_token"}')), Buffer.of(1));
    for (const bad of [
      () => 'two words',
      () => Promise.reject(new Error('the provider is down')),
      () => undefined as never,
    ])
      await assert.rejects(async () => oauthBearer(bad).first(), {
        message: /There is no token to log in with/,
      });
  });
});
