// One client's connection: frames in, answers out.
//
// Invariants
// - Requests are started in the order in which they arrived, and answered in that order, however long each takes. (Kafka takes one at a time; we
//   start the next ones meanwhile, so a client that pipelines is not held up by each fsync.) A Fetch is started only when all before it have been
//   answered: its answer may be large, and only one is to be in the making for each connection.
// - While a login is under way requests are not even looked at before all earlier ones are answered: what they are depends on how it ends.
// - Whoever has not logged in takes no memory from those who have.
// - Reading stops while the client has too much in process, too much unread, or all connections together hold too much, and goes on by itself.
// - Bytes that are no request end the connection, after the answers to what came before them. Nothing a client sends throws out of here.

import type { Clock, Connection, ConnectionHandler, Timer, Timers } from '@moldau/io';
import { MalformedError } from '@moldau/protocol';
import type { ConnectionAuthentication } from './authentication.ts';
import { foreignProtocol } from './foreign-protocol.ts';
import { FrameReader } from './frame-reader.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { NetworkLimits } from './network-limits.ts';
import type { RateLimitedLog } from './rate-limited-log.ts';
import { type ClientIdentity, type Dispatch, Request, type ServedApi } from './request.ts';
import type { ClientSoftware } from './request-context.ts';
import { ClientId, HEADER_START_BYTES, readRequestHeader } from './request-header.ts';

const UNKNOWN_SOFTWARE: ClientSoftware = { name: 'unknown', version: 'unknown' };
const FETCH_KEY = 1;
const SASL_HANDSHAKE_KEY = 17;
const API_VERSIONS_KEY = 18;
const SASL_AUTHENTICATE_KEY = 36;

/** Answers up to this size go out as one piece: copying them costs less than telling the kernel of each. */
const MERGED_BYTES = 16 * 1024;
const MERGED_PIECE_BYTES = 1024;

/** What all connections of a server share. */
export interface ConnectionServices<Api extends ServedApi> {
  readonly apis: ReadonlyMap<number, Api>;
  readonly dispatch: Dispatch<Api>;
  readonly limits: NetworkLimits;
  readonly budget: MemoryBudget;
  /** A small one that those who have not logged in share, so that they can take nothing from the others. */
  readonly loginBudget: MemoryBudget;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: RateLimitedLog;
  /** An answer has been handed to the system. */
  finished(request: Request<Api>, sentMs: number): void;
  /** A login, or the renewal of one, has come to its end. */
  loginEnded(listenerName: string, hasSucceeded: boolean): void;
  closed(connection: ClientConnection<Api>): void;
  /** Those who have not logged in hold all the memory that they may. */
  loginsCrowded(): void;
}

export class ClientConnection<Api extends ServedApi> implements ConnectionHandler, ClientIdentity {
  readonly connectionId: number;
  readonly listenerName: string;
  readonly authentication: ConnectionAuthentication;
  software = UNKNOWN_SOFTWARE;
  readonly remoteAddress: string;
  readonly #services: ConnectionServices<Api>;
  readonly #transport: Connection;
  readonly #reader: FrameReader;
  #budget: MemoryBudget;
  readonly #lastClientId = new ClientId();
  // Requests that have no answer on the wire yet; the first #startedCount of them are in process.
  readonly #queue: Request<Api>[] = [];
  // Frames that arrived while a login was under way.
  readonly #unread: { readonly frame: Buffer; readonly chargedBytes: number }[] = [];
  #startedCount = 0;
  #inProcessCount = 0;
  #requestBytes = 0;
  // Answers that wait for those before them, and what the budget holds for all answers not yet sent.
  #readyBytes = 0;
  #chargedAnswerBytes = 0;
  #isBackedUp = false;
  #isFlushScheduled = false;
  #isReading = true;
  #isWaitingForMemory = false;
  // While this is set nothing is read and no request is started (KIP-219).
  #mute: Timer | undefined;
  #mutedUntilMs = 0;
  // No more requests are taken; the connection closes when the queue is empty.
  #isEnding = false;
  #isClosed = false;
  readonly #closeListeners = new Set<() => void>();
  #lastActivityMs: number;
  #lastUnsentBytes = 0;
  #lastCompletedCount = 0;
  #sameFrameSinceMs = 0;

  constructor(
    services: ConnectionServices<Api>,
    transport: Connection,
    connectionId: number,
    listenerName: string,
    authentication: ConnectionAuthentication,
  ) {
    this.#services = services;
    this.#transport = transport;
    this.connectionId = connectionId;
    this.listenerName = listenerName;
    this.authentication = authentication;
    this.remoteAddress = transport.remoteAddress;
    this.#lastActivityMs = services.clock.monotonicMs();
    this.#sameFrameSinceMs = this.#lastActivityMs;
    this.#budget = authentication.isComplete ? services.budget : services.loginBudget;
    this.#reader = new FrameReader({
      budget: this.#budget,
      maxFrameBytes: () => this.#maxFrameBytes,
      onFrame: (frame, chargedBytes) => this.#arrived(frame, chargedBytes),
      onBadSize: (size, isFirst) => this.#refuseSize(size, isFirst),
    });
  }

  get clientHost(): string {
    return `/${this.#transport.remoteAddress}`;
  }
  get clientPort(): number {
    return this.#transport.remotePort;
  }
  get localAddress(): string {
    return this.#transport.localAddress;
  }
  get localPort(): number {
    return this.#transport.localPort;
  }
  isClosed(): boolean {
    return this.#isClosed;
  }
  onClosed(run: () => void): () => void {
    if (this.#isClosed) {
      run();
      return () => {};
    }
    this.#closeListeners.add(run);
    return () => this.#closeListeners.delete(run);
  }

  /** It has never been logged in. */
  get isStranger(): boolean {
    return this.#budget !== this.#services.budget;
  }

  /** Bytes of the budget that this connection holds. */
  get heldBytes(): number {
    return this.#reader.chargedBytes + this.#requestBytes + this.#chargedAnswerBytes;
  }

  /** Milliseconds since anything moved, or 0 while the client waits for us. */
  idleMs(nowMs: number): number {
    const unsentBytes = this.#isBackedUp ? this.#transport.unsentBytes : 0;
    if (unsentBytes < this.#lastUnsentBytes) this.#lastActivityMs = nowMs;
    this.#lastUnsentBytes = unsentBytes;
    this.#settleAnswers(unsentBytes);
    const isHeldUp = this.#isWaitingForMemory || this.#mute !== undefined;
    return this.#inProcessCount > 0 || isHeldUp ? 0 : nowMs - this.#lastActivityMs;
  }

  /**
   * It is the client that keeps memory busy: it moves nothing for quietMs, neither reading its answers nor sending the rest of a request that
   * we have room for, or it takes longer than frameMs to send one request. To be asked now and then: it remembers the last time.
   */
  isHoldingMemory(nowMs: number, quietMs: number, frameMs: number): boolean {
    if (!this.#reader.isWithinFrame || this.#reader.completedCount !== this.#lastCompletedCount) {
      this.#lastCompletedCount = this.#reader.completedCount;
      this.#sameFrameSinceMs = nowMs;
    }
    if (this.#isWaitingForMemory || this.heldBytes === 0) return false;
    const isQuiet =
      this.#inProcessCount === 0 && this.#mute === undefined && nowMs - this.#lastActivityMs >= quietMs;
    return isQuiet || nowMs - this.#sameFrameSinceMs >= frameMs;
  }

  readBuffer(): Uint8Array | undefined {
    return this.#reader.place();
  }

  bytesRead(count: number): void {
    this.#lastActivityMs = this.#services.clock.monotonicMs();
    this.#reader.filled(count);
    this.#advance();
  }

  received(bytes: Uint8Array): void {
    this.#lastActivityMs = this.#services.clock.monotonicMs();
    if (!this.#isEnding) this.#reader.received(bytes);
    this.#advance();
  }

  drained(): void {
    this.#isBackedUp = false;
    this.#lastActivityMs = this.#services.clock.monotonicMs();
    this.#lastUnsentBytes = 0;
    this.#settleAnswers(0);
    this.#advance();
  }

  closed(_error?: Error): void {
    this.#isClosed = true;
    this.#isEnding = true;
    this.#mute?.cancel();
    this.#budget.forget(this.#onMemory);
    // What is in process keeps its memory until its handler is done; the rest goes now.
    for (const request of this.#queue.splice(this.#startedCount)) this.#releaseRequest(request);
    this.#dropUnread();
    this.#reader.close();
    this.#isBackedUp = false;
    this.#budget.release(this.#chargedAnswerBytes);
    this.#chargedAnswerBytes = 0;
    this.authentication.closed();
    this.#services.closed(this);
    for (const run of this.#closeListeners) {
      this.#closeListeners.delete(run);
      run();
    }
  }

  /** Takes nothing for so long; a time that runs already and ends later stays. */
  mute(durationMs: number): void {
    if (this.#isClosed) return;
    const untilMs = this.#services.clock.monotonicMs() + durationMs;
    if (this.#mute !== undefined && untilMs <= this.#mutedUntilMs) return;
    this.#mute?.cancel();
    this.#mutedUntilMs = untilMs;
    this.#mute = this.#services.timers.after(durationMs, () => {
      this.#mute = undefined;
      this.#lastActivityMs = this.#services.clock.monotonicMs();
      this.#advance();
    });
    this.#setReading(false);
  }

  /** Takes no more requests, lets those in process be answered, then closes. */
  finish(): void {
    for (const request of this.#queue.splice(this.#startedCount)) this.#releaseRequest(request);
    this.#end();
  }

  /** Takes no more requests, and closes once those that have arrived are answered. */
  #end(): void {
    this.#isEnding = true;
    this.#dropUnread();
    this.#setReading(false);
    if (this.#queue.length === 0) this.#transport.close();
  }

  #dropUnread(): void {
    for (const held of this.#unread.splice(0)) this.#releaseRequest(held);
  }

  destroy(): void {
    this.#transport.destroy();
  }

  /** Who this is, for log lines. */
  describe(): object {
    const { connectionId, listenerName, clientHost, clientPort } = this;
    return { connectionId, listenerName, client: `${clientHost.slice(1)}:${clientPort}` };
  }

  #refuseSize(size: number, isFirst: boolean): void {
    const foreign = isFirst ? foreignProtocol(size) : undefined;
    const { log } = this.#services;
    if (foreign === undefined) {
      const fields = { ...this.describe(), sizeBytes: size, allowedBytes: this.#maxFrameBytes };
      const key = this.authentication.isComplete
        ? 'socket.request.max.bytes'
        : 'sasl.server.max.receive.size';
      const advice = size > 0 ? `raise ${key} if the client is right` : 'it is not a Kafka client';
      log.warn('size', fields, `closed a connection that claimed a request of ${size} bytes: ${advice}`);
    } else {
      log.warn(
        foreign.name,
        this.describe(),
        `closed a connection that spoke ${foreign.name}: ${foreign.advice}`,
      );
      if (foreign.answer !== undefined) this.#transport.write([foreign.answer]);
    }
    this.#end();
  }

  /** Ends the connection because of a request; those before it are answered. */
  #refuse(kind: string, fields: object, message: string): void {
    this.#services.log.warn(kind, { ...this.describe(), ...fields }, message);
    this.#end();
  }

  get #maxFrameBytes(): number {
    const { requestMaxBytes } = this.#services.limits;
    return Math.min(this.authentication.maxFrameBytes ?? requestMaxBytes, requestMaxBytes);
  }

  #arrived(frame: Buffer, chargedBytes: number): boolean {
    this.#requestBytes += chargedBytes;
    if (this.#unread.length === 0 && this.#mayParse()) return this.#take(frame, chargedBytes);
    this.#unread.push({ frame, chargedBytes });
    return true;
  }

  /** What the next frame is, and whether it may be, is certain: no login is under way that decides it. */
  #mayParse(): boolean {
    const last = this.#queue.at(-1);
    if (last === undefined) return true;
    return (
      this.authentication.isComplete &&
      last.apiKey !== SASL_HANDSHAKE_KEY &&
      last.apiKey !== SASL_AUTHENTICATE_KEY
    );
  }

  #take(frame: Buffer, chargedBytes: number): boolean {
    const request = this.authentication.expectsBareToken
      ? Request.ofBareToken(this, this.#services.apis.get(SASL_AUTHENTICATE_KEY)!, frame, chargedBytes)
      : this.#parse(frame, chargedBytes);
    if (request === undefined) this.#releaseRequest({ chargedBytes });
    else {
      request.arrivedMs = this.#lastActivityMs;
      this.#queue.push(request);
    }
    return request !== undefined;
  }

  #parse(frame: Buffer, chargedBytes: number): Request<Api> | undefined {
    if (frame.length < HEADER_START_BYTES) {
      this.#refuse(
        'header',
        { sizeBytes: frame.length },
        'closed a connection: a request is too short for its header',
      );
      return undefined;
    }
    const apiKey = frame.readInt16BE(0);
    const apiVersion = frame.readInt16BE(2);
    const correlationId = frame.readInt32BE(4);
    const api = this.#services.apis.get(apiKey);
    if (api === undefined) {
      this.#refuse(
        'api',
        { apiKey, apiVersion },
        'closed a connection: it asked for an API that is not served',
      );
      return undefined;
    }
    const isServed = apiVersion >= api.minVersion && apiVersion <= api.maxVersion;
    if (!isServed && apiKey === API_VERSIONS_KEY)
      return Request.ofUnknownVersion(this, api, correlationId, frame, chargedBytes);
    const refusal = this.authentication.refusal(apiKey, this.#lastActivityMs);
    if (refusal !== undefined) {
      this.#refuse('authentication', { api: api.name, apiVersion }, `closed a connection: ${refusal}`);
      return undefined;
    }
    if (!isServed) {
      const { name, minVersion, maxVersion } = api;
      const fields = { api: name, apiVersion, minVersion, maxVersion };
      this.#refuse('version', fields, 'closed a connection: it used a version of an API that is not served');
      return undefined;
    }
    try {
      const isFlexible = apiVersion >= api.request.flexibleSince;
      const { clientId, bodyOffset } = readRequestHeader(frame, isFlexible, this.#lastClientId);
      return new Request(this, api, { apiVersion, correlationId, clientId, bodyOffset }, frame, chargedBytes);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      this.#refuse(
        'header',
        { api: api.name, apiVersion, reason: error.message },
        'closed a connection: malformed header',
      );
      return undefined;
    }
  }

  #unsentBytes(): number {
    return this.#readyBytes + (this.#isBackedUp ? this.#transport.unsentBytes : 0);
  }

  /** After anything that may allow more: starts requests, sends answers, reads on or stops reading. */
  #advance(): void {
    if (this.#isClosed) return;
    while (this.#unread.length > 0 && this.#mayParse()) {
      const { frame, chargedBytes } = this.#unread.shift()!;
      this.#take(frame, chargedBytes);
    }
    while (this.#startedCount < this.#queue.length && this.#mayStart(this.#queue[this.#startedCount]!)) {
      this.#start(this.#queue[this.#startedCount++]!);
    }
    if (this.#queue[0]?.answer !== undefined) this.#scheduleFlush();
    this.#updateReading();
  }

  #mayStart(request: Request<Api>): boolean {
    const { limits } = this.#services;
    if (this.#startedCount >= limits.requestsInProcessPerConnection || this.#mute !== undefined) return false;
    if (this.#unsentBytes() > limits.unsentBytesPerConnection) return false;
    const isAlone = request.apiKey === FETCH_KEY || request.apiKey === SASL_HANDSHAKE_KEY;
    if (!isAlone) return true;
    if (this.#startedCount > 0) return false;
    if (request.apiKey !== FETCH_KEY || !this.#budget.isFull) return true;
    this.#waitForMemory();
    return false;
  }

  #start(request: Request<Api>): void {
    const frame = request.frame!;
    request.frame = undefined;
    request.startedMs = this.#services.clock.monotonicMs();
    if (request.answer !== undefined) {
      request.answeredMs = request.startedMs;
      this.#ready(request);
      return;
    }
    this.#inProcessCount++;
    try {
      const answer = request.isBareToken
        ? this.#authenticate(frame)
        : this.#services.dispatch(request.api, frame, request.bodyOffset, request);
      if (answer instanceof Promise) {
        answer.then(
          (body) => this.#answered(request, body),
          (error: unknown) => this.#failed(request, error),
        );
      } else {
        this.#answered(request, answer);
      }
    } catch (error) {
      this.#failed(request, error);
    }
  }

  /** A token without header has an answer without one; a failure has none. */
  async #authenticate(token: Buffer): Promise<Uint8Array[] | undefined> {
    const answer = await this.authentication.authenticate(token);
    return answer?.errorCode === 0 ? [answer.authBytes] : undefined;
  }

  #answered(request: Request<Api>, body: readonly Uint8Array[] | undefined): void {
    this.#inProcessCount--;
    request.answeredMs = this.#services.clock.monotonicMs();
    request.complete(body);
    if (this.authentication.hasFailed) {
      if (!this.#isEnding) this.#services.loginEnded(this.listenerName, false);
      this.#end();
    }
    if (this.isStranger && this.authentication.isComplete) this.#join();
    if (request.throttleMs > 0) this.mute(request.throttleMs);
    this.#ready(request);
  }

  /** The login is complete: what the connection holds is held among those who have logged in. */
  #join(): void {
    this.#services.loginEnded(this.listenerName, true);
    const heldBytes = this.#requestBytes + this.#chargedAnswerBytes;
    this.#budget.forget(this.#onMemory);
    this.#isWaitingForMemory = false;
    this.#budget.release(heldBytes);
    this.#budget = this.#services.budget;
    this.#budget.reserve(heldBytes);
    this.#reader.moveTo(this.#budget);
  }

  #ready(request: Request<Api>): void {
    this.#releaseRequest(request);
    if (this.#isClosed) return;
    this.#readyBytes += request.answerBytes;
    this.#chargedAnswerBytes += request.answerBytes;
    this.#budget.reserve(request.answerBytes);
    if (this.#queue[0] === request) this.#scheduleFlush();
  }

  #failed(request: Request<Api>, error: unknown): void {
    this.#inProcessCount--;
    this.#releaseRequest(request);
    if (this.#isClosed) return;
    const { clientId, apiVersion, correlationId } = request;
    const fields = { api: request.api.name, apiVersion, correlationId, clientId: clientId?.slice(0, 100) };
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof MalformedError) {
      this.#refuse('malformed', { ...fields, reason }, 'closed a connection: malformed request');
    } else {
      this.#refuse(
        'unanswered',
        { ...fields, reason },
        'closed a connection: its request could not be answered',
      );
    }
    // Those after it are never answered: an answer out of order would be taken for this one's.
    const index = this.#queue.indexOf(request);
    for (const later of this.#queue.splice(index)) {
      if (later.frame !== undefined) this.#releaseRequest(later);
      this.#readyBytes -= later.answerBytes;
    }
    this.#startedCount = Math.min(this.#startedCount, index);
    this.#scheduleFlush();
  }

  #releaseRequest({ chargedBytes }: { readonly chargedBytes: number }): void {
    this.#requestBytes -= chargedBytes;
    this.#budget.release(chargedBytes);
  }

  /** Answers that become ready in one go are sent in one go. */
  #scheduleFlush(): void {
    if (this.#isFlushScheduled || this.#isClosed) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushScheduled = false;
    if (this.#isClosed) return;
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    let count = 0;
    for (; count < this.#startedCount; count++) {
      const request = this.#queue[count]!;
      if (request.answer === undefined) break;
      for (const piece of request.answer) pieces.push(piece);
      bytes += request.answerBytes;
    }
    const finished = this.#queue.splice(0, count);
    this.#startedCount -= count;
    this.#readyBytes -= bytes;
    if (bytes > 0) this.#send(pieces, bytes);
    for (const request of finished)
      this.#services.finished(request, Math.max(request.answeredMs, this.#lastActivityMs));
    if (this.#isEnding && this.#queue.length === 0) this.#transport.close();
    else this.#advance();
  }

  #send(pieces: Uint8Array[], bytes: number): void {
    const isMerged =
      pieces.length > 1 && (bytes <= MERGED_BYTES || bytes < pieces.length * MERGED_PIECE_BYTES);
    const isTaken = this.#transport.write(isMerged ? [Buffer.concat(pieces, bytes)] : pieces);
    if (!isTaken) this.#isBackedUp = true;
    this.#lastActivityMs = this.#services.clock.monotonicMs();
    const unsentBytes = this.#isBackedUp ? this.#transport.unsentBytes : 0;
    this.#lastUnsentBytes = unsentBytes;
    this.#settleAnswers(unsentBytes);
  }

  /** Gives back the memory of answers that have left. */
  #settleAnswers(unsentBytes: number): void {
    const keptBytes = this.#readyBytes + unsentBytes;
    if (keptBytes >= this.#chargedAnswerBytes) return;
    const releasedBytes = this.#chargedAnswerBytes - keptBytes;
    this.#chargedAnswerBytes = keptBytes;
    this.#budget.release(releasedBytes);
  }

  #mayRead(): boolean {
    const { limits } = this.#services;
    return (
      !this.#isEnding &&
      this.#mute === undefined &&
      this.#unread.length === 0 &&
      this.#queue.length < limits.requestsInProcessPerConnection &&
      this.#requestBytes < limits.requestBytesPerConnection &&
      this.#unsentBytes() <= limits.unsentBytesPerConnection
    );
  }

  #updateReading(): void {
    // A stranger waits only for room for a large frame: those who hold such frames are not to keep others from logging in.
    const isLetRead = this.isStranger || this.#reader.hasRoom || !this.#budget.isFull;
    const hasMemory = !this.#reader.isBlocked && isLetRead;
    if (this.isStranger && this.#budget.isFull) this.#services.loginsCrowded();
    if (!hasMemory && !this.#isEnding) this.#waitForMemory();
    this.#setReading(hasMemory && this.#mayRead());
  }

  #setReading(isReading: boolean): void {
    if (isReading === this.#isReading || this.#isClosed) return;
    this.#isReading = isReading;
    if (isReading) this.#transport.resume();
    else this.#transport.pause();
  }

  #waitForMemory(): void {
    if (this.#isWaitingForMemory) return;
    this.#isWaitingForMemory = true;
    if (this.isStranger) this.#services.loginsCrowded();
    if (this.#reader.isBlocked) this.#budget.waitForGrowth(this.#onMemory);
    else this.#budget.wait(this.#onMemory);
  }

  readonly #onMemory = (): boolean => {
    if (!this.#reader.tryGrow()) return false;
    this.#isWaitingForMemory = false;
    this.#advance();
    return true;
  };
}
