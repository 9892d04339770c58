import assert from 'node:assert/strict';
import test from 'node:test';
import {
  isProofRight,
  SCRAM_MECHANISMS,
  saltFrom,
  saltPassword,
  scramKeys,
  serverSignature,
} from './scram-keys.ts';

const [sha256] = SCRAM_MECHANISMS as [(typeof SCRAM_MECHANISMS)[0]];

/** The example of RFC 7677, section 3. */
const AUTH_MESSAGE =
  'n=user,r=rOprNGfwEbeRWgbNEkqO,' +
  'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
  'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const PROOF = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');

test('computes what the RFC computes', async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  const keys = scramKeys(sha256, await saltPassword(sha256, 'pencil', salt, 4096));
  assert.ok(isProofRight(sha256, keys.storedKey, AUTH_MESSAGE, PROOF));
  const signature = serverSignature(sha256, keys.serverKey, AUTH_MESSAGE);
  assert.equal(signature.toString('base64'), '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('takes no other proof, and none for another message', async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  const { storedKey } = scramKeys(sha256, await saltPassword(sha256, 'pencil', salt, 4096));
  for (let at = 0; at < PROOF.length; at += 1) {
    const proof = Buffer.from(PROOF);
    proof[at] = proof[at]! ^ 1;
    assert.equal(isProofRight(sha256, storedKey, AUTH_MESSAGE, proof), false);
  }
  assert.equal(isProofRight(sha256, storedKey, `${AUTH_MESSAGE} `, PROOF), false);
});

test('makes salts as Kafka’s tools do', () => {
  assert.match(saltFrom(Buffer.alloc(17, 0xff)).toString(), /^[0-9a-z]{26}$/);
});
