// The files that `moldau security init` makes: who may read them, what stands in them, and that none is replaced by mistake.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadConfig } from '@moldau/broker';
import { nodeClock, nodeDisk, nodeRandom } from '@moldau/io';
import { runSecurityInit, type SecurityInitFlags } from './security-init.ts';

const folder = mkdtempSync(join(tmpdir(), 'moldau-security-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function init(flags: SecurityInitFlags) {
  const result = { printed: '', told: [] as string[], exitCode: 0 };
  await runSecurityInit(flags, {
    ...{ disk: nodeDisk, random: nodeRandom, clock: nodeClock },
    hostName: 'box',
    print: (text) => {
      result.printed += text;
    },
    tell: (line) => result.told.push(line),
    exit: (code) => {
      result.exitCode = code;
    },
  });
  return result;
}

describe('moldau security init', () => {
  it('makes a certificate for all names of the broker that its authority vouches for', async () => {
    const dir = join(folder, 'certificates');
    await init({ dir, host: ['kafka.example.org', '10.1.2.3', 'fd00::7'] });
    const authority = new X509Certificate(readFileSync(join(dir, 'ca.pem')));
    const server = new X509Certificate(readFileSync(join(dir, 'server.pem')));
    assert.ok(authority.ca && !server.ca);
    assert.ok(authority.verify(authority.publicKey) && server.verify(authority.publicKey));
    assert.ok(server.checkIssued(authority));
    for (const name of ['kafka.example.org', 'localhost', 'box']) assert.equal(server.checkHost(name), name);
    for (const address of ['10.1.2.3', 'fd00::7', '127.0.0.1', '::1'])
      assert.equal(server.checkIP(address), address);
    assert.equal(server.checkHost('kafka.example.com'), undefined);
    assert.notEqual(server.serialNumber, authority.serialNumber);
    assert.ok(server.validFromDate.getTime() < Date.now() && authority.validToDate > server.validToDate);
  });

  it('puts nothing where others could replace it, nor follows links that lie there', async (t) => {
    if (process.platform === 'win32') return t.skip('it has no such bits');
    chmodSync(folder, 0o755);
    const dir = join(folder, 'open');
    mkdirSync(dir);
    chmodSync(dir, 0o777);
    const { exitCode, told } = await init({ dir });
    assert.equal(exitCode, 1);
    assert.match(told[0] ?? '', /can replace files in .*chmod 700/);
    assert.deepEqual(readdirSync(dir), []);
    chmodSync(dir, 0o700);
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'untouched');
    for (const name of ['ca-key.pem.tmp', 'server.pem']) symlinkSync(victim, join(dir, name));
    assert.equal((await init({ dir, force: true })).exitCode, 0);
    assert.equal(readFileSync(victim, 'utf8'), 'untouched');
    for (const name of ['ca-key.pem', 'server.pem'])
      assert.equal(lstatSync(join(dir, name)).mode & 0o170777, 0o100600);
  });

  it('lets nobody else read what is secret', async (t) => {
    if (process.platform === 'win32') return t.skip('it has no such bits');
    const dir = join(folder, 'modes');
    await init({ dir });
    const modeOf = (path: string) => (statSync(join(dir, path)).mode & 0o777).toString(8);
    assert.deepEqual([modeOf(''), modeOf('clients'), modeOf('ca.pem')], ['700', '700', '644']);
    const secrets = ['ca-key.pem', 'server.pem', 'users.properties', 'server.properties'];
    const clients = ['java.properties', 'librdkafka.properties', 'kafka-python.json', 'kafkajs.js'];
    for (const path of [...secrets, ...clients.map((name) => `clients/${name}`)])
      assert.equal(modeOf(path), '600');
  });

  it('makes a configuration in which every client logs in, and nothing is to warn of', async () => {
    const dir = join(folder, 'configuration');
    await init({ dir, host: ['kafka.example.org'], port: '9192', user: 'root' });
    const path = join(dir, 'server.properties');
    const { config, warnings } = await loadConfig({
      file: { path, text: readFileSync(path, 'utf8') },
      disk: nodeDisk,
    });
    assert.deepEqual(warnings, []);
    const [listener] = config.listeners;
    assert.deepEqual([listener!.protocol, listener!.host, listener!.port], ['SASL_SSL', '', 9192]);
    assert.equal(config.advertisedListeners[0]!.host, 'kafka.example.org');
    assert.equal(config.get('super.users'), 'User:root');
    const [user] = config.initialUsers;
    assert.equal(user!.name, 'root');
    assert.match(user!.password, /^[\w-]{32}$/);
    assert.ok(!readFileSync(path, 'utf8').includes(user!.password));
  });

  it('prints the settings of each client as they stand in its file', async () => {
    const dir = join(folder, 'clients');
    const { printed } = await init({ dir });
    for (const name of ['java.properties', 'librdkafka.properties', 'kafka-python.json', 'kafkajs.js']) {
      const lines = readFileSync(join(dir, 'clients', name), 'utf8').split('\n');
      for (const line of lines) assert.ok(printed.includes(line), `${name}: ${line}`);
    }
  });

  it('replaces nothing unless it is told to', async () => {
    const dir = join(folder, 'twice');
    await init({ dir });
    const before = readFileSync(join(dir, 'users.properties'), 'utf8');
    rmSync(join(dir, 'ca.pem'));
    const { told, exitCode, printed } = await init({ dir });
    assert.deepEqual([exitCode, printed], [1, '']);
    assert.match(told.join('\n'), /^moldau: [^\n]*ca-key\.pem exists already: [^\n]*--force[^\n]*$/);
    assert.equal(readFileSync(join(dir, 'users.properties'), 'utf8'), before);
    assert.equal((await init({ dir, force: true })).exitCode, 0);
    assert.notEqual(readFileSync(join(dir, 'users.properties'), 'utf8'), before);
  });

  it('refuses what it cannot write down', async () => {
    const toldOf = async (flags: SecurityInitFlags) => {
      const { told, exitCode } = await init(flags);
      assert.equal(exitCode, 2);
      return told.join('\n');
    };
    assert.match(await toldOf({ host: ['a b'] }), /^moldau: Invalid value "a b" for --host: /);
    assert.match(await toldOf({ host: ['1.2.3.400'] }), /for --host: /);
    assert.match(await toldOf({ user: 'a,b' }), /for --user: /);
    assert.match(await toldOf({ port: '0' }), /for --port: /);
    assert.match(await toldOf({ dir: '/a:b' }), /for --dir: /);
  });

  it('says which folder cannot be made', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    const { told, exitCode } = await init({ dir: join(folder, 'a-file', 'x') });
    assert.equal(exitCode, 1);
    assert.match(told.join('\n'), /^moldau: [^\n]*a-file[^\n]*$/);
  });
});
