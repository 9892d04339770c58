import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from './finding.ts';
import { pasteable, quoted } from './paste.ts';

function mend(text: string, flags: Parameters<typeof pasteable>[1]): string {
  const finding: Finding = { severity: 'note', check: 'a', subject: 'b', what: 'c', why: 'd', mend: text };
  return pasteable([finding], flags)[0]!.mend;
}

test('commands go to the cluster that was looked at', () => {
  const flags = { brokers: 'k:1,l:2', profile: 'prod', clientConfig: 'my client' };
  assert.equal(
    mend('`moldau topic list` shows it; `ps aux` too', flags),
    "`moldau topic list -b k:1,l:2 --profile prod --client-config 'my client'` shows it; `ps aux` too",
  );
  assert.equal(mend('start it (`moldau server`)', flags), 'start it (`moldau server`)');
  assert.equal(mend('`moldau topic list`', {}), '`moldau topic list`');
});

test('properties go along, but for those that the command has, and secrets', () => {
  const X = ['security.protocol=ssl', 'sasl.password=hunter2', 'client.id=my id', 'ssl.key.pem=abc'];
  const flags = { X };
  const shown = mend('`moldau doctor -X security.protocol=plaintext`', flags);
  assert.equal(
    shown,
    "`moldau doctor -X security.protocol=plaintext -X sasl.password=SECRET -X 'client.id=my id' -X ssl.key.pem=SECRET`",
  );
});

test('words are quoted as shells want it', () => {
  assert.deepEqual([quoted('a-b.c'), quoted('a b'), quoted("it's")], ['a-b.c', "'a b'", "'it'\\''s'"]);
});
