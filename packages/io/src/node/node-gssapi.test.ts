import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GssError } from '../gssapi.ts';
import { nodeGssApi } from './node-gssapi.ts';

test('keys that cannot be had are told of in words, with or without Kerberos on the machine', () => {
  assert.throws(
    () => nodeGssApi.acceptor('kafka/localhost@EXAMPLE.COM', '/does/not/exist/kafka.keytab'),
    (error) => {
      assert.ok(error instanceof GssError);
      assert.match(
        error.message,
        /kafka\.keytab' not found|install MIT Kerberos|npm install koffi|no Kerberos on/,
      );
      return true;
    },
  );
});
