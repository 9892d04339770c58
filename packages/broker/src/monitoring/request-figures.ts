// What requests cost, by API: how many, how they failed, and where their time went. The slot of an API is found by its number.

import { eachOutcome } from './answer-errors.ts';
import { Histogram } from './histogram.ts';

/** A request whose answer has been handed to the system. Times are those of the monotonic clock. */
export interface FinishedRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly sizeBytes: number;
  readonly arrivedMs: number;
  readonly startedMs: number;
  readonly answeredMs: number;
  /** How long it has waited for what its client wanted it to wait for. */
  readonly waitedMs: number;
}

/** JoinGroup, SyncGroup, ShareFetch wait for others, and SaslHandshake and SaslAuthenticate hold back a failure: all of their time is that. */
const WAITING_APIS: ReadonlySet<number> = new Set([11, 14, 17, 36, 78]);

export class ApiFigures {
  readonly requestsByVersion: number[] = [];
  /** By Kafka's number of the error. */
  readonly errors = new Map<number, number>();
  requestBytes = 0;
  /** From its arrival until its answer was handed to the system. */
  readonly totalMs = new Histogram();
  readonly queueMs = new Histogram();
  readonly localMs = new Histogram();
  readonly waitedMs = new Histogram();
  readonly sendMs = new Histogram();

  rotate(): void {
    for (const each of [this.totalMs, this.queueMs, this.localMs, this.waitedMs, this.sendMs]) each.rotate();
  }
}

/** Where a request's time went, without that for which it has waited on purpose. */
export function timesOf(request: FinishedRequest): { queueMs: number; localMs: number; waitedMs: number } {
  const handlerMs = request.answeredMs - request.startedMs;
  const waitedMs = WAITING_APIS.has(request.apiKey) ? handlerMs : Math.min(handlerMs, request.waitedMs);
  return { queueMs: request.startedMs - request.arrivedMs, localMs: handlerMs - waitedMs, waitedMs };
}

export class RequestFigures {
  /** By the API's number; an API that was never asked has none. */
  readonly #byApi: (ApiFigures | undefined)[] = [];

  of(apiKey: number): ApiFigures {
    this.#byApi[apiKey] ??= new ApiFigures();
    return this.#byApi[apiKey];
  }

  record(request: FinishedRequest, sentMs: number): void {
    const figures = this.of(request.apiKey);
    const { apiVersion } = request;
    figures.requestsByVersion[apiVersion] = (figures.requestsByVersion[apiVersion] ?? 0) + 1;
    figures.requestBytes += request.sizeBytes;
    const { queueMs, localMs, waitedMs } = timesOf(request);
    figures.queueMs.record(queueMs);
    figures.localMs.record(localMs);
    figures.waitedMs.record(waitedMs);
    figures.sendMs.record(sentMs - request.answeredMs);
    figures.totalMs.record(sentMs - request.arrivedMs);
  }

  countError(apiKey: number, errorCode: number): void {
    const { errors } = this.of(apiKey);
    errors.set(errorCode, (errors.get(errorCode) ?? 0) + 1);
  }

  /** Counts the errors in an answer. */
  countErrors(apiKey: number, answer: unknown): void {
    eachOutcome(answer, (errorCode) => {
      if (errorCode !== 0) this.countError(apiKey, errorCode);
    });
  }

  rotate(): void {
    for (const figures of this.#byApi) figures?.rotate();
  }

  *shown(): Iterable<[apiKey: number, figures: ApiFigures]> {
    for (const [apiKey, figures] of this.#byApi.entries()) if (figures !== undefined) yield [apiKey, figures];
  }
}
