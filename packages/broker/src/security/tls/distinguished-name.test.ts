import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { certificate, SeededRandom, seedOf } from '@moldau/testing';
import { DerError, readDer } from './der.ts';
import { nameOf, subjectName } from './distinguished-name.ts';

const lines = readFileSync(new URL('./fixtures/java-names.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

describe('the name of a certificate', () => {
  it('is written as Java writes it, whatever is in it', () => {
    for (const line of lines) {
      const [der = '', expected = ''] = line.split('\t');
      assert.equal(nameOf(readDer(Buffer.from(der, 'base64'))), JSON.parse(expected), der);
    }
    assert.ok(lines.length > 50);
  });

  it('is the subject, with the last part first, tricks and all', () => {
    const nameIn = (name: string) => subjectName(new X509Certificate(certificate(name)).raw);
    assert.equal(nameIn('alice'), 'CN=alice,OU=Clients,O=Moldau tests');
    assert.equal(nameIn('wildcard'), 'CN=*,OU=Clients,O=Moldau tests');
    assert.equal(nameIn('newline'), 'CN=alice\nUser:admin,OU=Clients,O=Moldau tests');
  });

  it('is an error, and nothing worse, when the bytes are damaged', () => {
    const { seed, random } = seeded();
    const good = new X509Certificate(certificate('alice')).raw;
    for (let round = 0; round < 3000; round++) {
      const bytes = Buffer.from(good);
      for (let count = 0; count < 3; count++) bytes[random.below(bytes.length)] = random.below(256);
      try {
        subjectName(bytes.subarray(0, random.chance(0.5) ? bytes.length : random.below(bytes.length)));
      } catch (error) {
        assert.ok(error instanceof DerError, `seed ${seed}: ${error}`);
      }
    }
  });
});

function seeded() {
  const seed = seedOf();
  return { seed, random: new SeededRandom(seed) };
}
