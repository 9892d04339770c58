// What is expected here was compared with Kafka's SslPrincipalMapper.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePrincipalMapping } from './principal-mapping-rules.ts';

const map = (rules: string, name: string) => parsePrincipalMapping(rules)(name);
const DUKE = 'CN=Duke,OU=ServiceUsers,O=Org,C=US';

describe('rules for principals', () => {
  it('take the name as it is by default', () => {
    for (const rules of ['DEFAULT', '', ' DEFAULT ']) {
      assert.equal(map(rules, DUKE), rules.trim() === '' ? undefined : DUKE);
    }
  });

  it('are tried in order, each on the whole name', () => {
    const rules = [
      'RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/',
      'RULE:^CN=(.*?),OU=(.*?),O=(.*?),L=(.*?),ST=(.*?),C=(.*?)$/$1@$2/L',
      'RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/U',
      'DEFAULT',
    ].join(', ');
    assert.equal(map(rules, DUKE), 'Duke');
    assert.equal(map(rules, 'CN=Duke,OU=SME,O=mycp,L=Fulton,ST=MD,C=US'), 'duke@sme');
    assert.equal(map(rules, 'cn=duke,o=x'), 'DUKE');
    assert.equal(map(rules, 'O=x'), 'O=x');
    assert.equal(map('RULE:^CN=(.*?),O=Other$/$1/', DUKE), undefined);
    assert.equal(map('RULE:Duke/$0/', DUKE), undefined, 'a part is not enough');
  });

  it('may have commas, escaped slashes and literal dollars', () => {
    assert.equal(map('RULE:^CN=(.*?),OU=ServiceUsers,O=Org,C=US$/$1/L', DUKE), 'duke');
    assert.equal(map('RULE:^cn=(.*?)\\/(.*?)$/$1\\/$2/', 'cn=a/b'), 'a/b');
    assert.equal(map('RULE:^cn=(.*?)$/\\$1-$1/', 'cn=a'), '$1-a');
    assert.equal(map('RULE:^cn=(.*?)$/$1$2/', 'cn=a'), 'a$2', 'a group that is not there');
    assert.equal(map('RULE:^cn=(.*?)$/$12/', 'cn=a'), 'a2', 'as many digits as there are groups for');
    assert.equal(map('RULE:^cn=(.*)$/$0/', 'cn=a'), 'cn=a');
    assert.equal(map('RULE:cn=a//', 'cn=a'), '');
  });

  it('replace each match, as Java does', () => {
    assert.equal(map('RULE:(.*)/<$1>/', 'cn=a'), '<cn=a><>');
    assert.equal(map('RULE:(?i)CN=(.*)/$1/', 'cn=a'), 'a');
  });

  it('do not let a name end early, or begin late', () => {
    const rules = 'RULE:^CN=([^,]*),OU=Clients,O=Moldau tests$/$1/';
    assert.equal(map(rules, 'CN=alice\nUser:admin,OU=Clients,O=Moldau tests'), 'alice\nUser:admin');
    assert.equal(
      map('RULE:^CN=(.*?),OU=Clients,O=Moldau tests$/$1/', 'CN=a\nb,OU=Clients,O=Moldau tests'),
      undefined,
    );
    assert.equal(map(rules, 'CN=admin,OU=Clients,O=Moldau tests\n'), undefined);
    assert.equal(map(rules, 'CN=admin\\,OU=Clients\\,O=Moldau tests,O=Evil'), undefined);
    assert.equal(map(rules, 'CN=$1,OU=Clients,O=Moldau tests'), '$1');
  });

  it('that are none, or that only Java could read, are refused', () => {
    for (const [rules, message] of [
      ['RULE:^CN=(.*)$/$1', /is no rule/],
      ['RULE:^CN=(.*)$/$1/X', /is no rule/],
      ['SOMETHING', /is no rule/],
      ['RULE:^CN=(/$1/', /is wrong/],
      ['RULE:^CN=(\\p{L}*)$/$1/', /only Java/],
      ['RULE:^CN=(.*+)$/$1/', /only Java/],
      ['RULE:^CN=([a-z&&[^b]]*)$/$1/', /only Java/],
      ['RULE:^CN=(\\Qa\\E)$/$1/', /only Java/],
    ] as const) {
      assert.throws(() => parsePrincipalMapping(rules), message, rules);
    }
  });
});
