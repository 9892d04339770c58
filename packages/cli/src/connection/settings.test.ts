import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionSettings } from './settings.ts';

const PEM =
  '-----BEGIN PRIVATE KEY-----\nk\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nc\n-----END CERTIFICATE-----\n';

function diskOf(files: Readonly<Record<string, string>>) {
  return {
    async readFile(path: string): Promise<Buffer> {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT', path });
      return Buffer.from(text);
    },
  };
}

const PROFILES = `current: local
profiles:
  local:
    brokers: profile:9092
    properties:
      sasl.username: profile
      linger.ms: 5
  other:
    brokers: other:9092
`;
const HOME = { HOME: '/home/ada' };
const disk = diskOf({
  '/home/ada/.config/moldau/config.yaml': PROFILES,
  'client.properties':
    '# a comment\nbootstrap.servers=file:9092\nsasl.username = file\nsasl.jaas.config=a \\\n  b\n',
  'both.pem': PEM,
  'ca.pem': 'CA',
});

test('brokers that are named by nothing are asked for in the words of the command', async () => {
  const refused = (flags: object, environment: object, place: string) =>
    assert.rejects(connectionSettings(flags, { ...HOME, ...environment }, disk), {
      name: 'UsageError',
      message: `${place} names no broker: say where some are with -b or MOLDAU_BROKERS, as in -b 127.0.0.1:9092`,
    });
  await refused({ brokers: '' }, {}, '--brokers');
  await refused({ brokers: ' , ' }, { MOLDAU_BROKERS: 'a' }, '--brokers');
  await refused({}, { MOLDAU_BROKERS: '' }, 'MOLDAU_BROKERS');
  await refused({ X: ['bootstrap.servers='] }, {}, 'bootstrap.servers');
});

test('flags win over the environment, which wins over the profile', async () => {
  const names = async (flags: object, environment: Record<string, string> = {}) => {
    const { brokers, properties } = await connectionSettings(flags, { ...HOME, ...environment }, disk);
    return [brokers, properties['sasl.username']];
  };
  assert.deepEqual(await names({}), ['profile:9092', 'profile']);
  assert.deepEqual(await names({ profile: 'other' }), ['other:9092', undefined]);
  assert.deepEqual(await names({}, { MOLDAU_PROFILE: 'other', MOLDAU_X_SASL_USERNAME: 'env' }), [
    'other:9092',
    'env',
  ]);
  assert.deepEqual(await names({ clientConfig: 'client.properties' }, { MOLDAU_X_SASL_USERNAME: 'env' }), [
    'file:9092',
    'file',
  ]);
  assert.deepEqual(
    await names(
      { clientConfig: 'client.properties', X: ['sasl.username=flag'] },
      { MOLDAU_BROKERS: 'env:1' },
    ),
    ['file:9092', 'flag'],
  );
  assert.deepEqual(await names({ X: ['bootstrap.servers=flag:2'] }, { MOLDAU_BROKERS: 'env:1' }), [
    ...['flag:2', 'profile'],
  ]);
  assert.deepEqual(await names({}, { MOLDAU_BROKERS: 'env:1' }), ['env:1', 'profile']);
  assert.deepEqual(await names({ brokers: 'flag:1' }, { MOLDAU_BROKERS: 'env:1' }), ['flag:1', 'profile']);
});

test('without anything the broker of this machine is meant', async () => {
  const settings = await connectionSettings({}, {}, diskOf({}));
  assert.deepEqual(settings, { brokers: '127.0.0.1:9092', properties: {}, profileName: undefined });
});

test('files that properties name are read', async () => {
  const X = ['ssl.keystore.location=both.pem', 'ssl.keystore.type=PEM', 'ssl.ca.location=ca.pem'];
  const { properties } = await connectionSettings({ X }, {}, disk);
  assert.deepEqual(properties, {
    'ssl.key.pem': '-----BEGIN PRIVATE KEY-----\nk\n-----END PRIVATE KEY-----',
    'ssl.certificate.pem': '-----BEGIN CERTIFICATE-----\nc\n-----END CERTIFICATE-----',
    'ssl.ca.pem': 'CA',
  });
});

test('what is wrong is said with the place', async () => {
  const refused = async (flags: object, files: Record<string, string>, message: RegExp) =>
    assert.rejects(connectionSettings(flags, HOME, diskOf(files)), { name: 'UsageError', message });
  const path = '/home/ada/.config/moldau/config.yaml';
  await refused({ profile: 'x' }, { [path]: PROFILES }, /no profile x; there are local, other/);
  await refused({}, { [path]: 'profiles: [a]' }, /config\.yaml cannot be read: profiles should be a mapping/);
  await refused({}, { [path]: 'a: [' }, /config\.yaml cannot be read/);
  await refused({ X: ['linger'] }, {}, /-X takes name=value/);
  await refused({ clientConfig: 'f' }, { f: '\nx' }, /f, line 2: expected name=value/);
});
