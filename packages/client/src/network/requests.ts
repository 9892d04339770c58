// The requests of one connection: those on their way, in the order in which they will be answered, and their deadlines.
//
// Invariants: each request settles once. One timer serves all of a connection's deadlines. A request whose caller has gone keeps its place, for its
// answer still comes; when none comes for as long as any request may take, the connection is of no use and `onSilence` is told.

import type { Clock, Timer, Timers } from '@moldau/io';
import type { Message } from '@moldau/protocol';
import { type KafkaError, TimeoutError } from '../errors/kafka-error.ts';

export interface PendingRequest {
  readonly correlationId: number;
  readonly response: Message<unknown, never>;
  readonly version: number;
  /** What to send; held back while the login is renewed. */
  readonly chunks: Uint8Array[];
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  /** Until when the connection may be silent about it. */
  patienceMs: number;
  readonly resolve: (answer: unknown, answerBytes: number) => void;
  readonly reject: (reason: unknown) => void;
  isSettled: boolean;
  signal: AbortSignal | undefined;
  aborted: (() => void) | undefined;
  next: PendingRequest | undefined;
}

export interface RequestsOptions {
  readonly address: string;
  readonly clock: Clock;
  readonly timers: Timers;
  onSilence(error: TimeoutError): void;
}

export class Requests {
  readonly #options: RequestsOptions;
  #first: PendingRequest | undefined;
  #last: PendingRequest | undefined;
  #count = 0;
  /** Not sent yet. */
  #held: PendingRequest[] = [];
  #timer: Timer | undefined;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Requests whose answers have not come, those held back included. */
  get count(): number {
    return this.#count + this.#held.length;
  }

  /** It is sent now, after all that were added before. */
  add(request: PendingRequest): void {
    if (this.#last === undefined) this.#first = request;
    else this.#last.next = request;
    this.#last = request;
    this.#count++;
    this.#watch(request);
  }

  /** It is to be sent later. */
  hold(request: PendingRequest): void {
    this.#held.push(request);
    this.#watch(request);
  }

  /** Those held back whose callers still wait, for sending: the broker's time begins now. */
  release(): PendingRequest[] {
    const nowMs = this.#options.clock.monotonicMs();
    const held = this.#held.filter(({ isSettled }) => !isSettled);
    this.#held = [];
    for (const request of held) request.patienceMs += nowMs - (request.deadlineMs - request.timeoutMs);
    return held;
  }

  /** The request that the next answer belongs to; undefined when none is awaited. */
  next(): PendingRequest | undefined {
    return this.#first;
  }

  /** The first has been answered. */
  shift(): void {
    const first = this.#first!;
    this.#first = first.next;
    if (this.#first === undefined) this.#last = undefined;
    first.next = undefined;
    this.#count--;
  }

  /** Ends all of them, and the watch over them. */
  fail(error: KafkaError): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAtMs = Number.NEGATIVE_INFINITY;
    const held = this.release();
    let request = this.#first;
    this.#first = undefined;
    this.#last = undefined;
    this.#count = 0;
    for (; request !== undefined; request = request.next) rejectRequest(request, error);
    for (const each of held) rejectRequest(each, error);
  }

  #watch(request: PendingRequest): void {
    if (request.signal !== undefined) this.#listen(request, request.signal);
    if (request.deadlineMs < this.#timerAtMs) this.#arm(request.deadlineMs);
  }

  #listen(request: PendingRequest, signal: AbortSignal): void {
    request.aborted = () => rejectRequest(request, signal.reason);
    if (signal.aborted) request.aborted();
    else signal.addEventListener('abort', request.aborted, { once: true });
  }

  #arm(atMs: number): void {
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#options.timers.after(atMs - this.#options.clock.monotonicMs(), this.#sweep);
  }

  readonly #sweep = (): void => {
    this.#timer = undefined;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#options.clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const request of this.#held) {
      if (!request.isSettled && request.deadlineMs <= nowMs) rejectRequest(request, this.#unsent(request));
      if (!request.isSettled) nextMs = Math.min(nextMs, request.deadlineMs);
    }
    for (let request = this.#first; request !== undefined; request = request.next) {
      nextMs = Math.min(nextMs, this.#check(request, nowMs));
      if (request.patienceMs <= nowMs) {
        this.#options.onSilence(this.#late(request));
        return;
      }
    }
    if (nextMs < Number.POSITIVE_INFINITY) this.#arm(nextMs);
  };

  /** Returns when to look at it again. */
  #check(request: PendingRequest, nowMs: number): number {
    if (!request.isSettled && request.deadlineMs <= nowMs) rejectRequest(request, this.#late(request));
    return request.isSettled ? request.patienceMs : request.deadlineMs;
  }

  #late({ response, timeoutMs }: PendingRequest): TimeoutError {
    const { address: broker } = this.#options;
    const name = response.name.replace(/Response$/, '');
    return new TimeoutError(
      `${broker}: the broker did not answer ${name} within ${Math.round(timeoutMs)} ms.`,
      {
        broker,
      },
    );
  }

  #unsent({ response, timeoutMs }: PendingRequest): TimeoutError {
    const { address: broker } = this.#options;
    const name = response.name.replace(/Response$/, '');
    const why =
      'the broker throttles this client, for its quota is used up, or takes long to renew its login';
    return new TimeoutError(
      `${broker}: ${name} could not be sent within ${Math.round(timeoutMs)} ms: ${why}.`,
      {
        broker,
      },
    );
  }
}

export function resolveRequest(request: PendingRequest, answer: unknown, answerBytes: number): void {
  if (settle(request)) request.resolve(answer, answerBytes);
}

export function rejectRequest(request: PendingRequest, reason: unknown): void {
  if (settle(request)) request.reject(reason);
}

function settle(request: PendingRequest): boolean {
  if (request.isSettled) return false;
  request.isSettled = true;
  if (request.signal !== undefined) {
    if (request.aborted !== undefined) request.signal.removeEventListener('abort', request.aborted);
    request.signal = undefined;
  }
  return true;
}
