// One connection to one broker: requests go out pipelined, in the order in which they were made, and answers come back in that order.
//
// Invariants
// - It is handed out when the broker has said what it speaks and, if there is one, the login is done: open() rejects otherwise, within its deadline.
// - Every request settles by its deadline, and at the latest when the connection ends. After a protocol error nothing more is read.
// - What is asked for in one turn of the event loop is sent with one write; records travel as the caller's own memory, uncopied.
// - While a login is renewed (KIP-368) nothing but the login is sent, and while the broker throttles (KIP-219) nothing; what was asked for meanwhile
//   follows.

import type { Connection, Timer } from '@moldau/io';
import { encodeRequestFrame } from '@moldau/protocol';
import { type Dialled, explainFailedDial, explainLost, explainSilence } from '../errors/explanations.ts';
import { ClosedError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { OPTION_WORDS, type SettingWords } from '../errors/setting-words.ts';
import { addressText } from '../options/address.ts';
import { AnswerReader } from './answer-reader.ts';
import type { BrokerApis } from './broker-apis.ts';
import type { ClientApi } from './client-api.ts';
import type { BrokerConnectionOptions, RequestLimits } from './connection-options.ts';
import { decodeAnswer, malformedAnswer, unreadableAnswer } from './decode-answer.ts';
import { explainBadSize, greet } from './greeting.ts';
import { Outbox } from './outbox.ts';
import { type PendingRequest, Requests, rejectRequest, resolveRequest } from './requests.ts';
import { Throttle } from './throttle.ts';
import { within } from './waiting.ts';
import { totalBytes, watchRequest } from './watched-request.ts';

const MAX_CORRELATION_ID = 0x7fffffff;

export class BrokerConnection {
  /** host:port */
  readonly address: string;
  readonly #options: BrokerConnectionOptions;
  readonly #dialled: Dialled;
  readonly #requests: Requests;
  readonly #reader: AnswerReader;
  readonly #outbox = new Outbox();
  readonly #throttle: Throttle;
  #transport: Connection | undefined;
  #apis: BrokerApis | undefined;
  #state: 'greeting' | 'login' | 'open' | 'renewal' = 'greeting';
  /** Set when the connection has ended. */
  #end: KafkaError | undefined;
  #correlationId = 0;
  #answeredCount = 0;
  #renewalTimer: Timer | undefined;
  #renewal: Promise<void> | undefined;
  #lastUsedMs = 0;

  private constructor(options: BrokerConnectionOptions) {
    this.#options = options;
    this.address = addressText(options.address);
    const { advertisedBy, tls, clock, timers, maxAnswerBytes, words = OPTION_WORDS } = options;
    this.#dialled = { address: this.address, isTls: tls !== undefined, advertisedBy, words };
    this.#requests = new Requests({
      ...{ address: this.address, clock, timers },
      onSilence: (error) => this.#finish(explainSilence(this.address, error)),
    });
    this.#throttle = new Throttle({ clock, timers }, () => this.#release());
    this.#reader = new AnswerReader({
      maxAnswerBytes,
      onAnswer: (answer) => this.#onAnswer(answer),
      onBadSize: (size) => this.#finish(explainBadSize(this.#dialled, size, this.#apis === undefined)),
    });
  }

  /** Rejects with a ConnectionError, an AuthenticationError, an UnsupportedVersionError, or the signal's reason. */
  static async open(options: BrokerConnectionOptions, signal?: AbortSignal): Promise<BrokerConnection> {
    const connection = new BrokerConnection(options);
    const abort = (): void => connection.close(new ClosedError());
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await connection.#open(signal);
    } catch (error) {
      connection.close(error instanceof KafkaError ? error : undefined);
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
    return connection;
  }

  /** For errors that tell its user what to change. */
  get words(): SettingWords {
    return this.#dialled.words;
  }

  /** What the broker speaks. */
  get apis(): BrokerApis {
    return this.#apis!;
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** Requests whose answers have not come. */
  get pendingCount(): number {
    return this.#requests.count;
  }

  /** Bytes that the broker has not taken yet. */
  get unsentBytes(): number {
    return this.#transport?.unsentBytes ?? 0;
  }

  /** When the last request was made, by the monotonic clock. */
  get lastUsedMs(): number {
    return this.#lastUsedMs;
  }

  /**
   * Sends a request in the version that `apis.pick` gives. Rejects with a ConnectionError when the connection ends first, with a TimeoutError, with the
   * signal's reason, or with a KafkaError MALFORMED_ANSWER.
   */
  request<Input, Answer>(
    api: ClientApi<Input, Answer>,
    version: number,
    input: Input,
    limits: RequestLimits = {},
  ): Promise<Answer> {
    return this.#ask(api, version, input, limits, this.#isHeld);
  }

  /** A request of the login itself, which is not held back. */
  loginRequest<Input, Answer>(
    api: ClientApi<Input, Answer>,
    version: number,
    input: Input,
    limits: RequestLimits,
  ): Promise<Answer> {
    return this.#ask(api, version, input, limits, false);
  }

  /** Sends a request that is never answered: a Produce with acks=0. Resolves when there is room for more. */
  async post<Input>(api: ClientApi<Input, unknown>, version: number, input: Input): Promise<void> {
    while (this.#isHeld && this.#end === undefined) await (this.#throttle.over ?? this.#renewal);
    if (this.#end !== undefined) throw this.#end;
    const chunks = this.#encode(api, version, input, this.#nextCorrelationId());
    this.#options.instruments?.requestSent(this.#options.broker!, totalBytes(chunks), false);
    this.#outbox.send(chunks);
    this.#lastUsedMs = this.#options.clock.monotonicMs();
    await this.#outbox.drained;
  }

  /** Ends the connection at once; requests on their way are rejected. */
  close(error: KafkaError = new ClosedError()): void {
    this.#finish(error);
  }

  async #open(signal: AbortSignal | undefined): Promise<void> {
    const { network, address, connectTimeoutMs, tls, logIn, clock } = this.#options;
    const deadlineMs = clock.monotonicMs() + connectTimeoutMs;
    const leftMs = (): number => Math.max(1, deadlineMs - clock.monotonicMs());
    this.#lastUsedMs = clock.monotonicMs();
    const options = {
      ...{ host: address.host, port: address.port, timeoutMs: connectTimeoutMs },
      ...(tls === undefined ? {} : { tls }),
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      this.#transport = await network.dial(options, {
        readBuffer: () => this.#reader.place(),
        bytesRead: (count) => this.#reader.filled(count),
        received: (bytes) => this.#reader.received(bytes),
        drained: () => this.#outbox.onDrained(),
        closed: (error) => this.#onClosed(error),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw explainFailedDial(this.#dialled, error);
    }
    if (this.#end !== undefined) {
      this.#transport.destroy();
      throw this.#end;
    }
    this.#outbox.open(this.#transport);
    this.#apis = await greet(this, this.#dialled, { timeoutMs: leftMs() });
    this.#state = 'login';
    if (logIn !== undefined) this.#renewLater(await this.#logIn(leftMs()));
    this.#state = 'open';
    this.#answeredCount = 0;
  }

  #ask<Input, Answer>(
    api: ClientApi<Input, Answer>,
    version: number,
    input: Input,
    { timeoutMs = this.#options.requestTimeoutMs, signal }: RequestLimits,
    isHeld: boolean,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) throw this.#end;
      signal?.throwIfAborted();
      const nowMs = this.#options.clock.monotonicMs();
      const correlationId = this.#nextCorrelationId();
      const chunks = this.#encode(api, version, input, correlationId);
      const watch = watchRequest(this.#options, api, version, chunks);
      const request: PendingRequest = {
        correlationId,
        response: api.response,
        version,
        chunks,
        timeoutMs,
        deadlineMs: nowMs + timeoutMs,
        patienceMs: nowMs + Math.max(timeoutMs, this.#options.requestTimeoutMs),
        resolve: watch === undefined ? (resolve as PendingRequest['resolve']) : watch.answered(resolve),
        reject: watch === undefined ? reject : watch.failed(reject),
        isSettled: false,
        signal,
        aborted: undefined,
        next: undefined,
      };
      this.#lastUsedMs = nowMs;
      if (isHeld) {
        this.#requests.hold(request);
      } else {
        this.#requests.add(request);
        this.#outbox.send(request.chunks);
      }
    });
  }

  #nextCorrelationId(): number {
    this.#correlationId = (this.#correlationId + 1) & MAX_CORRELATION_ID;
    return this.#correlationId;
  }

  #encode<Input>(
    api: ClientApi<Input, unknown>,
    version: number,
    input: Input,
    correlationId: number,
  ): Uint8Array[] {
    return encodeRequestFrame(api.request, version, correlationId, this.#options.clientId, input);
  }

  #onAnswer(answer: Buffer): void {
    const request = this.#requests.next();
    const correlationId = answer.readInt32BE(0);
    if (request?.correlationId !== correlationId) {
      const expected = request === undefined ? 'nothing was asked for' : `${request.correlationId} was due`;
      this.#finish(malformedAnswer(this.address, `an answer to request ${correlationId}, where ${expected}`));
      return;
    }
    this.#requests.shift();
    this.#answeredCount++;
    try {
      if (!request.isSettled) this.#take(request, decodeAnswer(request, answer), answer.length);
    } catch (error) {
      const malformed = unreadableAnswer(this.address, request, error);
      rejectRequest(request, malformed);
      this.#finish(malformed);
    }
  }

  #take(request: PendingRequest, answer: unknown, answerBytes: number): void {
    const { throttleTimeMs = 0 } = answer as { readonly throttleTimeMs?: number };
    if (throttleTimeMs > 0) this.#throttle.begin(throttleTimeMs);
    resolveRequest(request, answer, answerBytes);
  }

  /** Requests wait. */
  get #isHeld(): boolean {
    return this.#state === 'renewal' || this.#throttle.over !== undefined;
  }

  /** Sends those that waited, if nothing more stands in their way. */
  #release(): void {
    if (this.#isHeld || this.#end !== undefined) return;
    for (const request of this.#requests.release()) {
      this.#requests.add(request);
      this.#outbox.send(request.chunks);
    }
  }

  /** The application's token provider has the same deadline. */
  #logIn(timeoutMs: number): Promise<number> {
    const { clock, logIn } = this.#options;
    const { address } = this;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    return within(
      this.#options,
      { deadlineMs },
      logIn!(this, { timeoutMs }),
      () =>
        new TimeoutError(`${address}: the login was not over within ${Math.ceil(timeoutMs)} ms.`, {
          broker: address,
        }),
    );
  }

  #renewLater(lifetimeMs: number): void {
    if (lifetimeMs <= 0) return;
    const { timers, renewalDelayMs } = this.#options;
    this.#renewalTimer = timers.after(renewalDelayMs(lifetimeMs), () => {
      this.#renewal = this.#renew();
    });
  }

  async #renew(): Promise<void> {
    this.#state = 'renewal';
    try {
      await this.#throttle.over;
      const lifetimeMs = await this.#logIn(this.#options.requestTimeoutMs);
      if (this.#end !== undefined) return;
      this.#state = 'open';
      this.#renewLater(lifetimeMs);
      this.#release();
    } catch (error) {
      this.#finish(error instanceof KafkaError ? error : this.#lost(error));
    }
  }

  #lost(cause: unknown): KafkaError {
    const isFirst = this.#answeredCount === 0 && this.#options.logIn === undefined;
    const state = this.#state === 'login' ? 'login' : isFirst ? 'first' : 'later';
    return explainLost(this.#dialled, state, cause);
  }

  #onClosed(error: Error | undefined): void {
    this.#finish(this.#lost(error));
  }

  #finish(error: KafkaError): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#renewalTimer?.cancel();
    this.#throttle.end();
    this.#reader.stop();
    this.#outbox.close();
    this.#transport?.destroy();
    this.#requests.fail(error);
    this.#options.onClosed?.(error);
  }
}
