// References to files and variables in configuration, by the cases that people write and those that lead nowhere.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how references are written.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ReferenceSources, resolveReferences } from './config-providers.ts';

const CLASSES = 'org.apache.kafka.common.config.provider';

function fakeSources(
  files: Record<string, string>,
  environment: Record<string, string> = {},
): ReferenceSources & { reads: string[] } {
  const reads: string[] = [];
  return {
    environment,
    reads,
    async readFile(path) {
      reads.push(path);
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('secret things'), { code: 'ENOENT' });
      if (text === 'folder') throw Object.assign(new Error('secret things'), { code: 'EISDIR' });
      return Buffer.from(text);
    },
  };
}

function resolved(
  values: Record<string, string>,
  files: Record<string, string> = {},
  environment: Record<string, string> = {},
) {
  return resolveReferences(new Map(Object.entries(values)), fakeSources(files, environment));
}

async function textOf(
  text: string,
  files?: Record<string, string>,
  environment?: Record<string, string>,
): Promise<string | undefined> {
  const { values, problems } = await resolved({ key: text }, files, environment);
  assert.deepEqual(problems, []);
  return values.get('key');
}

async function problemOf(text: string, files?: Record<string, string>, others: Record<string, string> = {}) {
  const { problems } = await resolved({ ...others, key: text }, files);
  assert.equal(problems.length, 1, problems.join('\n'));
  return problems[0]!;
}

describe('references in values', () => {
  it('lead to a key of a properties file', async () => {
    const files = { '/s/p.properties': '# comment\nuser=alice\npass\\ word = a\\=b\\u0041 \n' };
    assert.equal(await textOf('${file:/s/p.properties:user}', files), 'alice');
    assert.equal(await textOf('${file:/s/p.properties:pass word}', files), 'a=bA ');
  });

  it('lead to all of a file, without the line break at its end', async () => {
    const files = { '/run/secrets/pw': 'hunter2\n', '/run/secrets/pem': 'a\nb\r\n' };
    assert.equal(await textOf('${file:/run/secrets/pw}', files), 'hunter2');
    assert.equal(await textOf('${dir:/run/secrets:pem}', files), 'a\nb');
  });

  it('lead to a variable', async () => {
    assert.equal(await textOf('${env:PW}', {}, { PW: 'hunter2' }), 'hunter2');
    assert.equal(await textOf('${env:PW}', {}, { PW: '' }), '');
  });

  it('stand anywhere in a value, as often as needed, and read each file once', async () => {
    const values = new Map([
      ['a', 'user="${file:/f:u}" password="${file:/f:p}" realm=${env:R};'],
      ['b', '${file:/f:u}'],
    ]);
    const sources = fakeSources({ '/f': 'u=alice\np=$&$1\n' }, { R: 'x' });
    const { values: found, written, files } = await resolveReferences(values, sources);
    assert.equal(found.get('a'), 'user="alice" password="$&$1" realm=x;');
    assert.deepEqual(sources.reads, ['/f']);
    assert.deepEqual(files, ['/f']);
    assert.deepEqual(written, values);
  });

  it('are not followed where they were read', async () => {
    assert.equal(await textOf('${env:A}', {}, { A: '${env:B}', B: 'b' }), '${env:B}');
  });

  it('of a provider that nobody declared are texts', async () => {
    const { values, written } = await resolved({ key: '${vault:/a:b} ${x} $1' });
    assert.equal(values.get('key'), '${vault:/a:b} ${x} $1');
    assert.equal(written.size, 0);
  });

  it("use the names that config.providers gives to Kafka's classes", async () => {
    const { values, problems } = await resolved(
      {
        'config.providers': 'secrets, mounted,vars',
        'config.providers.secrets.class': `${CLASSES}.FileConfigProvider`,
        'config.providers.mounted.class': `${CLASSES}.DirectoryConfigProvider`,
        'config.providers.vars.class': `${CLASSES}.EnvVarConfigProvider`,
        a: '${secrets:/f:k}',
        b: '${mounted:/d:k}',
        c: '${vars:K}',
      },
      { '/f': 'k=1', '/d/k': '2' },
      { K: '3' },
    );
    assert.deepEqual(
      [...problems, ...values],
      [
        ['a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
    );
  });

  it('of a provider of another class stop the start', async () => {
    const { problems } = await resolved({
      'config.providers': 'vault,other',
      'config.providers.vault.class': 'com.example.Vault',
    });
    assert.match(
      problems[0]!,
      /config\.providers\.vault\.class is "com\.example\.Vault": expected one of File/,
    );
    assert.match(problems[1]!, /config\.providers\.other\.class is not set/);
  });

  it('that lead nowhere are named with what is missing', async () => {
    assert.equal(
      await problemOf('${file:/nowhere:key}'),
      'The value ${file:/nowhere:key} of configuration key leads nowhere: there is no file /nowhere',
    );
    const file = { '/f': 'password=x', '/d': 'folder' };
    assert.match(
      await problemOf('${file:/f:pasword}', file),
      /\/f has no key pasword \(did you mean password\?\)$/,
    );
    assert.match(await problemOf('${file:/d}', file), /\/d is a folder$/);
    assert.match(await problemOf('${env:NOWHERE}'), /the environment has no variable NOWHERE$/);
    assert.match(await problemOf('${env:a:b}'), /expected the name of a variable alone/);
    assert.match(await problemOf('${dir:/d}'), /expected a folder and a file in it/);
    assert.match(await problemOf('${dir:/d:../f}', file), /"\.\.\/f" is not the name of a file in \/d$/);
  });

  it('keep within the paths and names that are allowed', async () => {
    const bounds = {
      'config.providers.file.param.allowed.paths': '/run/secrets,/etc/kafka/one',
      'config.providers.env.param.allowlist.pattern': 'KAFKA_.*',
    };
    const files = { '/run/secrets/a': 'a', '/run/secrets-of-others/a': 'b', '/etc/shadow': 'c' };
    const { values } = await resolved({ ...bounds, key: '${file:/run/secrets/a}' }, files);
    assert.equal(values.get('key'), 'a');
    for (const path of ['/run/secrets-of-others/a', '/run/secrets/../../etc/shadow', '/etc/kafka/one1'])
      assert.match(await problemOf(`\${file:${path}}`, files, bounds), /allowed\.paths does not allow/);
    assert.match(await problemOf('${env:HOME}', {}, bounds), /allowlist\.pattern does not allow HOME$/);
  });

  it('stand in messages in place of what they led to', async () => {
    const values = { key: '${env:N}', jaas: 'password="${env:PW}"' };
    const { hide } = await resolved(values, {}, { N: '3', PW: 'hunter2' });
    assert.equal(
      hide('Invalid value "3" for configuration key: expected 30'),
      'Invalid value ${env:N} for configuration key: expected 30',
    );
    assert.equal(hide('cannot read password="hunter2"'), 'cannot read password="${env:PW}"');
  });
});
