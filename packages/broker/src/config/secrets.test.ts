// Secrets of a start: where they may stand, who is warned of what, and that no line of a start shows one.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how references are written.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from './config-error.ts';
import { type ConfigSources, loadConfig } from './load.ts';
import { isSecretName } from './secrets.ts';

interface FakeFile {
  readonly text?: string;
  readonly read?: boolean;
  readonly write?: boolean;
}

function load(sources: Omit<ConfigSources, 'disk'>, files: Record<string, FakeFile> = {}) {
  return loadConfig({
    ...sources,
    disk: {
      async readFile(path) {
        const text = files[path]?.text;
        if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
        return Buffer.from(text);
      },
      publicAccess: async (path) => ({
        read: files[path]?.read ?? false,
        write: files[path]?.write ?? false,
      }),
    },
  });
}

async function problemsOf(...input: Parameters<typeof load>): Promise<string> {
  try {
    await load(...input);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

const configFile = (text: string) => ({ path: 'server.properties', text });

describe('a secret of the configuration', () => {
  it('is taken from where it stands, and described to nobody', async () => {
    const file = configFile('ssl.key.password=${file:/s:k}\nnum.partitions=${env:PARTITIONS}\n');
    const environment = { PARTITIONS: '3' };
    const { config } = await load({ file, environment }, { '/s': { text: 'k=hunter2' } });
    assert.equal(config.get('ssl.key.password'), 'hunter2');
    assert.equal(config.numPartitions, 3);
    for (const { value, isSensitive, synonyms } of config.describe(['ssl.key.password', 'num.partitions'])) {
      assert.deepEqual([value, isSensitive, synonyms[0]!.value], [null, true, null]);
    }
    config.update(new Map(), new Map([['message.max.bytes', '5000']]));
    assert.equal(config.describe(['message.max.bytes'])[0]!.value, '5000');
  });

  it('is named by its reference where it is wrong', async () => {
    const settings = ['num.partitions=${env:A}', 'listeners=${env:B}', 'process.roles=${env:C}'];
    const environment = { A: 'seven', B: 'PLAINTEXT:/s3cret', C: 'dishwasher' };
    assert.equal(
      await problemsOf({ settings: settings.slice(0, 1), environment }),
      'Invalid value ${env:A} for configuration num.partitions: expected a whole number of 32 bits of at least 1',
    );
    const all = `${await problemsOf({ settings: [settings[1]!], environment })}\n${await problemsOf({ settings, environment })}`;
    for (const value of Object.values(environment)) assert.ok(!all.includes(value), all);
    assert.match(all, /\$\{env:B\} for configuration listeners/);
    assert.match(all, /\$\{env:C\} for configuration process\.roles/);
  });

  it('stops the start when it is not where it should be', async () => {
    assert.equal(
      await problemsOf({ settings: ['ssl.key.password=${env:NOWHERE}'] }),
      'The value ${env:NOWHERE} of configuration ssl.key.password leads nowhere: the environment has no variable NOWHERE',
    );
  });

  it('is not repeated when --set is written in another way', async () => {
    assert.equal(
      await problemsOf({ settings: ['ssl.key.password:hunter2'] }),
      'Invalid value "ssl.key.password" for --set: expected KEY=VALUE, as in num.partitions=3',
    );
  });

  it('is whatever is a password, or nobody knows', () => {
    const secrets = ['ssl.key.password', 'listener.name.a.plain.sasl.jaas.config', 'vault.token'];
    for (const name of [...secrets, 'constructor', '__proto__']) assert.ok(isSecretName(name), name);
    for (const name of ['num.partitions', 'retention.ms', 'share.auto.offset.reset'])
      assert.ok(!isSecretName(name), name);
  });
});

describe('a start warns', () => {
  const aboutSecrets = async (...input: Parameters<typeof load>) =>
    (await load(...input)).warnings.filter((line) => /every user/.test(line));

  it('of files with secrets that every user can read, with what mends it', async () => {
    const open = { read: true, write: false };
    const files = { 'server.properties': open, '/key.p12': open, '/pw': { ...open, text: 'x' } };
    const file = configFile(
      'ssl.keystore.location=/key.p12\nssl.keystore.password=${file:/pw}\nssl.key.password=x\n',
    );
    assert.deepEqual(await aboutSecrets({ file }, files), [
      'every user of this machine can read server.properties, which holds ssl.key.password: chmod 600 server.properties',
      'every user of this machine can read /pw, which holds secrets of the configuration: chmod 600 /pw',
      'every user of this machine can read /key.p12, which holds ssl.keystore.location: chmod 600 /key.p12',
    ]);
    const changeable = { '/pw': { text: 'x', write: true } };
    const settings = ['ssl.keystore.password=${file:/pw}'];
    assert.match((await aboutSecrets({ settings }, changeable))[0]!, /can change \/pw/);
  });

  it('of nothing where there is no secret or nobody else', async () => {
    const open = { read: true, write: true };
    const files = { 'server.properties': open, '/run/secrets/pw': { ...open, text: 'x' } };
    const file = configFile('num.partitions=3\nssl.key.password=${file:/run/secrets/pw}\n');
    assert.deepEqual(await aboutSecrets({ file }, files), []);
  });

  it('of secrets on the command line', async () => {
    assert.match(
      (await aboutSecrets({ settings: ['ssl.key.password=x'] })).join('\n'),
      /^ssl\.key\.password stands on the command line, [^\n]*--set 'ssl\.key\.password=\$\{file:/,
    );
  });

  it('once of all listeners that let strangers in', async () => {
    const warningsOf = async (listeners: string) =>
      (await load({ settings: [`listeners=${listeners}`] })).warnings.filter((line) =>
        /whoever reaches/.test(line),
      );
    assert.deepEqual(await warningsOf('PLAINTEXT://127.0.0.1:9092'), []);
    assert.deepEqual(await warningsOf('PLAINTEXT://[::1]:9092,SASL_PLAINTEXT://:9093'), []);
    assert.deepEqual(await warningsOf('PLAINTEXT://:9092,SSL://10.0.0.1:9093'), [
      'whoever reaches 0.0.0.0:9092, 10.0.0.1:9093 may read, write and administer everything, because nobody has to log in there: `moldau security init` sets up logins and encryption, --listen 127.0.0.1:9092 keeps others out',
    ]);
  });

  it('of no listener where access rules confine strangers', async () => {
    const authorizer = 'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer';
    const countOf = async (...settings: string[]) =>
      (await load({ settings: ['listeners=PLAINTEXT://:9092', ...settings] })).warnings.length;
    assert.equal(await countOf(authorizer), 0);
    assert.equal(await countOf(authorizer, 'allow.everyone.if.no.acl.found=true'), 1);
  });
});
