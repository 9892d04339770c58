// What is found weak in configurations, and how bad it is.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BrokerConfig } from '@moldau/broker';
import type { ProbeResult } from './probe.ts';
import { type Reviewed, type ReviewedListener, review } from './review.ts';

const AUTHORIZER = { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer' };
const NOW_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

/** Encrypted, with logins, for everybody to reach. */
const GOOD: ReviewedListener = {
  name: 'CLIENTS',
  address: '0.0.0.0:9092',
  protocol: 'SASL_SSL',
  mechanisms: ['SCRAM-SHA-512'],
  clientCertificates: 'none',
  isLocal: false,
  authenticates: true,
  certificateEndsMs: NOW_MS + 400 * DAY_MS,
};
const PLAIN: ReviewedListener = {
  ...GOOD,
  ...{ protocol: 'PLAINTEXT', mechanisms: [], authenticates: false, certificateEndsMs: undefined },
};
const OPEN: ProbeResult = { outcome: 'open', mayAdminister: true, readable: ['a', 'b'], writable: ['a'] };
const HEARD: ProbeResult = { outcome: 'open', mayAdminister: false, readable: [], writable: [] };

function found(
  listener: Partial<ReviewedListener>,
  values: Record<string, string> = AUTHORIZER,
  rest: Partial<Reviewed> = {},
): string[] {
  const listeners = [{ ...GOOD, ...listener }];
  const config = new BrokerConfig({ values: new Map(Object.entries(values)) });
  const reviewed = { config, listeners, publicDataFolders: [], publicSecrets: [], nowMs: NOW_MS, ...rest };
  return review(reviewed).map(({ severity, subject, problem }) => `${severity} ${subject}: ${problem}`);
}

describe('the review of a configuration', () => {
  it('finds nothing where all log in, encrypted, and rules say who may do what', () => {
    assert.deepEqual(found({}), []);
  });

  it('finds strangers first, and what nobody encrypts', () => {
    assert.deepEqual(found(PLAIN, {}), [
      'high CLIENTS on 0.0.0.0:9092: whoever reaches it may, without a login, read, write and administer everything.',
      'medium CLIENTS on 0.0.0.0:9092: nothing is encrypted: whoever sees the network can read and change all records',
    ]);
    assert.match(
      found({ ...PLAIN, probe: OPEN }, {})[0]!,
      /lets a stranger administer it, read 2 topics, write to the topic a\.$/,
    );
    assert.deepEqual(
      found({ protocol: 'SSL', mechanisms: [], authenticates: false }, {}).map((line) => line.split(' ')[0]),
      ['high'],
    );
  });

  it('minds strangers less on the loopback, and where rules confine them', () => {
    assert.match(
      found({ ...PLAIN, isLocal: true }, {}).join('\n'),
      /^low .*every user and program of this machine/,
    );
    const severityOf = (probe?: ProbeResult) => found({ ...PLAIN, probe })[0]!.split(' ')[0];
    assert.equal(severityOf(), 'medium');
    assert.equal(severityOf(OPEN), 'medium');
    assert.equal(severityOf(HEARD), 'medium');
    assert.ok(found({ ...PLAIN, probe: HEARD }).some((line) => line.startsWith('low CLIENTS')));
  });

  it('finds a broker that runs with less than the configuration says', () => {
    assert.match(found({ probe: OPEN })[0]!, /^high .*the broker that runs there answers without one/);
    assert.deepEqual(found({ probe: { ...HEARD, outcome: 'closed' } }), []);
  });

  it('finds passwords that pass in the open', () => {
    const listener = { protocol: 'SASL_PLAINTEXT', mechanisms: ['PLAIN', 'SCRAM-SHA-256'] } as const;
    assert.match(found(listener).join('\n'), /^high .*as they are \(PLAIN\)/);
    assert.match(
      found({ ...listener, mechanisms: ['SCRAM-SHA-256'] }).join('\n'),
      /^medium .*nothing is encrypted/,
    );
    assert.deepEqual(found({ ...listener, isLocal: true }), []);
  });

  it('finds certificates that end', () => {
    const endingIn = (days: number) => found({ certificateEndsMs: NOW_MS + days * DAY_MS }).join('\n');
    assert.equal(endingIn(30), '');
    assert.match(endingIn(29), /^medium .*ends in 29 days$/);
    assert.match(endingIn(-1), /^high .*has expired/);
  });

  it('finds rules that let too many do too much', () => {
    assert.match(found({}, {}).join('\n'), /^medium authorizer\.class\.name: everybody who logs in/);
    assert.match(
      found({}, { ...AUTHORIZER, 'allow.everyone.if.no.acl.found': 'true' }).join('\n'),
      /^medium allow\.everyone/,
    );
    assert.match(found({}, { ...AUTHORIZER, 'super.users': 'User:ANONYMOUS' })[0]!, /^high super\.users/);
    assert.match(
      found({}, { ...AUTHORIZER, 'super.users': 'User:a; User:b' })[0]!,
      /^low .*User:a, User:b may/,
    );
  });

  it('finds files that every user can read', () => {
    const publicSecrets = [{ problem: 'every user of this machine can read /k', mend: 'chmod 600 /k' }];
    assert.match(found({}, AUTHORIZER, { publicSecrets })[0]!, /^high files: .* \/k$/);
    assert.match(found({}, AUTHORIZER, { publicDataFolders: ['/d'] })[0]!, /^medium \/d: /);
  });
});
