// One request from its arrival until its answer has gone out. It is the context that handlers see, and the place in its connection's queue.

import type { SecurityProtocol } from '../config/listeners.ts';
import type { ConnectionAuthentication } from './authentication.ts';
import type { ClientSoftware, RequestContext } from './request-context.ts';

/** What the network has to know of an API; a handler of the broker is one. */
export interface ServedApi {
  readonly apiKey: number;
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly request: { readonly flexibleSince: number };
  readonly response: { readonly flexibleSince: number };
}

/**
 * Answers one request: `frame` holds it whole and its body starts at `bodyOffset`. The result is the answer's body in pieces (they must not
 * change any more), or undefined when the request wants no answer. A MalformedError, or any other, ends the connection.
 */
export type Dispatch<Api extends ServedApi> = (
  api: Api,
  frame: Buffer,
  bodyOffset: number,
  context: RequestContext,
) => Uint8Array[] | undefined | Promise<Uint8Array[] | undefined>;

/** What all requests of a connection have in common. */
export interface ClientIdentity {
  readonly connectionId: number;
  readonly clientHost: string;
  readonly clientPort: number;
  readonly listenerName: string;
  software: ClientSoftware;
  readonly localAddress: string;
  readonly localPort: number;
  readonly authentication: ConnectionAuthentication;
  isClosed(): boolean;
  onClosed(run: () => void): () => void;
}

const API_VERSIONS_KEY = 18;
const UNSUPPORTED_VERSION = 35;

export class Request<Api extends ServedApi = ServedApi> implements RequestContext {
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly principal: string;
  readonly api: Api;
  /** The bytes, until the request has been started. */
  frame: Buffer | undefined;
  readonly bodyOffset: number;
  readonly chargedBytes: number;
  /** The whole answer as it goes on the wire; empty when none is wanted. Undefined until it is known. */
  answer: Uint8Array[] | undefined;
  answerBytes = 0;
  readonly sizeBytes: number;
  /** The frame is a token without a header, and so is the answer. */
  isBareToken = false;
  throttleMs = 0;
  // Of the monotonic clock. It is answered when its answer is known, and sent after those before it.
  arrivedMs = 0;
  startedMs = 0;
  answeredMs = 0;
  waitedMs = 0;
  readonly #client: ClientIdentity;

  constructor(
    client: ClientIdentity,
    api: Api,
    header: { apiVersion: number; correlationId: number; clientId: string | null; bodyOffset: number },
    frame: Buffer,
    chargedBytes: number,
  ) {
    this.#client = client;
    this.api = api;
    this.apiVersion = header.apiVersion;
    this.correlationId = header.correlationId;
    this.clientId = header.clientId;
    this.principal = client.authentication.identity.principal;
    this.bodyOffset = header.bodyOffset;
    this.frame = frame;
    this.sizeBytes = frame.length;
    this.chargedBytes = chargedBytes;
  }

  /** What follows SaslHandshake v0: it stands for a SaslAuthenticate. */
  static ofBareToken<Api extends ServedApi>(
    client: ClientIdentity,
    api: Api,
    frame: Buffer,
    chargedBytes: number,
  ): Request<Api> {
    const header = { apiVersion: 0, correlationId: 0, clientId: null, bodyOffset: 0 };
    const request = new Request(client, api, header, frame, chargedBytes);
    request.isBareToken = true;
    return request;
  }

  /** An ApiVersions of a version that is not served: a newer client learns from its answer, in the oldest form, which it may use. */
  static ofUnknownVersion<Api extends ServedApi>(
    client: ClientIdentity,
    api: Api,
    correlationId: number,
    frame: Buffer,
    chargedBytes: number,
  ): Request<Api> {
    const header = { apiVersion: 0, correlationId, clientId: null, bodyOffset: frame.length };
    const request = new Request(client, api, header, frame, chargedBytes);
    const body = Buffer.alloc(12);
    body.writeInt16BE(UNSUPPORTED_VERSION, 0);
    body.writeInt32BE(1, 2);
    body.writeInt16BE(API_VERSIONS_KEY, 6);
    body.writeInt16BE(api.minVersion, 8);
    body.writeInt16BE(api.maxVersion, 10);
    request.complete([body]);
    return request;
  }

  get apiKey(): number {
    return this.api.apiKey;
  }
  get connectionId(): number {
    return this.#client.connectionId;
  }
  get clientHost(): string {
    return this.#client.clientHost;
  }
  get clientPort(): number {
    return this.#client.clientPort;
  }
  get software(): ClientSoftware {
    return this.#client.software;
  }
  nameSoftware(software: ClientSoftware): void {
    this.#client.software = software;
  }
  get listenerName(): string {
    return this.#client.listenerName;
  }
  get localAddress(): string {
    return this.#client.localAddress;
  }
  get localPort(): number {
    return this.#client.localPort;
  }
  get authentication(): ConnectionAuthentication {
    return this.#client.authentication;
  }
  get securityProtocol(): SecurityProtocol {
    return this.#client.authentication.securityProtocol;
  }
  throttle(durationMs: number): void {
    this.throttleMs = Math.max(this.throttleMs, durationMs);
  }
  waited(durationMs: number): void {
    this.waitedMs += durationMs;
  }
  isClosed(): boolean {
    return this.#client.isClosed();
  }
  onClosed(run: () => void): () => void {
    return this.#client.onClosed(run);
  }

  /** Puts size and response header before the answer's body. */
  complete(body: readonly Uint8Array[] | undefined): void {
    if (body === undefined) {
      this.answer = [];
      return;
    }
    let bodyBytes = 0;
    for (const chunk of body) bodyBytes += chunk.byteLength;
    // ApiVersions keeps the oldest header, so that a client of any age can read it.
    const isFlexible = this.apiVersion >= this.api.response.flexibleSince && this.apiKey !== API_VERSIONS_KEY;
    const head = Buffer.allocUnsafe(this.isBareToken ? 4 : isFlexible ? 9 : 8);
    head.writeInt32BE(head.length - 4 + bodyBytes, 0);
    if (!this.isBareToken) head.writeInt32BE(this.correlationId, 4);
    if (isFlexible) head[8] = 0;
    this.answer = [head, ...body];
    this.answerBytes = head.length + bodyBytes;
  }
}
