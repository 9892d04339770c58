// Security as people set it up: the commands as processes of their own, then a login with what they printed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  createTopicsRequest,
  createTopicsResponse,
  describeAclsRequest,
  describeAclsResponse,
} from '@moldau/protocol';
import { freePort, logInWithScram, RawClient } from '@moldau/testing';
import { Moldau } from '../../packages/cli/src/testing-moldau.ts';

const moldau = new Moldau();
after(() => moldau.removeAll());

/** What the printed settings of librdkafka say. */
function settingsIn(printed: string): Record<string, string> {
  const pairs = [...printed.matchAll(/^ {2}([a-z.]+)=(.*)$/gm)].map((match) => [match[1]!, match[2]!]);
  return Object.fromEntries(pairs);
}

describe('security from one command', { timeout: 120_000 }, () => {
  it('lets in who has the printed settings, and nobody else', async () => {
    const port = await freePort();
    const init = await moldau.run('security', 'init', '--port', String(port)).ended;
    assert.equal(init.code, 0, init.error);
    const settings = settingsIn(init.out);
    assert.equal(settings['bootstrap.servers'], `localhost:${port}`);

    const server = moldau.run('server', '--config', 'moldau-security/server.properties');
    assert.equal(await server.ready, port);
    const tls = { trusted: [readFileSync(settings['ssl.ca.location']!, 'utf8')], serverName: 'localhost' };
    const { 'sasl.username': user = '', 'sasl.password': password = '' } = settings;

    const admin = await RawClient.dial({ port, tls });
    await logInWithScram(admin, user, password);
    const topics = [{ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    const created = await admin.request(createTopicsRequest, createTopicsResponse, 7, {
      ...{ topics, timeoutMs: 5000, validateOnly: false },
    });
    assert.equal(created.topics[0]!.errorCode, 0);
    const filters = { resourceTypeFilter: 1, patternTypeFilter: 1, operation: 1, permissionType: 1 };
    const anything = { ...filters, resourceNameFilter: null, principalFilter: null, hostFilter: null };
    const acls = await admin.request(describeAclsRequest, describeAclsResponse, 3, anything);
    assert.equal(acls.errorCode, 0);
    admin.close();

    const stranger = await RawClient.dial({ port, tls });
    await assert.rejects(logInWithScram(stranger, user, 'wrong'), /Authentication failed/);
    stranger.close();
    await assert.rejects(RawClient.dial({ port, tls: { ...tls, trusted: [] } }));

    const check = await moldau.run('security', 'check', '--config', 'moldau-security/server.properties')
      .ended;
    assert.match(check.out, /asked now: a stranger is sent away/);
    assert.match(check.out, /Nothing to mend/);
    assert.deepEqual([check.code, check.error], [0, '']);

    server.child.kill('SIGTERM');
    const { code, error, out } = await server.ended;
    assert.equal(code, 0);
    assert.ok(!(error + out).includes(password));
  });

  it('finds what a stranger could do to a broker without it', async () => {
    const port = await freePort();
    const server = moldau.run('server', '--listen', `127.0.0.1:${port}`, '--data', 'open');
    await server.ready;
    const args = ['--listen', `127.0.0.1:${port}`, '--data', 'open', '-o', 'json'];
    const { code, out } = await moldau.run('security', 'check', ...args).ended;
    const { listeners, findings } = JSON.parse(out) as {
      listeners: { probe: { outcome: string; mayAdminister: boolean } }[];
      findings: { severity: string; problem: string }[];
    };
    assert.equal(listeners[0]!.probe.outcome, 'open');
    assert.ok(listeners[0]!.probe.mayAdminister);
    assert.deepEqual(
      findings.map(({ severity }) => severity),
      ['low'],
    );
    assert.match(findings[0]!.problem, /every user and program of this machine .* administer it/);
    assert.equal(code, 0);
    server.child.kill('SIGTERM');
    await server.ended;
  });

  it('ends with code 1 when there is something to mend, and 2 when it is asked wrongly', async () => {
    const open = await moldau.run('security', 'check', '--listen', `:${await freePort()}`).ended;
    assert.equal(open.code, 1);
    assert.match(open.out, /^HIGH {2}PLAINTEXT on 0\.0\.0\.0:\d+: whoever reaches it may/m);
    assert.match(open.out, /^ {2}mend it: moldau security init$/m);
    const wrong = await moldau.run('security', 'check', '-o', 'yaml').ended;
    assert.deepEqual([wrong.code, wrong.out], [2, '']);
    const malformed = await moldau.run('security', 'check', '--listen', '19630').ended;
    assert.equal(malformed.code, 2);
    const missing = await moldau.run('security', 'check', '--config', join(moldau.folder, 'none')).ended;
    assert.equal(missing.code, 1);
    assert.match(missing.error, /^moldau: there is no [^\n]*none\n$/);
  });
});
