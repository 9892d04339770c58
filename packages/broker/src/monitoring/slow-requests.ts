// Requests that took long, as lines of the log: what was asked, by whom, and where the time went. Waiting that the client wanted does not count.
//
// Invariant: what a stranger sends is cut to a length, and a few lines a minute are written of each API, whatever happens.

import { type FinishedRequest, timesOf } from './request-figures.ts';

const MAX_NAME_LENGTH = 256;

export interface NamedRequest extends FinishedRequest {
  readonly clientId: string | null;
  readonly principal: string;
  readonly clientHost: string;
  readonly listenerName: string;
}

export interface SlowRequestsOptions {
  /** Infinity for none. */
  readonly thresholdMs: () => number;
  readonly apiName: (apiKey: number) => string;
  /** Rate limited by its kind. */
  readonly warn: (kind: string, fields: object, message: string) => void;
}

export class SlowRequests {
  readonly #options: SlowRequestsOptions;
  #thresholdMs: number;
  count = 0;

  constructor(options: SlowRequestsOptions) {
    this.#options = options;
    this.#thresholdMs = options.thresholdMs();
  }

  /** The threshold may have changed. */
  configured(): void {
    this.#thresholdMs = this.#options.thresholdMs();
  }

  look(request: NamedRequest, sentMs: number): void {
    if (sentMs - request.arrivedMs < this.#thresholdMs) return;
    const { queueMs, localMs, waitedMs } = timesOf(request);
    const sendMs = sentMs - request.answeredMs;
    if (queueMs + localMs + sendMs < this.#thresholdMs) return;
    this.count += 1;
    const api = this.#options.apiName(request.apiKey);
    const { apiVersion, sizeBytes, listenerName } = request;
    const fields = {
      ...{ api, apiVersion, sizeBytes, listenerName },
      clientId: cut(request.clientId ?? ''),
      principal: cut(request.principal),
      client: request.clientHost.slice(1),
      queueMs: rounded(queueMs),
      handlerMs: rounded(localMs),
      waitedMs: rounded(waitedMs),
      sendMs: rounded(sendMs),
    };
    this.#options.warn(api, fields, 'a slow request');
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function cut(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name;
}
