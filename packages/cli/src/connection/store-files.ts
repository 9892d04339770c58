// Keys and certificates that properties name files of, as PEM: PEM files as they are, and PKCS#12 stores, as Java's clients have them by default.

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Disk } from '@moldau/io';
import { UsageError } from '../command-line/errors.ts';

/** Properties that name files, and those that hold what is in them. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'ssl.ca.location': ['ssl.ca.pem'],
  'ssl.key.location': ['ssl.key.pem'],
  'ssl.certificate.location': ['ssl.certificate.pem'],
  'ssl.truststore.location': ['ssl.ca.pem'],
  // As Java has it: key and certificates in one file.
  'ssl.keystore.location': ['ssl.key.pem', 'ssl.certificate.pem'],
};
/** Needed to read the files, and nowhere else. Of what type a file is, it says itself. */
const OF_FILES: ReadonlySet<string> = new Set([
  ...['ssl.truststore.type', 'ssl.truststore.password'],
  ...['ssl.keystore.type', 'ssl.keystore.password', 'ssl.key.password'],
]);
const JAVA_MAGICS = [0xfeedfeed, 0xcececece];
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/** The property names a file, or says how one is read. */
export function namesFile(name: string): boolean {
  return name in FILES || OF_FILES.has(name);
}

/** The properties that name files become those that hold what is in them. @throws UsageError */
export async function withFilesRead(
  properties: Readonly<Record<string, string>>,
  disk: Pick<Disk, 'readFile'>,
): Promise<Record<string, string>> {
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties)) {
    const targets = FILES[name];
    if (targets !== undefined) {
      const store = name.replace('.location', '');
      const text = await pemOf(await disk.readFile(value), {
        ...{ place: `${name}=${value}`, path: value, passwordName: `${store}.password` },
        password: properties[`${store}.password`],
      });
      for (const target of targets) read[target] = targets.length === 1 ? text : partOf(text, target);
    } else if (!OF_FILES.has(name)) {
      read[name] = value;
    }
  }
  const { 'ssl.key.pem': key, ...others } = read;
  return key === undefined
    ? others
    : { ...others, 'ssl.key.pem': decrypted(key, properties['ssl.key.password']) };
}

interface StoreFile {
  /** For messages. */
  readonly place: string;
  readonly path: string;
  readonly passwordName: string;
  readonly password: string | undefined;
}

async function pemOf(bytes: Buffer, { place, path, passwordName, password }: StoreFile): Promise<string> {
  if (bytes.length > 4 && JAVA_MAGICS.includes(bytes.readUInt32BE())) {
    const converted = `${path.replace(/\.(jks|keystore|truststore)$/, '')}.p12`;
    throw new UsageError(
      `${place} is a JKS store, which only Java reads. This makes one that everybody does: keytool -importkeystore -srckeystore ${path} -destkeystore ${converted} -deststoretype PKCS12`,
    );
  }
  // What begins so in ASN.1 is a sequence.
  if (bytes[0] !== 0x30) return bytes.toString('utf8');
  if (password === undefined)
    throw new UsageError(`${place} is a PKCS12 store: -X ${passwordName}=... opens it`);
  const { Pkcs12Error, readPkcs12 } = await import('@moldau/broker');
  try {
    const { keys, certificates } = readPkcs12(bytes, password);
    const [key] = keys;
    const known = certificates.map((each) => new X509Certificate(each));
    // The one of the key comes before those that vouch for it.
    const isOwn = (each: X509Certificate): boolean => key !== undefined && each.checkPrivateKey(key);
    const ordered = [...known.filter(isOwn), ...known.filter((each) => !isOwn(each))].map(String);
    return [...(key === undefined ? [] : [key.export({ type: 'pkcs8', format: 'pem' })]), ...ordered].join(
      '\n',
    );
  } catch (error) {
    if (!(error instanceof Pkcs12Error)) throw error;
    throw new UsageError(`${place} cannot be read as PKCS12: ${error.message}`);
  }
}

function partOf(pem: string, target: string): string {
  const isKey = target === 'ssl.key.pem';
  const blocks = pem.match(PEM) ?? [];
  return blocks.filter((block) => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(block) === isKey).join('\n');
}

function decrypted(key: string, passphrase: string | undefined): string {
  if (passphrase === undefined || !/ENCRYPTED/.test(key)) return key;
  try {
    return String(createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' }));
  } catch {
    throw new UsageError('ssl.key.password does not open the private key');
  }
}
