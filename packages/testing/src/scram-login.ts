// Logs a raw client in with SCRAM-SHA-512 (RFC 5802), as an honest client does it.

import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import {
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '@moldau/protocol';
import type { RawClient } from './raw-client.ts';

const MECHANISM = 'SCRAM-SHA-512';
const HASH = 'sha512';
const HASH_BYTES = 64;
const HEADER = 'n,,';
const NONCE = 'rOprNGfwEbeRWgbNEkqO';

/** A client that logs in often keeps what costs it much: it depends on the password, the salt and the iterations alone. */
const saltedPasswords = new Map<string, Buffer>();

/** Rejects with what the broker says when it refuses, and when the broker cannot prove that it knows the user. */
export async function logInWithScram(client: RawClient, user: string, password: string): Promise<void> {
  const handshake = { mechanism: MECHANISM };
  const { errorCode } = await client.request(saslHandshakeRequest, saslHandshakeResponse, 1, handshake);
  if (errorCode !== 0) throw new Error(`the broker does not know ${MECHANISM}: error ${errorCode}`);
  const first = `n=${user},r=${NONCE}`;
  const challenge = await send(client, HEADER + first);
  const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]*),i=(\d+)$/.exec(challenge)!;
  const withoutProof = `c=${Buffer.from(HEADER).toString('base64')},r=${nonce}`;
  const message = `${first},${challenge},${withoutProof}`;
  const salted = saltedPassword(password, salt!, Number(iterations));
  const clientKey = mac(salted, 'Client Key');
  const signature = mac(createHash(HASH).update(clientKey).digest(), message);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
  const last = await send(client, `${withoutProof},p=${proof.toString('base64')}`);
  const expected = mac(mac(salted, 'Server Key'), message);
  if (!timingSafeEqual(Buffer.from(last.replace(/^v=/, ''), 'base64'), expected))
    throw new Error('the broker does not know the password');
}

function saltedPassword(password: string, salt: string, iterations: number): Buffer {
  const key = JSON.stringify([password, salt, iterations]);
  let salted = saltedPasswords.get(key);
  if (salted === undefined) {
    salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), iterations, HASH_BYTES, HASH);
    saltedPasswords.set(key, salted);
  }
  return salted;
}

async function send(client: RawClient, text: string): Promise<string> {
  const request = { authBytes: Buffer.from(text) };
  const answer = await client.request(saslAuthenticateRequest, saslAuthenticateResponse, 1, request);
  if (answer.errorCode !== 0) throw new Error(answer.errorMessage ?? `error ${answer.errorCode}`);
  return answer.authBytes.toString();
}

function mac(key: Buffer, text: string): Buffer {
  return createHmac(HASH, key).update(text).digest();
}
