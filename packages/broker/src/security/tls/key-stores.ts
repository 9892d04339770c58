// Key stores and trust stores of a listener, from files or from the configuration itself. What a file is, its first bytes say: people who renew PEM
// files need not name their type, and Kafka's default, JKS, is what nobody has any more.
//
// Invariant: no message repeats a password, or any part of a key.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Disk } from '@moldau/io';
import { ConfigError } from '../../config/config-error.ts';
import type { BrokerConfigKey } from '../../config/definitions/broker.ts';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import { type PemBlock, pemBlocks } from './pem.ts';
import { Pkcs12Error, readPkcs12 } from './pkcs12.ts';

export type StoreDisk = Pick<Disk, 'readFile' | 'stat'>;

export interface KeyStore {
  /** PEM, not encrypted. */
  readonly key: string;
  /** The listener's own certificate, then those that lead to a root. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
}

const JAVA_MAGICS = [0xfeedfeed, 0xcececece];
const KEY_HINT =
  'set ssl.keystore.location (a PEM or PKCS12 file with the private key and its certificates), or ssl.keystore.key and ssl.keystore.certificate.chain';

export async function readKeyStore(listener: ListenerSecurity, disk: StoreDisk): Promise<KeyStore> {
  const location = textOf(listener, 'ssl.keystore.location');
  const key = textOf(listener, 'ssl.keystore.key');
  const chain = textOf(listener, 'ssl.keystore.certificate.chain');
  checkType(listener, 'ssl.keystore.type');
  if (location !== undefined && (key ?? chain) !== undefined) {
    throw problem(listener, 'it has both ssl.keystore.location and ssl.keystore.key: remove one of them');
  }
  if (key !== undefined || chain !== undefined) {
    if (key === undefined) throw problem(listener, 'it has no ssl.keystore.key to its certificates');
    if (chain === undefined) throw problem(listener, 'it has no ssl.keystore.certificate.chain to its key');
    return fromPem(listener, 'ssl.keystore.key', [
      ...pemBlocks(key).filter(isKey),
      ...pemBlocks(chain).filter(isCertificate),
    ]);
  }
  if (location === undefined) {
    throw problem(listener, `it speaks ${listener.protocol} and has no certificate: ${KEY_HINT}`);
  }
  const what = `ssl.keystore.location=${location}`;
  const bytes = await readStore(listener, what, location, disk);
  const blocks = pemBlocks(bytes.toString('latin1'));
  if (blocks.length > 0) return fromPem(listener, what, blocks);
  const store = openPkcs12(listener, what, bytes, 'ssl.keystore.password');
  const certificates = store.certificates.map((each) => new X509Certificate(each));
  for (const privateKey of store.keys) {
    const own = certificates.find((certificate) => certificate.checkPrivateKey(privateKey));
    if (own !== undefined) return keyStoreOf(privateKey, chainFrom(own, certificates));
  }
  const missing = store.keys.length === 0 ? 'private key' : 'certificate for its private key';
  throw problem(listener, `${what} has no ${missing}`);
}

/** Undefined when none is configured. */
export async function readTrustStore(
  listener: ListenerSecurity,
  disk: StoreDisk,
): Promise<readonly X509Certificate[] | undefined> {
  const location = textOf(listener, 'ssl.truststore.location');
  const inline = textOf(listener, 'ssl.truststore.certificates');
  checkType(listener, 'ssl.truststore.type');
  if (location !== undefined && inline !== undefined) {
    throw problem(
      listener,
      'it has both ssl.truststore.location and ssl.truststore.certificates: remove one of them',
    );
  }
  if (inline !== undefined) {
    return someOf(
      listener,
      'ssl.truststore.certificates',
      certificatesIn(listener, 'ssl.truststore.certificates', pemBlocks(inline)),
    );
  }
  if (location === undefined) return undefined;
  const what = `ssl.truststore.location=${location}`;
  const bytes = await readStore(listener, what, location, disk);
  const blocks = pemBlocks(bytes.toString('latin1'));
  if (blocks.length > 0) return someOf(listener, what, certificatesIn(listener, what, blocks));
  const { certificates } = openPkcs12(listener, what, bytes, 'ssl.truststore.password');
  return someOf(
    listener,
    what,
    certificates.map((each) => new X509Certificate(each)),
  );
}

function problem({ name }: ListenerSecurity, text: string): ConfigError {
  return new ConfigError([`The listener ${name} cannot open: ${text}`]);
}

function textOf(listener: ListenerSecurity, key: BrokerConfigKey): string | undefined {
  const value = listener.get(key);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function checkType(listener: ListenerSecurity, key: 'ssl.keystore.type' | 'ssl.truststore.type'): void {
  const type = listener.get(key);
  if (['PEM', 'PKCS12', 'JKS'].includes(type.toUpperCase())) return;
  throw problem(listener, `${key}=${type} is not known: expected PEM or PKCS12`);
}

async function readStore(
  listener: ListenerSecurity,
  what: string,
  path: string,
  disk: StoreDisk,
): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await disk.readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'this user may not read it',
      EISDIR: 'it is a folder',
    };
    throw problem(listener, `${what}: ${reasons[code ?? ''] ?? `it cannot be read (${code})`}`);
  }
  if (bytes.length >= 4 && JAVA_MAGICS.includes(bytes.readUInt32BE(0))) {
    const target = `${path.replace(/\.(jks|jceks)$/i, '')}.p12`;
    throw problem(
      listener,
      `${what} is in Java's own format, JKS. Convert it with: keytool -importkeystore -srckeystore ${path} -destkeystore ${target} -deststoretype PKCS12`,
    );
  }
  return bytes;
}

function openPkcs12(
  listener: ListenerSecurity,
  what: string,
  bytes: Buffer,
  passwordKey: 'ssl.keystore.password' | 'ssl.truststore.password',
) {
  const password = listener.get(passwordKey);
  try {
    return readPkcs12(bytes, password ?? '');
  } catch (error) {
    if (!(error instanceof Pkcs12Error)) throw error;
    const hint = password === null ? ` (${passwordKey} is not set)` : '';
    throw problem(listener, `${what}: ${error.message}${hint}`);
  }
}

function isKey({ label }: PemBlock): boolean {
  return label.endsWith('PRIVATE KEY');
}

function isCertificate({ label }: PemBlock): boolean {
  return label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE';
}

function fromPem(listener: ListenerSecurity, what: string, blocks: readonly PemBlock[]): KeyStore {
  const keys = blocks.filter(isKey);
  if (keys.length !== 1) throw problem(listener, `${what} has ${keys.length} private keys, expected one`);
  const key = openKey(listener, what, keys[0]!);
  const [own, ...others] = someOf(listener, what, certificatesIn(listener, what, blocks));
  if (!own!.checkPrivateKey(key)) {
    throw problem(listener, `${what}: the private key is not that of the first certificate`);
  }
  return keyStoreOf(key, [own!, ...others]);
}

function openKey(listener: ListenerSecurity, what: string, block: PemBlock): KeyObject {
  const passphrase = listener.get('ssl.key.password');
  const isEncrypted = block.label.startsWith('ENCRYPTED') || block.text.includes('ENCRYPTED');
  if (isEncrypted && passphrase === null) {
    throw problem(listener, `${what}: the private key is encrypted, so ssl.key.password is needed`);
  }
  try {
    return createPrivateKey({ key: block.text, ...(passphrase === null ? {} : { passphrase }) });
  } catch {
    throw problem(
      listener,
      `${what}: the private key cannot be read${isEncrypted ? ', ssl.key.password does not fit' : ''}`,
    );
  }
}

function certificatesIn(
  listener: ListenerSecurity,
  what: string,
  blocks: readonly PemBlock[],
): X509Certificate[] {
  return blocks.filter(isCertificate).map(({ text }, index) => {
    try {
      return new X509Certificate(text);
    } catch {
      throw problem(listener, `${what}: certificate number ${index + 1} in it is damaged`);
    }
  });
}

function someOf(
  listener: ListenerSecurity,
  what: string,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  if (certificates.length > 0) return certificates;
  throw problem(listener, `${what} has no certificates`);
}

function chainFrom(own: X509Certificate, all: readonly X509Certificate[]): KeyStore['chain'] {
  const chain: [X509Certificate, ...X509Certificate[]] = [own];
  for (;;) {
    const last = chain.at(-1)!;
    const issuer = all.find((each) => !chain.includes(each) && last.checkIssued(each));
    if (issuer === undefined) return chain;
    chain.push(issuer);
  }
}

function keyStoreOf(key: KeyObject, chain: KeyStore['chain']): KeyStore {
  return { key: String(key.export({ type: 'pkcs8', format: 'pem' })), chain };
}
