// A request as the proxy sees it: its header at once, its body when somebody asks.

import { encodeRequestFrame, type Message, requestHeaderVersion } from '@moldau/protocol';
import { apiByKey } from '@moldau/protocol/apis';
import type { MetRequest } from './fault.ts';

const HEADER_START = 4;
const CLIENT_ID_START = 14;

/** Of a message that is only known by its API's key. */
type AnyBody = Message<object, object>;

export class ProxiedRequest {
  /** With its size in front. */
  readonly frame: Buffer;
  /** The broker that it was sent to. */
  readonly broker: number;
  readonly apiKey: number;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  #body: object | undefined;

  constructor(frame: Buffer, broker: number) {
    this.frame = frame;
    this.broker = broker;
    this.apiKey = frame.readInt16BE(HEADER_START);
    this.version = frame.readInt16BE(HEADER_START + 2);
    this.correlationId = frame.readInt32BE(HEADER_START + 4);
    const clientIdBytes = frame.readInt16BE(HEADER_START + 8);
    this.clientId =
      clientIdBytes < 0 ? null : frame.toString('utf8', CLIENT_ID_START, CLIENT_ID_START + clientIdBytes);
  }

  /** Kafka's name of the API: 'Produce'. */
  get api(): string {
    return apiName(this.apiKey);
  }

  /** For those who wait for a fault. */
  get summary(): MetRequest {
    const { api, version, clientId, broker, frame } = this;
    return { api, version, clientId, broker, bytes: frame.length };
  }

  /** Whether its body can be read here. */
  get isKnown(): boolean {
    return apiByKey(this.apiKey)?.request.supports(this.version) ?? false;
  }

  get body(): object {
    this.#body ??= this.#schema('request').decode(this.frame, this.version, this.#bodyStart);
    return this.#body;
  }

  /** The same request with another body. */
  withBody(body: object): Uint8Array[] {
    const { version, correlationId, clientId } = this;
    return encodeRequestFrame(this.#schema('request'), version, correlationId, clientId, body);
  }

  /** The schema of its answer. */
  get response(): AnyBody {
    return this.#schema('response');
  }

  get #bodyStart(): number {
    const clientIdBytes = Math.max(0, this.frame.readInt16BE(HEADER_START + 8));
    return CLIENT_ID_START + clientIdBytes + (requestHeaderVersion(this.apiKey, this.version) - 1);
  }

  #schema(kind: 'request' | 'response'): AnyBody {
    return apiByKey(this.apiKey)![kind] as unknown as AnyBody;
  }
}

export function apiName(apiKey: number): string {
  return apiByKey(apiKey)?.request.name.replace(/Request$/, '') ?? `API ${apiKey}`;
}
