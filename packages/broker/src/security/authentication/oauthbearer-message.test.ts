import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseClientFirstMessage } from './oauthbearer-message.ts';

const parse = (text: string) => parseClientFirstMessage(Buffer.from(text, 'latin1'));

test('the token comes out as it went in', () => {
  assert.deepEqual(parse('n,,\x01auth=Bearer abc.DEF-_~+/123==\x01\x01'), {
    authorizationId: '',
    token: 'abc.DEF-_~+/123==',
    extensions: new Map(),
  });
});

test('an authorization id is told, its commas and equals signs as themselves', () => {
  assert.equal(parse('n,a=alice,\x01auth=Bearer t\x01\x01')?.authorizationId, 'alice');
  assert.equal(parse('n,a=CN=3Dalice=2CO=3Dx,\x01auth=Bearer t\x01\x01')?.authorizationId, 'CN=alice,O=x');
});

test('extensions stand before or after the token', () => {
  const message = parse('n,,\x01traceId=1 2=3\x01auth=bearer   t\x01tenant=x\ty\x01\x01');
  assert.equal(message?.token, 't');
  assert.deepEqual(
    [...message.extensions],
    [
      ['traceId', '1 2=3'],
      ['tenant', 'x\ty'],
    ],
  );
});

const MALFORMED: readonly [what: string, text: string][] = [
  ['nothing', ''],
  ['one separator', '\x01'],
  ['no header', 'auth=Bearer t\x01\x01'],
  ['the channel binding flag y', 'y,,\x01auth=Bearer t\x01\x01'],
  ['channel binding', 'p=tls-unique,,\x01auth=Bearer t\x01\x01'],
  ['a header without its second comma', 'n,\x01auth=Bearer t\x01\x01'],
  ['an empty authorization id', 'n,a=,\x01auth=Bearer t\x01\x01'],
  ['an authorization id with a NUL', 'n,a=ali\0ce,\x01auth=Bearer t\x01\x01'],
  ['an authorization id beyond ASCII', 'n,a=\xe9,\x01auth=Bearer t\x01\x01'],
  ['an authorization id with a bare equals sign', 'n,a=a=b,\x01auth=Bearer t\x01\x01'],
  ['something else than a=', 'n,b=alice,\x01auth=Bearer t\x01\x01'],
  ['no pairs', 'n,,\x01\x01'],
  ['no separator at the end', 'n,,\x01auth=Bearer t'],
  ['one separator at the end', 'n,,\x01auth=Bearer t\x01'],
  ['three separators at the end', 'n,,\x01auth=Bearer t\x01\x01\x01'],
  ['no token', 'n,,\x01auth=Bearer \x01\x01'],
  ['no scheme', 'n,,\x01auth=t\x01\x01'],
  ['another scheme', 'n,,\x01auth=Basic t\x01\x01'],
  ['no auth', 'n,,\x01other=Bearer t\x01\x01'],
  ['two tokens', 'n,,\x01auth=Bearer a\x01auth=Bearer b\x01\x01'],
  ['a token with a blank', 'n,,\x01auth=Bearer a b\x01\x01'],
  ['a token with a newline', 'n,,\x01auth=Bearer a\nb\x01\x01'],
  ['an equals sign within the token', 'n,,\x01auth=Bearer a=b\x01\x01'],
  ['an extension without a value', 'n,,\x01auth=Bearer t\x01x=\x01\x01'],
  ['an extension without a name', 'n,,\x01auth=Bearer t\x01=x\x01\x01'],
  ['an extension without an equals sign', 'n,,\x01auth=Bearer t\x01x\x01\x01'],
  ['an extension with a digit in its name', 'n,,\x01auth=Bearer t\x01x1=y\x01\x01'],
  ['an extension beyond ASCII', 'n,,\x01auth=Bearer t\x01x=\xe9\x01\x01'],
  ['an extension with a NUL', 'n,,\x01auth=Bearer t\x01x=a\0b\x01\x01'],
];

for (const [what, text] of MALFORMED) {
  test(`refused: ${what}`, () => assert.equal(parse(text), undefined));
}

test('half a megabyte of anything is read in no time', () => {
  const size = 512 * 1024;
  const started = performance.now();
  for (const text of [
    `n,a=${'x'.repeat(size)},\x01auth=Bearer t\x01\x01`,
    `n,a=${'=2C'.repeat(size / 3)}`,
    `n,,\x01auth=Bearer ${'a'.repeat(size)}\x01\x01`,
    `n,,\x01auth=Bearer${' '.repeat(size)}!\x01\x01`,
    `n,,\x01${'x=y\x01'.repeat(size / 4)}\x01`,
    `n,,${'\x01'.repeat(size)}`,
    `n,,\x01auth=Bearer ${'='.repeat(size)}!\x01\x01`,
  ]) {
    parse(text);
  }
  assert.ok(performance.now() - started < 2_000);
});
