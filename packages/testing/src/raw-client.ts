// A client that sends what it is told, right or wrong: any API in any version, or any bytes. For tests of the broker.

import { type Connection, nodeNetwork, nodeTimers, type TlsClientOptions } from '@moldau/io';
import { encodeRequestFrame, type Message, responseHeaderVersion } from '@moldau/protocol';
import { apiByKey } from '@moldau/protocol/apis';

const SIZE_BYTES = 4;

export class RawClient {
  #connection: Connection | undefined;
  #parts: Buffer[] = [];
  #frames: Buffer[] = [];
  #waiting: (() => void)[] = [];
  #isClosed = false;
  #nextCorrelationId = 1;
  #resolveClosed: () => void = () => {};
  /** Resolves when the connection has ended, whoever ended it. */
  readonly closed: Promise<void>;
  clientId: string | null = 'raw-client';

  private constructor() {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  static async dial(address: { host?: string; port: number; tls?: TlsClientOptions }): Promise<RawClient> {
    const client = new RawClient();
    const { host = '127.0.0.1', port, tls } = address;
    client.#connection = await nodeNetwork.dial(
      { host, port, timeoutMs: 10_000, ...(tls === undefined ? {} : { tls }) },
      {
        readBuffer: () => undefined,
        bytesRead() {},
        received: (bytes) => client.#received(Buffer.from(bytes)),
        drained: () => client.#wake(),
        closed() {
          client.#isClosed = true;
          client.#resolveClosed();
          client.#wake();
        },
      },
    );
    return client;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes that the broker has not taken yet. */
  get unsentBytes(): number {
    return this.#connection!.unsentBytes;
  }

  send(...bytes: Uint8Array[]): void {
    this.#connection!.write(bytes);
  }

  /** Reads nothing more, so that answers pile up. */
  stopReading(): void {
    this.#connection!.pause();
  }

  resumeReading(): void {
    this.#connection!.resume();
  }

  close(): void {
    this.#connection!.destroy();
  }

  /** Sends a request and returns its answer, decoded. Answers come in order: do not mix with unread ones. */
  async request<Input, Value>(
    request: Message<unknown, Input>,
    response: Message<Value, never>,
    version: number,
    body: Input,
  ): Promise<Value> {
    const correlationId = this.#nextCorrelationId++;
    this.send(...encodeRequestFrame(request, version, correlationId, this.clientId, body));
    return this.answer(response, version, correlationId);
  }

  /** As request, for an API that is only known by its key; the body is not checked by types. */
  async requestByKey(apiKey: number, version: number, body: object): Promise<unknown> {
    const api = apiByKey(apiKey);
    if (api === undefined) throw new Error(`no API has the key ${apiKey}`);
    return this.request(api.request as Message<unknown, never>, api.response, version, body as never);
  }

  /** The next answer, which must be to that request. */
  async answer<Value>(
    response: Message<Value, never>,
    version: number,
    correlationId?: number,
  ): Promise<Value> {
    const frame = await this.frame();
    const got = frame.readInt32BE(0);
    if (correlationId !== undefined && got !== correlationId) {
      throw new Error(`the answer is to request ${got}, not ${correlationId}`);
    }
    return response.decode(frame, version, 4 + responseHeaderVersion(response.apiKey, version));
  }

  /** The next frame without its size. Rejects when the connection ends first, or nothing comes for so long. */
  async frame(timeoutMs = 10_000): Promise<Buffer> {
    let isLate = false;
    const timer = nodeTimers.after(timeoutMs, () => {
      isLate = true;
      this.#wake();
    });
    try {
      for (;;) {
        const frame = this.#frames.shift();
        if (frame !== undefined) return frame;
        if (this.#isClosed) throw new Error('the broker closed the connection');
        if (isLate) throw new Error(`no answer within ${timeoutMs} ms`);
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      timer.cancel();
    }
  }

  /** All bytes that came and made no frame. */
  unframed(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #received(bytes: Buffer): void {
    this.#parts.push(bytes);
    let totalBytes = 0;
    for (const part of this.#parts) totalBytes += part.length;
    let size = this.#frameBytes();
    if (size < 0 || totalBytes < size) return;
    let rest = Buffer.concat(this.#parts);
    for (; size >= 0 && rest.length >= size; size = this.#frameBytes()) {
      this.#frames.push(rest.subarray(SIZE_BYTES, size));
      rest = rest.subarray(size);
      this.#parts = [rest];
    }
    this.#wake();
  }

  /** Of the frame that comes next with its size, or -1 while even that is not here. */
  #frameBytes(): number {
    let head = this.#parts[0];
    if (head !== undefined && head.length < SIZE_BYTES && this.#parts.length > 1) {
      head = Buffer.concat(this.#parts);
      this.#parts = [head];
    }
    return head === undefined || head.length < SIZE_BYTES ? -1 : SIZE_BYTES + head.readUInt32BE(0);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
