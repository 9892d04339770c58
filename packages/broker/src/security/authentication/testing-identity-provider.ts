// An identity provider for tests: keys made at start, the documents they are published in, and tokens good and bad.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Http, HttpLimits } from '@moldau/io';

export const ISSUER = 'https://login.example.com/';
export const AUDIENCE = 'moldau-cluster';
export const KEYS_URL = 'https://login.example.com/keys';

type Json = Record<string, unknown>;

/** One key pair, as the provider knows it. */
export class SigningKey {
  readonly id: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;

  constructor(id: string, algorithm = 'ES256') {
    this.id = id;
    this.algorithm = algorithm;
    // As text and back, for the key objects that are made directly share their internals.
    const pem = generate(algorithm).privateKey.export({ type: 'pkcs8', format: 'pem' });
    this.privateKey = createPrivateKey(pem);
    this.publicKey = createPublicKey(pem);
  }

  get jwk(): Json {
    const jwk = this.publicKey.export({ format: 'jwk' });
    return { ...jwk, kid: this.id, use: 'sig', alg: this.algorithm };
  }

  /** A token of these claims, signed with this key, whatever the header says. */
  token(claims: Json, header: Json = {}): string {
    const input = `${encoded({ alg: this.algorithm, typ: 'JWT', kid: this.id, ...header })}.${encoded(claims)}`;
    return `${input}.${this.#signature(input)}`;
  }

  #signature(input: string): string {
    const hash = /\d+$/.exec(this.algorithm)?.[0];
    const digest = this.algorithm.startsWith('Ed') ? null : `sha${hash}`;
    const padding = this.algorithm.startsWith('PS') ? { padding: 6, saltLength: Number(hash) / 8 } : {};
    return sign(digest, Buffer.from(input), {
      key: this.privateKey,
      dsaEncoding: 'ieee-p1363',
      ...padding,
    }).toString('base64url');
  }
}

function generate(algorithm: string): { privateKey: KeyObject } {
  if (algorithm === 'Ed25519' || algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
  const namedCurve = curves[algorithm];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

export function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function keySet(...keys: readonly SigningKey[]): string {
  return JSON.stringify({ keys: keys.map((key) => key.jwk) });
}

/** Claims that are good for five minutes. */
export function goodClaims(nowMs: number, changes: Json = {}): Json {
  const now = Math.floor(nowMs / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: 'alice', iat: now, exp: now + 300, scope: 'produce', ...changes };
}

/** Answers as it is told, and counts who asked. */
export class FakeHttp implements Http {
  readonly requests: string[] = [];
  /** The document, or what goes wrong. */
  answer: string | Error;
  /** While it is set, answers wait for it. */
  delay: Promise<void> | undefined;

  constructor(answer: string | Error) {
    this.answer = answer;
  }

  async get(url: URL, _limits: HttpLimits): Promise<Buffer> {
    this.requests.push(url.href);
    await this.delay;
    if (this.answer instanceof Error) throw this.answer;
    return Buffer.from(this.answer);
  }

  post(url: URL, _document: unknown, limits: HttpLimits): Promise<Buffer> {
    return this.get(url, limits);
  }
}
