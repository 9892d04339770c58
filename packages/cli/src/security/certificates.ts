// Makes a certificate authority and the certificates that it signs: X.509 version 3, ECDSA on P-256 with SHA-256, as
// every TLS client since 2012 takes them (RFC 5280, RFC 5480).
//
// Written here because Node signs but makes no certificates, and a library that does brings twenty packages for this one page.

import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import * as der from './der.ts';
import { ipBytes } from './ip-address.ts';

/** As crypto.generateKeyPairSync makes them. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface Authority extends KeyPair {
  readonly commonName: string;
  readonly certificatePem: string;
}

export interface Issue {
  readonly commonName: string;
  /** A number that no other certificate of the same authority has: 16 random bytes. */
  readonly serial: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const KEY_USAGE = '2.5.29.15';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';

/** Bits of the key's usage, counted from the left, with the count of those unused in the byte. */
const DIGITAL_SIGNATURE = der.bitString(Buffer.of(0b1000_0000), 7);
const SIGNS_CERTIFICATES = der.bitString(Buffer.of(0b0000_0110), 1);
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** An authority that may sign certificates, but no other authorities. */
export function makeAuthority(issue: Issue, keys: KeyPair): Authority {
  const noFurtherAuthorities = der.integer(Buffer.of(0));
  const certificatePem = certificate(issue, keys.publicKey, { ...keys, commonName: issue.commonName }, [
    extension(BASIC_CONSTRAINTS, der.sequence(der.boolean(true), noFurtherAuthorities), 'critical'),
    extension(KEY_USAGE, SIGNS_CERTIFICATES, 'critical'),
  ]);
  return { ...keys, commonName: issue.commonName, certificatePem };
}

/** A certificate for a broker that clients reach by these names and addresses. */
export function issueServerCertificate(
  authority: Authority,
  publicKey: KeyObject,
  issue: Issue & { readonly hosts: readonly string[] },
): string {
  const usages = [SERVER_AUTHENTICATION, CLIENT_AUTHENTICATION].map(der.objectIdentifier);
  return certificate(issue, publicKey, authority, [
    extension(BASIC_CONSTRAINTS, der.sequence(), 'critical'),
    extension(KEY_USAGE, DIGITAL_SIGNATURE, 'critical'),
    extension(EXTENDED_KEY_USAGE, der.sequence(...usages)),
    extension(SUBJECT_ALTERNATIVE_NAME, der.sequence(...issue.hosts.map(generalName))),
  ]);
}

export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Whether a certificate can be made out for it. */
export function isHost(text: string): boolean {
  if (ipBytes(text) !== undefined) return true;
  const isName = /^(\*\.)?(\w([\w-]{0,61}\w)?\.)*\w([\w-]{0,61}\w)?$/.test(text);
  return isName && text.length <= 253 && !/^[\d.]+$/.test(text);
}

function certificate(
  { commonName, serial, notBeforeMs, notAfterMs }: Issue,
  publicKey: KeyObject,
  issuer: { readonly commonName: string; readonly privateKey: KeyObject },
  extensions: readonly Buffer[],
): string {
  const algorithm = der.sequence(der.objectIdentifier(ECDSA_WITH_SHA256));
  const version3 = der.tagged(0, der.integer(Buffer.of(2)), 'constructed');
  const issuerKey = der.sequence(
    der.tagged(0, keyIdentifier(createPublicKey(issuer.privateKey)), 'primitive'),
  );
  const all = der.sequence(
    ...extensions,
    extension(SUBJECT_KEY_IDENTIFIER, der.octetString(keyIdentifier(publicKey))),
    extension(AUTHORITY_KEY_IDENTIFIER, issuerKey),
  );
  const content = der.sequence(
    version3,
    der.integer(serial),
    algorithm,
    name(issuer.commonName),
    der.sequence(der.time(notBeforeMs), der.time(notAfterMs)),
    name(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.tagged(3, all, 'constructed'),
  );
  const signature = sign('sha256', content, issuer.privateKey);
  return pem(der.sequence(content, algorithm, der.bitString(signature)));
}

function name(commonName: string): Buffer {
  return der.sequence(der.set(der.sequence(der.objectIdentifier(COMMON_NAME), der.utf8String(commonName))));
}

function extension(identifier: string, value: Uint8Array, importance?: 'critical'): Buffer {
  const critical = importance === undefined ? [] : [der.boolean(true)];
  return der.sequence(der.objectIdentifier(identifier), ...critical, der.octetString(value));
}

function generalName(host: string): Buffer {
  const address = ipBytes(host);
  return address === undefined
    ? der.tagged(DNS_NAME, Buffer.from(host, 'ascii'), 'primitive')
    : der.tagged(IP_ADDRESS, address, 'primitive');
}

/** The digest by which certificates name keys; nothing depends on its strength. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
