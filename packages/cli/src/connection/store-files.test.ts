import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { nodeDisk } from '@moldau/io';
import { certificate, certificateFile, keyPair } from '@moldau/testing';
import { withFilesRead } from './store-files.ts';

const read = (properties: Record<string, string>) => withFilesRead(properties, nodeDisk);
const store = (name: string, password = 'changeit') => ({
  'ssl.keystore.location': certificateFile(name),
  'ssl.keystore.type': 'PKCS12',
  'ssl.keystore.password': password,
});

test('stores of Java and OpenSSL become PEM', async () => {
  const { key } = keyPair('server');
  for (const name of ['server.p12', 'server-keytool.p12']) {
    const { 'ssl.key.pem': pem, 'ssl.certificate.pem': chain, ...others } = await read(store(name));
    assert.ok(createPrivateKey(pem!).equals(createPrivateKey(key)));
    assert.ok(new X509Certificate(chain!).checkPrivateKey(createPrivateKey(key)), 'its own comes first');
    assert.deepEqual(others, {});
  }
  const trusted = await read({
    'ssl.truststore.location': certificateFile('truststore.p12'),
    'ssl.truststore.password': 'changeit',
  });
  for (const name of ['ca', 'other-ca']) assert.ok(trusted['ssl.ca.pem']!.includes(certificate(name).trim()));
});

test('an encrypted key in PEM is opened with its password', async () => {
  const { key } = keyPair('server');
  const encrypted = createPrivateKey(key).export({
    ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'geheim' },
  });
  const disk = { readFile: async () => Buffer.from(encrypted) };
  const properties = { 'ssl.key.location': 'a.key', 'ssl.key.password': 'geheim' };
  const { 'ssl.key.pem': opened } = await withFilesRead(properties, disk);
  assert.ok(createPrivateKey(opened!).equals(createPrivateKey(key)));
  await assert.rejects(withFilesRead({ ...properties, 'ssl.key.password': 'x' }, disk), {
    message: 'ssl.key.password does not open the private key',
  });
});

test('what cannot be read is refused with what to do', async () => {
  const refused = (properties: Record<string, string>, message: RegExp) =>
    assert.rejects(read(properties), { name: 'UsageError', message });
  await refused({ 'ssl.keystore.location': certificateFile('server.p12') }, /-X ssl\.keystore\.password=/);
  await refused(store('server.p12', 'wrong'), /server\.p12 cannot be read as PKCS12: .*password/);
  await refused(
    store('server.jks'),
    /: keytool -importkeystore -srckeystore \S+server\.jks -destkeystore \S+server\.p12 -deststoretype PKCS12$/,
  );
});
