import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KerberosNameError, parseKerberosRules } from './kerberos-names.ts';

const REALM = 'EXAMPLE.COM';
const naming = (...rules: string[]) => parseKerberosRules(rules, REALM);

test("DEFAULT takes the first part of names of the broker's own realm, and no others", () => {
  const name = naming('DEFAULT');
  assert.equal(name('alice@EXAMPLE.COM'), 'alice');
  assert.equal(name('orders/host1.example.com@EXAMPLE.COM'), 'orders');
  assert.throws(() => name('alice@ELSEWHERE.COM'), KerberosNameError);
  assert.throws(() => name('alice@example.com'), KerberosNameError);
});

test('rules make names from parts, patterns and substitutions, the first that fits', () => {
  const name = naming(
    'RULE:[1:$1](App\\..*)s/App\\.(.*)/$1/g',
    'RULE:[2:$1]',
    'RULE:[1:$1@$0](.*@ELSEWHERE.COM)s/@.*/-elsewhere/',
    'DEFAULT',
  );
  assert.equal(name('App.service-name@REALM.COM'), 'service-name');
  assert.equal(name('orders/host1@ANY.COM'), 'orders');
  assert.equal(name('bob@ELSEWHERE.COM'), 'bob-elsewhere');
  assert.equal(name('carol@EXAMPLE.COM'), 'carol');
});

test('names are put into small or capital letters', () => {
  assert.equal(naming('RULE:[1:$1]/L')('Alice@X'), 'alice');
  assert.equal(naming('RULE:[1:$1]/U')('Alice@X'), 'ALICE');
  assert.equal(naming('RULE:[2:$2](foo.*)s/foo/BAR/g/L')('x/foofoo@X'), 'barbar');
  assert.equal(naming('RULE:[2:$2](foo.*)s/foo/BAR/')('x/foofoo@X'), 'BARfoo');
});

test('a pattern fits only the whole of what is made', () => {
  assert.throws(() => naming('RULE:[1:$1](ali)')('alice@X'), KerberosNameError);
  assert.throws(() => naming('RULE:[1:$1](admin)')('admin\nx@X'), KerberosNameError);
});

test('what still has a host or a realm in it, or nothing, is no name', () => {
  for (const rule of ['RULE:[1:$1@$0]', 'RULE:[1:$1/x]', 'RULE:[1:$1]s/.*//']) {
    assert.throws(() => naming(rule, 'DEFAULT')('alice@EXAMPLE.COM'), KerberosNameError);
  }
});

test('what Kerberos would not write is nobody', () => {
  for (const name of ['', 'alice', 'a@b@EXAMPLE.COM', 'a/b/c@EXAMPLE.COM', '@EXAMPLE.COM']) {
    assert.throws(() => naming('DEFAULT')(name), KerberosNameError);
  }
});

test('rules that are wrong are refused', () => {
  for (const rule of ['default', 'RULE:[x:$1]', 'RULE:[1:$1](', 'RULE:[1:$1]s/a/b', 'RULE:[1:$1](\\p{L})']) {
    assert.throws(() => naming(rule), /is no rule|is wrong|only Java's/);
  }
});
