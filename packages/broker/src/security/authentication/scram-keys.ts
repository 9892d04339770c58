// What SCRAM computes (RFC 5802): the keys that brokers keep of a password, and what client and server prove with them.
//
// Salting a password takes thousands of hashes on purpose and is done on a thread; all else, and so every login with keys that are kept, is
// a few hashes.

import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ScramMechanismType } from '@moldau/metadata';

export interface ScramMechanism {
  /** As clients ask for it. */
  readonly name: 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  /** Kafka's number for it. */
  readonly type: number;
  readonly hash: 'sha256' | 'sha512';
  readonly keyBytes: number;
}

export const SCRAM_MECHANISMS: readonly ScramMechanism[] = [
  { name: 'SCRAM-SHA-256', type: ScramMechanismType.SCRAM_SHA_256, hash: 'sha256', keyBytes: 32 },
  { name: 'SCRAM-SHA-512', type: ScramMechanismType.SCRAM_SHA_512, hash: 'sha512', keyBytes: 64 },
];

/** Fewer are refused by clients, too. */
export const MIN_ITERATIONS = 4096;
/** Of new credentials, as in Kafka. */
export const MAX_ITERATIONS = 16_384;

/** What is kept of a salted password. */
export interface ScramKeys {
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const SALT_BITS = 130;
export const SALT_SEED_BYTES = 17;

const deriveKey = promisify(pbkdf2);

/** A salt as Kafka's own tools make them, a number written to the base of 36, from random bytes. */
export function saltFrom(seed: Buffer): Buffer {
  const number = BigInt.asUintN(SALT_BITS, BigInt(`0x${seed.toString('hex')}`));
  return Buffer.from(number.toString(36));
}

export function saltPassword(
  { hash, keyBytes }: ScramMechanism,
  password: string,
  salt: Buffer,
  iterations: number,
): Promise<Buffer> {
  return deriveKey(password, salt, iterations, keyBytes, hash);
}

export function scramKeys({ hash }: ScramMechanism, saltedPassword: Buffer): ScramKeys {
  const clientKey = createHmac(hash, saltedPassword).update('Client Key').digest();
  return {
    storedKey: createHash(hash).update(clientKey).digest(),
    serverKey: createHmac(hash, saltedPassword).update('Server Key').digest(),
  };
}

/** Whether who made the proof knows the password. Takes the same time whatever is wrong with it. */
export function isProofRight(
  { hash, keyBytes }: ScramMechanism,
  storedKey: Buffer,
  authMessage: string,
  proof: Buffer,
): boolean {
  const signature = createHmac(hash, storedKey).update(authMessage).digest();
  const clientKey = Buffer.alloc(keyBytes);
  for (let at = 0; at < keyBytes; at += 1) clientKey[at] = signature[at]! ^ proof[at]!;
  return timingSafeEqual(createHash(hash).update(clientKey).digest(), storedKey);
}

/** By which the server proves that it knows the password as well. */
export function serverSignature({ hash }: ScramMechanism, serverKey: Buffer, authMessage: string): Buffer {
  return createHmac(hash, serverKey).update(authMessage).digest();
}
