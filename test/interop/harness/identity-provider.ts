// An identity provider for clients that log in with tokens (OAUTHBEARER): a key made at its start, published on a loopback HTTP endpoint and in a
// file, and a token endpoint that gives every client of the right secret a token of its own name (grant type client_credentials).

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const AUDIENCE = 'moldau-interop';
/** Of every client. */
export const CLIENT_SECRET = 'a-secret-of-clients';
const KEY_ID = 'interop';
const LIFETIME_SECONDS = 600;

export class IdentityProvider {
  readonly #server: Server;
  readonly #privateKey: KeyObject;
  readonly #keySet: string;
  /** What the iss claim says. */
  readonly issuer: string;
  readonly keysUrl: string;
  readonly tokenUrl: string;

  private constructor(server: Server) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const jwk = createPublicKey(pem).export({ format: 'jwk' });
    this.#privateKey = createPrivateKey(pem);
    this.#keySet = JSON.stringify({ keys: [{ ...jwk, kid: KEY_ID, use: 'sig', alg: 'RS256' }] });
    this.#server = server;
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.keysUrl = `${this.issuer}/keys`;
    this.tokenUrl = `${this.issuer}/token`;
    server.on('request', (request, answer) => void this.#answer(request, answer));
  }

  /** On a free port of the loopback interface, unless told which. */
  static async start(port = 0): Promise<IdentityProvider> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new IdentityProvider(server);
  }

  /** What a broker must be told to take these tokens, beside its listeners and mechanisms. */
  brokerSettings(keysUrl = this.keysUrl): string[] {
    return [
      `sasl.oauthbearer.jwks.endpoint.url=${keysUrl}`,
      `sasl.oauthbearer.expected.issuer=${this.issuer}`,
      `sasl.oauthbearer.expected.audience=${AUDIENCE}`,
    ];
  }

  /** Writes the public keys into a folder. Returns the file's URL. */
  writeKeys(directory: string): string {
    const path = join(directory, 'keys.json');
    writeFileSync(path, this.#keySet);
    return pathToFileURL(path).href;
  }

  /** A token as the token endpoint gives it. */
  token(subject: string, lifetimeSeconds = LIFETIME_SECONDS): string {
    const now = Math.floor(Date.now() / 1000);
    const input = [
      { alg: 'RS256', typ: 'JWT', kid: KEY_ID },
      {
        ...{ iss: this.issuer, aud: AUDIENCE, sub: subject, scope: 'all' },
        ...{ iat: now, exp: now + lifetimeSeconds },
      },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${input}.${sign('sha256', Buffer.from(input), this.#privateKey).toString('base64url')}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const send = (status: number, body: object | string) => {
      answer.writeHead(status, { 'content-type': 'application/json' });
      answer.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (request.method === 'GET' && request.url === '/keys') return send(200, this.#keySet);
    if (request.method !== 'POST' || request.url !== '/token') return send(404, { error: 'not_found' });
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    const { id, secret } = credentialsOf(request.headers.authorization, form);
    if (form.get('grant_type') !== 'client_credentials')
      return send(400, { error: 'unsupported_grant_type' });
    if (id === '' || secret !== CLIENT_SECRET) return send(401, { error: 'invalid_client' });
    send(200, { access_token: this.token(id), token_type: 'Bearer', expires_in: LIFETIME_SECONDS });
  }
}

/** From the header, as most clients send them, or from the form. */
function credentialsOf(authorization = '', form: URLSearchParams): { id: string; secret: string } {
  if (!authorization.startsWith('Basic ')) {
    return { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '' };
  }
  const [id = '', ...secret] = Buffer.from(authorization.slice(6), 'base64').toString().split(':');
  return { id, secret: secret.join(':') };
}
