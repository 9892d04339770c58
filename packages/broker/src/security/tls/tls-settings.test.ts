import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { nodeDisk } from '@moldau/io';
import { certificate, certificateFile, keyPair, SeededRandom, seedOf } from '@moldau/testing';
import { BrokerConfig } from '../../config/broker-config.ts';
import { ConfigError } from '../../config/config-error.ts';
import { Pkcs12Error, readPkcs12 } from './pkcs12.ts';
import { readTlsSettings } from './tls-settings.ts';

const PASSWORD = 'changeit';
const SECRET = 'hunter2';

function settingsOf(values: Record<string, string>) {
  const config = new BrokerConfig({ values: new Map(Object.entries({ listeners: 'SSL://:1', ...values })) });
  return readTlsSettings(config.listenerSecurity('SSL'), nodeDisk);
}

async function problemOf(values: Record<string, string>): Promise<string> {
  try {
    await settingsOf(values);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.problems.length, 1);
    assert.doesNotMatch(error.message, new RegExp(`${SECRET}|${PASSWORD}|PRIVATE KEY-----`));
    return error.message;
  }
  return assert.fail('no problem');
}

const { key, certificates } = keyPair('server');
const PEM = { 'ssl.keystore.key': key, 'ssl.keystore.certificate.chain': certificates };
const file = (name: string) => ({ 'ssl.keystore.location': certificateFile(name) });

describe('a key store', () => {
  it('is read from PKCS12, whoever wrote it, with the certificates that lead to the root', async () => {
    for (const name of ['server.p12', 'server-keytool.p12', 'server-3des.p12']) {
      const settings = await settingsOf({ ...file(name), 'ssl.keystore.password': PASSWORD });
      assert.equal(settings.options.certificates, certificates + certificate('ca'), name);
      assert.match(settings.options.key, /^-----BEGIN PRIVATE KEY-----/);
      assert.equal(settings.options.clientAuthentication, 'none');
    }
  });

  it('is read from PEM: out of the configuration, also on one line, or out of a file', async () => {
    const oneLine = Object.fromEntries(
      Object.entries(PEM).map(([name, text]) => [name, text.replaceAll('\n', ' ')]),
    );
    for (const values of [PEM, oneLine]) {
      const { options } = await settingsOf({ 'ssl.keystore.type': 'PEM', ...values });
      assert.equal(options.certificates, certificates);
    }
    const encrypted = readFileSync(certificateFile('server-encrypted.key'), 'utf8');
    const { options } = await settingsOf({
      ...PEM,
      'ssl.keystore.key': encrypted,
      'ssl.key.password': PASSWORD,
    });
    assert.match(options.key, /^-----BEGIN PRIVATE KEY-----/);
  });

  it('that cannot be used stops the start with one line that says what to do', async () => {
    assert.match(
      await problemOf({}),
      /The listener SSL cannot open: it speaks SSL and has no certificate: set ssl.keystore.location/,
    );
    assert.match(await problemOf(file('nothing.p12')), /nothing.p12: there is no such file/);
    assert.match(await problemOf({ 'ssl.keystore.location': certificateFile('.') }), /it is a folder/);
    assert.match(
      await problemOf({ ...file('server.p12'), 'ssl.keystore.password': SECRET }),
      /server.p12: its password is wrong$/,
    );
    assert.match(
      await problemOf(file('server.p12')),
      /its password is wrong \(ssl.keystore.password is not set\)/,
    );
    assert.match(
      await problemOf({ ...file('server.jks'), 'ssl.keystore.type': 'PKCS12' }),
      /JKS. Convert it with: keytool -importkeystore -srckeystore \S+server.jks -destkeystore \S+server.p12 -deststoretype PKCS12$/,
    );
    assert.match(await problemOf(file('README.md')), /no PKCS#12 key store/);
    assert.match(await problemOf(file('ca.pem')), /has 0 private keys/);
    assert.match(
      await problemOf({ ...file('truststore.p12'), 'ssl.keystore.password': PASSWORD }),
      /has no private key/,
    );
    assert.match(
      await problemOf({ ...PEM, 'ssl.keystore.key': keyPair('alice').key }),
      /not that of the first certificate/,
    );
    assert.match(await problemOf({ 'ssl.keystore.key': key }), /has no ssl.keystore.certificate.chain/);
    assert.match(await problemOf({ ...PEM, ...file('server.p12') }), /has both/);
    const encrypted = readFileSync(certificateFile('server-encrypted.key'), 'utf8');
    assert.match(await problemOf({ ...PEM, 'ssl.keystore.key': encrypted }), /ssl.key.password is needed/);
    assert.match(
      await problemOf({ ...PEM, 'ssl.keystore.key': encrypted, 'ssl.key.password': SECRET }),
      /ssl.key.password does not fit/,
    );
    assert.match(await problemOf({ ...PEM, 'ssl.keystore.type': 'BCFKS' }), /BCFKS is not known/);
  });

  it('that is damaged is told, and nothing worse', () => {
    const seed = seedOf();
    const random = new SeededRandom(seed);
    const good = readFileSync(certificateFile('truststore.p12'));
    for (let round = 0; round < 20; round++) {
      const bytes = Buffer.from(good);
      bytes[random.below(bytes.length)] = random.below(256);
      try {
        readPkcs12(
          bytes.subarray(0, random.chance(0.7) ? bytes.length : random.below(bytes.length)),
          PASSWORD,
        );
      } catch (error) {
        assert.ok(error instanceof Pkcs12Error, `seed ${seed}: ${error}`);
      }
    }
  });
});

describe('a trust store', () => {
  const required = { ...PEM, 'ssl.client.auth': 'required' };

  it('is read from what keytool wrote, and from PEM', async () => {
    const both = certificate('ca') + certificate('other-ca');
    const trusted = async (values: Record<string, string>) =>
      new Set((await settingsOf({ ...required, ...values })).options.trusted);
    const expected = new Set([certificate('ca'), certificate('other-ca')]);
    const location = certificateFile('truststore.p12');
    assert.deepEqual(
      await trusted({ 'ssl.truststore.location': location, 'ssl.truststore.password': PASSWORD }),
      expected,
    );
    assert.deepEqual(await trusted({ 'ssl.truststore.certificates': `remarks\n${both}` }), expected);
    assert.deepEqual(
      await trusted({ 'ssl.truststore.location': certificateFile('ca.pem') }),
      new Set([certificate('ca')]),
    );
  });

  it('is needed where clients show certificates: whom to trust is never guessed', async () => {
    assert.match(
      await problemOf(required),
      /ssl.client.auth=required needs to know whose certificates to trust/,
    );
    assert.match(
      await problemOf({ ...required, 'ssl.truststore.location': certificateFile('alice.key') }),
      /alice.key has no certificates/,
    );
  });
});

describe('versions and cipher suites', () => {
  it('are those of Java, in OpenSSL’s words', async () => {
    const { options } = await settingsOf({
      ...PEM,
      'ssl.enabled.protocols': 'TLSv1.3',
      'ssl.cipher.suites':
        'TLS_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,ECDHE-ECDSA-CHACHA20-POLY1305',
    });
    assert.deepEqual([options.minVersion, options.maxVersion], ['TLSv1.3', 'TLSv1.3']);
    assert.deepEqual(options.ciphers, [
      'TLS_AES_256_GCM_SHA384',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
    ]);
  });

  it('that are broken or unknown stop the start', async () => {
    assert.match(
      await problemOf({ ...PEM, 'ssl.enabled.protocols': 'TLSv1,TLSv1.2' }),
      /older ones are broken/,
    );
    assert.match(
      await problemOf({ ...PEM, 'ssl.cipher.suites': 'TLS_RSA_WITH_RC4_128_MD5' }),
      /has TLS_RSA_WITH_RC4_128_MD5, which is not known here/,
    );
  });
});
