// PKCS#12 key stores (RFC 7292): keys with their certificates, and the trust stores that keytool writes, whose certificates have no key. Node opens
// only stores that hold a key, and so none of the latter.
//
// Invariants: nothing is read of a store whose password does not fit (its MAC is checked first). Encryption is that of Java and OpenSSL: PBES2, and
// the triple DES of old; what came before (RC2) is refused with advice.

import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  type KeyObject,
  pbkdf2Sync,
  timingSafeEqual,
} from 'node:crypto';
import {
  children,
  DerError,
  type DerNode,
  DerTag,
  objectIdentifier,
  octets,
  readDer,
  smallInteger,
} from './der.ts';

export class Pkcs12Error extends Error {}

export interface Pkcs12Store {
  readonly keys: readonly KeyObject[];
  /** As DER, in the order of the store. */
  readonly certificates: readonly Buffer[];
}

const Oid = {
  DATA: '1.2.840.113549.1.7.1',
  ENCRYPTED_DATA: '1.2.840.113549.1.7.6',
  KEY_BAG: '1.2.840.113549.1.12.10.1.1',
  SHROUDED_KEY_BAG: '1.2.840.113549.1.12.10.1.2',
  CERTIFICATE_BAG: '1.2.840.113549.1.12.10.1.3',
  NESTED_BAG: '1.2.840.113549.1.12.10.1.6',
  X509_CERTIFICATE: '1.2.840.113549.1.9.22.1',
  PBES2: '1.2.840.113549.1.5.13',
  PBKDF2: '1.2.840.113549.1.5.12',
  PBE_SHA1_3DES: '1.2.840.113549.1.12.1.3',
} as const;

const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
const HMACS: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);
const CIPHERS: ReadonlyMap<string, { name: string; keyBytes: number }> = new Map([
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keyBytes: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keyBytes: 24 }],
  ['2.16.840.1.101.3.4.1.42', { name: 'aes-256-cbc', keyBytes: 32 }],
  ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', keyBytes: 24 }],
]);
const MAX_ITERATIONS = 1_000_000;
const MAX_NESTING = 8;

/** What a derived key is for (RFC 7292, appendix B.3). */
const Purpose = { KEY: 1, IV: 2, MAC: 3 } as const;

/** @throws Pkcs12Error when the password does not fit, or the store cannot be read */
export function readPkcs12(bytes: Buffer, password: string): Pkcs12Store {
  try {
    const [, authSafe, macData] = children(readDer(bytes));
    const safe = dataOf(authSafe);
    if (macData !== undefined) checkMac(macData, safe, password);
    const keys: KeyObject[] = [];
    const certificates: Buffer[] = [];
    for (const part of children(readDer(safe))) {
      const [type] = children(part);
      const contents =
        objectIdentifier(type) === Oid.ENCRYPTED_DATA ? decrypted(part, password) : dataOf(part);
      for (const bag of bagsIn(readDer(contents))) {
        const [kind, holder] = children(bag);
        const [value] = children(holder);
        readBag(objectIdentifier(kind), value, { keys, certificates, password });
      }
    }
    return { keys, certificates };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new Pkcs12Error(`it is damaged, or no PKCS#12 key store: ${error.message}`);
  }
}

function bagsIn(contents: DerNode, depth = 0): DerNode[] {
  if (depth > MAX_NESTING) throw new DerError('its bags are nested too deeply');
  return children(contents).flatMap((bag) => {
    const [kind, holder] = children(bag);
    return objectIdentifier(kind) === Oid.NESTED_BAG ? bagsIn(children(holder)[0]!, depth + 1) : [bag];
  });
}

function readBag(
  kind: string,
  value: DerNode | undefined,
  { keys, certificates, password }: { keys: KeyObject[]; certificates: Buffer[]; password: string },
): void {
  if (value === undefined) throw new DerError('a part of it is missing');
  if (kind === Oid.CERTIFICATE_BAG) {
    const [type, holder] = children(value);
    if (objectIdentifier(type) === Oid.X509_CERTIFICATE) certificates.push(octets(children(holder)[0]));
  } else if (kind === Oid.KEY_BAG) {
    keys.push(createPrivateKey({ key: value.encoded, format: 'der', type: 'pkcs8' }));
  } else if (kind === Oid.SHROUDED_KEY_BAG) {
    const [algorithm, encrypted] = children(value);
    const key = decrypt(algorithm, octets(encrypted), password);
    keys.push(createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  }
}

/** The bytes of a ContentInfo that is not encrypted. */
function dataOf(contentInfo: DerNode | undefined): Buffer {
  const [type, holder] = children(contentInfo);
  if (objectIdentifier(type) !== Oid.DATA) {
    throw new Pkcs12Error(
      'it is protected by a public key, not by a password: make it again with openssl pkcs12 -export',
    );
  }
  return octets(children(holder)[0]);
}

function decrypted(contentInfo: DerNode, password: string): Buffer {
  const [, holder] = children(contentInfo);
  const [, info] = children(children(holder)[0]);
  const [, algorithm, encrypted] = children(info);
  return decrypt(algorithm, octets(encrypted), password);
}

function checkMac(macData: DerNode, safe: Buffer, password: string): void {
  const [digestInfo, salt, iterations] = children(macData);
  const [algorithm, digest] = children(digestInfo);
  const hash = HASHES.get(objectIdentifier(children(algorithm)[0]));
  if (hash === undefined) throw unsupported('its MAC');
  const count = iterations === undefined ? 1 : iterationsOf(iterations);
  // No password may have been written as an empty text, or as none at all.
  const candidates = password === '' ? [bmpPassword(''), Buffer.alloc(0)] : [bmpPassword(password)];
  const fits = candidates.some((candidate) => {
    const key = deriveKey(
      hash,
      candidate,
      octets(salt),
      count,
      Purpose.MAC,
      createHash(hash).digest().length,
    );
    const expected = createHmac(hash, key).update(safe).digest();
    return expected.length === octets(digest).length && timingSafeEqual(expected, octets(digest));
  });
  if (!fits) throw new Pkcs12Error('its password is wrong');
}

function decrypt(algorithm: DerNode | undefined, encrypted: Buffer, password: string): Buffer {
  const [kind, parameters] = children(algorithm);
  const identifier = objectIdentifier(kind);
  let cipher: { name: string; key: Buffer; iv: Buffer };
  if (identifier === Oid.PBES2) cipher = pbes2(parameters, password);
  else if (identifier === Oid.PBE_SHA1_3DES) cipher = pbeSha1(parameters, password);
  else throw unsupported('its encryption');
  try {
    const decipher = createDecipheriv(cipher.name, cipher.key, cipher.iv);
    return Buffer.concat([decipher.update(encrypted), decipher.final()]);
  } catch {
    throw new Pkcs12Error('its password is wrong');
  }
}

function pbes2(parameters: DerNode | undefined, password: string) {
  const [derivation, scheme] = children(parameters);
  const [derivationKind, derivationParameters] = children(derivation);
  if (objectIdentifier(derivationKind) !== Oid.PBKDF2) throw unsupported('its encryption');
  const [salt, iterations, ...rest] = children(derivationParameters);
  const pseudoRandom = rest.find(({ tag }) => tag === DerTag.SEQUENCE);
  const hash = pseudoRandom === undefined ? 'sha1' : HMACS.get(objectIdentifier(children(pseudoRandom)[0]));
  const [cipherKind, iv] = children(scheme);
  const cipher = CIPHERS.get(objectIdentifier(cipherKind));
  if (hash === undefined || cipher === undefined) throw unsupported('its encryption');
  const key = pbkdf2Sync(password, octets(salt), iterationsOf(iterations), cipher.keyBytes, hash);
  return { name: cipher.name, key, iv: octets(iv) };
}

function pbeSha1(parameters: DerNode | undefined, password: string) {
  const [salt, iterations] = children(parameters);
  const derive = (purpose: number, bytes: number) =>
    deriveKey('sha1', bmpPassword(password), octets(salt), iterationsOf(iterations), purpose, bytes);
  return { name: 'des-ede3-cbc', key: derive(Purpose.KEY, 24), iv: derive(Purpose.IV, 8) };
}

/** RFC 7292, appendix B.2. */
function deriveKey(
  hash: string,
  password: Buffer,
  salt: Buffer,
  iterations: number,
  purpose: number,
  bytes: number,
): Buffer {
  const blockBytes = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const diversifier = Buffer.alloc(blockBytes, purpose);
  const mixed = Buffer.concat([repeated(salt, blockBytes), repeated(password, blockBytes)]);
  const parts: Buffer[] = [];
  for (let length = 0; length < bytes; ) {
    let part: Buffer = createHash(hash).update(diversifier).update(mixed).digest();
    for (let round = 1; round < iterations; round++) part = createHash(hash).update(part).digest();
    parts.push(part);
    length += part.length;
    const addend = repeated(part, blockBytes).subarray(0, blockBytes);
    for (let offset = 0; offset < mixed.length; offset += blockBytes) {
      addOneAnd(mixed.subarray(offset, offset + blockBytes), addend);
    }
  }
  return Buffer.concat(parts).subarray(0, bytes);
}

/** To the next multiple of a block; nothing stays nothing. */
function repeated(bytes: Buffer, blockBytes: number): Buffer {
  const length = blockBytes * Math.ceil(bytes.length / blockBytes);
  return length === 0 ? bytes : Buffer.alloc(length, bytes);
}

/** block += addend + 1, both as large numbers. */
function addOneAnd(block: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let index = block.length - 1; index >= 0; index--) {
    carry += block[index]! + addend[index]!;
    block[index] = carry & 0xff;
    carry >>>= 8;
  }
}

/** UTF-16 with a zero at its end. */
function bmpPassword(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf16le').swap16();
}

function iterationsOf(node: DerNode | undefined): number {
  const iterations = smallInteger(node);
  if (iterations < 1 || iterations > MAX_ITERATIONS) throw new DerError('a number in it is out of bounds');
  return iterations;
}

function unsupported(part: string): Pkcs12Error {
  return new Pkcs12Error(
    `${part} is too old, or unknown: write it again with a current keytool -importkeystore -deststoretype PKCS12, or openssl pkcs12`,
  );
}
