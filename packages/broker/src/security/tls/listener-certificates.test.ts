import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Logger, TlsServerOptions } from '@moldau/io';
import { certificate, keyPair, ManualTime, MemoryDisk } from '@moldau/testing';
import { BrokerConfig } from '../../config/broker-config.ts';
import { ConfigError } from '../../config/config-error.ts';
import { ListenerCertificates } from './listener-certificates.ts';

const pem = (name: string) => Object.values(keyPair(name)).join('');
const DAY_MS = 86_400_000;

async function started(settings: Record<string, string> = {}, startMs = Date.UTC(2026, 0, 1)) {
  const disk = new MemoryDisk();
  const time = new ManualTime(startMs);
  // Files of the memory have no times, so each is a little longer than the one before.
  let writes = 0;
  const write = (path: string, text: string) =>
    disk.replaceFile(path, Buffer.from(text + '\n'.repeat(writes++)));
  await disk.makeDirectory('/etc');
  await write('/etc/server.pem', pem('server'));
  const config = new BrokerConfig({
    values: new Map(
      Object.entries({
        listeners: 'SSL://:1,PLAINTEXT://:2',
        'ssl.keystore.location': '/etc/server.pem',
        ...settings,
      }),
    ),
  });
  const lines: string[] = [];
  const logger = {
    ...{ debug() {}, error() {} },
    info: (_fields: object, message: string) => void lines.push(message),
    warn: (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`),
    child: () => logger,
  } as Logger;
  const listeners = config.listeners.map(({ name }) => config.listenerSecurity(name));
  const certificates = await ListenerCertificates.open(listeners, {
    disk,
    clock: time,
    timers: time,
    logger,
  });
  const applied: TlsServerOptions[] = [];
  certificates.follow((_listener, options) => {
    applied.push(options);
  });
  const pass = async (ms = 10_000) => {
    await time.advance(ms);
    await certificates.settled();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { config, disk, write, certificates, applied, lines, pass };
}

describe('certificates of listeners', () => {
  it('are read again when their file changes, and only then', async () => {
    const { certificates, applied, write, pass, lines } = await started();
    assert.equal(certificates.tlsOf('PLAINTEXT'), undefined);
    await pass();
    await pass();
    assert.equal(applied.length, 0);
    await write('/etc/server.pem', pem('renewed'));
    await pass();
    assert.equal(applied.length, 1);
    assert.equal(applied[0]!.certificates, certificate('renewed'));
    assert.deepEqual(certificates.tlsOf('SSL'), applied[0]);
    await pass();
    assert.equal(applied.length, 1);
    assert.deepEqual(lines, ['the certificates of a listener have been read again']);
    certificates.close();
  });

  it('that are broken, gone, or for another name are told once, and those in force stay', async () => {
    const { certificates, applied, write, disk, pass, lines } = await started();
    for (const [text, reason] of [
      ['garbage', /no PKCS#12 key store/],
      [pem('server').slice(0, 300), /cannot be read|no certificates|private keys/],
      [keyPair('alice').key + certificate('server'), /not that of the first certificate/],
      [pem('renamed'), /it is for CN=elsewhere.*set ssl.allow.dn.changes=true/],
    ] as const) {
      await write('/etc/server.pem', text);
      await pass();
      await pass();
      assert.equal(lines.length, 1);
      assert.match(lines.pop()!, reason);
    }
    await disk.remove('/etc/server.pem');
    await pass();
    assert.match(lines.pop()!, /those in force stay.*there is no such file/);
    assert.deepEqual(applied, []);
    await write('/etc/server.pem', pem('renewed'));
    await pass();
    assert.equal(applied.length, 1);
    certificates.close();
  });

  it('may get another name where that is allowed', async () => {
    const { certificates, applied, write, pass } = await started({ 'ssl.allow.dn.changes': 'true' });
    await write('/etc/server.pem', pem('renamed'));
    await pass();
    assert.equal(applied.length, 1);
    assert.match(certificates.inForce()[0]!.subject, /^CN=elsewhere/);
    certificates.close();
  });

  it('follow settings that are altered', async () => {
    const { config, certificates, applied, write } = await started();
    await write('/etc/other.pem', pem('renewed'));
    config.update(new Map([['listener.name.ssl.ssl.keystore.location', '/etc/other.pem']]), new Map());
    certificates.configChanged();
    await certificates.settled();
    assert.equal(applied[0]!.certificates, certificate('renewed'));
    certificates.close();
  });

  it('that end soon are told of once a day', async () => {
    const endMs = (await started()).certificates.inForce()[0]!.notAfterMs;
    const early = await started({}, endMs - 32 * DAY_MS);
    assert.deepEqual(early.lines, []);
    early.certificates.close();
    const late = await started({}, endMs - 3 * DAY_MS);
    await late.pass();
    assert.equal(late.lines.length, 1);
    assert.match(late.lines[0]!, /certificate of the listener SSL expires soon: renew it.*"daysLeft":[23]/);
    late.certificates.close();
    const over = await started({}, endMs + DAY_MS);
    assert.match(over.lines[0]!, /has expired, so no client accepts it/);
    over.certificates.close();
  });

  it('that cannot be read stop the start, with all that is wrong', async () => {
    await assert.rejects(
      started({
        listeners: 'SSL://:1,OTHER://:2',
        'listener.security.protocol.map': 'OTHER:SASL_SSL',
        'ssl.keystore.location': '/etc/absent.pem',
      }),
      (error: Error) => error instanceof ConfigError && error.problems.length === 2,
    );
  });
});
