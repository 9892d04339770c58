// A connection by which a stranger asks, without a client's machinery and without a login: what a port really says, one question at a time.
//
// Invariant: it ends by itself after a few seconds, and keeps no more than one answer.

import type { Connection, Network, Timer, Timers, TlsClientOptions } from '@moldau/io';
import { encodeRequestFrame, type Message, responseHeaderVersion } from '@moldau/protocol';

const TIMEOUT_MS = 3000;
const FRAME_SIZE_BYTES = 4;
/** What says to be larger is no answer of a broker: it is how HTTP and TLS begin. */
const MOST_ANSWER_BYTES = 64 * 2 ** 20;

export interface StrangerPorts {
  readonly network: Pick<Network, 'dial'>;
  readonly timers: Timers;
}

export class Stranger {
  readonly #connection: Connection;
  readonly #inbox: Inbox;
  readonly #deadline: Timer;
  #correlationId = 0;

  private constructor(connection: Connection, inbox: Inbox, timers: Timers) {
    this.#connection = connection;
    this.#inbox = inbox;
    this.#deadline = timers.after(TIMEOUT_MS, () => this.close());
  }

  static async dial(
    address: { readonly host: string; readonly port: number },
    tls: TlsClientOptions | undefined,
    { network, timers }: StrangerPorts,
  ): Promise<Stranger> {
    const inbox = new Inbox();
    const options = { ...address, timeoutMs: TIMEOUT_MS, ...(tls === undefined ? {} : { tls }) };
    const connection = await network.dial(options, {
      readBuffer: () => undefined,
      bytesRead() {},
      received: (bytes) => inbox.add(bytes),
      drained() {},
      closed: () => inbox.close(),
    });
    return new Stranger(connection, inbox, timers);
  }

  /** undefined when the other side hangs up instead of answering, says nothing in time, or says what is no answer. */
  async ask<Input, Value>(
    request: Message<unknown, Input>,
    response: Message<Value, never>,
    version: number,
    body: Input,
  ): Promise<Value | undefined> {
    const correlationId = ++this.#correlationId;
    this.#connection.write(encodeRequestFrame(request, version, correlationId, 'moldau-stranger', body));
    const frame = await this.#inbox.frame();
    if (frame === undefined) return undefined;
    const headerBytes = responseHeaderVersion(request.apiKey, version) === 1 ? 5 : 4;
    return response.decode(frame, version, headerBytes);
  }

  /** Says what is no request, and resolves when there are so many bytes of whatever comes back; with fewer at the end. */
  async say(text: string, byteCount: number): Promise<Buffer> {
    this.#connection.write([Buffer.from(text, 'latin1')]);
    return await this.#inbox.first(byteCount);
  }

  /** What came first, be it an answer or not. */
  get firstBytes(): Buffer {
    return this.#inbox.firstBytes;
  }

  close(): void {
    this.#deadline.cancel();
    this.#connection.destroy();
    this.#inbox.close();
  }
}

/** Frames as they arrive. */
class Inbox {
  #bytes = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};
  firstBytes = Buffer.alloc(0);

  add(bytes: Uint8Array): void {
    if (this.firstBytes.length < FRAME_SIZE_BYTES)
      this.firstBytes = Buffer.concat([this.firstBytes, bytes]).subarray(0, FRAME_SIZE_BYTES);
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async frame(): Promise<Buffer | undefined> {
    for (;;) {
      const hasSize = this.#bytes.length >= FRAME_SIZE_BYTES;
      const size = hasSize ? this.#bytes.readUInt32BE(0) : 0;
      if (size > MOST_ANSWER_BYTES) return undefined;
      const end = FRAME_SIZE_BYTES + size;
      if (hasSize && this.#bytes.length >= end) {
        const frame = this.#bytes.subarray(FRAME_SIZE_BYTES, end);
        this.#bytes = this.#bytes.subarray(end);
        return frame;
      }
      if (this.#isClosed) return undefined;
      await this.#more();
    }
  }

  async first(byteCount: number): Promise<Buffer> {
    while (this.#bytes.length < byteCount && !this.#isClosed) await this.#more();
    return this.#bytes.subarray(0, byteCount);
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
