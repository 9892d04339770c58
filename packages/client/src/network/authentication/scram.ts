// SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) as a client: it proves that it knows the password without telling it, and demands the same of
// the broker. As in Kafka there is no channel binding, and names and passwords are taken as they come, without SASLprep.

import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '@moldau/io';
import { AuthenticationError } from '../../errors/kafka-error.ts';
import type { SaslExchange } from './sasl.ts';

type Hash = 'sha256' | 'sha512';

const KEY_BYTES = { sha256: 32, sha512: 64 } as const;
const NONCE_BYTES = 24;
const HEADER = 'n,,';
/** The name is a delegation token's id, and the password its hmac (KIP-48). */
const TOKEN_EXTENSION = ',tokenauth=true';
/** Fewer are too easily guessed from; with more, whoever poses as a broker could keep this process busy. */
const MIN_ITERATIONS = 4096;
const MAX_ITERATIONS = 1_000_000;
const CHALLENGE = /^r=([^,]+),s=([A-Za-z0-9+/]+={0,2}),i=(\d{1,9})(?:,|$)/;

const salted = promisify(pbkdf2);

export function scram(
  hash: Hash,
  {
    username,
    password,
    isDelegationToken,
  }: { username: string; password: string; isDelegationToken?: boolean },
  random: Random,
): SaslExchange {
  const nonce = random.bytes(NONCE_BYTES).toString('base64url');
  const name = username.replaceAll('=', '=3D').replaceAll(',', '=2C');
  const bare = `n=${name},r=${nonce}${isDelegationToken === true ? TOKEN_EXTENSION : ''}`;
  let expected: Buffer | undefined;

  const prove = async (challenge: string): Promise<Buffer> => {
    const [, wholeNonce = '', salt = '', iterationsText = ''] = CHALLENGE.exec(challenge) ?? [];
    const iterations = Number(iterationsText);
    if (!wholeNonce.startsWith(nonce) || wholeNonce.length === nonce.length)
      throw distrust('its first SCRAM message does not answer ours');
    if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS)
      throw distrust(
        `it wants ${iterations} iterations, where ${MIN_ITERATIONS} to ${MAX_ITERATIONS} are sane`,
      );
    const withoutProof = `c=${Buffer.from(HEADER).toString('base64')},r=${wholeNonce}`;
    const message = `${bare},${challenge},${withoutProof}`;
    const key = await salted(password, Buffer.from(salt, 'base64'), iterations, KEY_BYTES[hash], hash);
    const clientKey = mac(hash, key, 'Client Key');
    const signature = mac(hash, createHash(hash).update(clientKey).digest(), message);
    expected = mac(hash, mac(hash, key, 'Server Key'), message);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  };

  return {
    first: () => Buffer.from(HEADER + bare),
    next: (challenge) => {
      if (expected === undefined) return prove(challenge.toString());
      const said = Buffer.from(/^v=([^,]*)/.exec(challenge.toString())?.[1] ?? '', 'base64');
      if (said.length !== expected.length || !timingSafeEqual(said, expected))
        throw distrust('it does not know the password itself');
      return undefined;
    },
  };
}

function mac(hash: Hash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}

function distrust(reason: string): AuthenticationError {
  return new AuthenticationError(
    'AUTHENTICATION_FAILED',
    `The login by SCRAM was broken off: what answers there may not be the broker, for ${reason}.`,
  );
}
