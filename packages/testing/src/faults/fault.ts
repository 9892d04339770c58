// One fault that was asked for: which requests it is about, whether it has happened, and how to take it back.

import type { ProxiedRequest } from './proxied-request.ts';

/** Which requests a fault is about; what is left out fits all. */
export interface RequestFilter {
  /** Kafka's name of the API: 'Produce', 'Fetch', 'JoinGroup'... */
  readonly api?: string;
  /** Requests that name this topic; of requests to the leaders of partitions, only its part fails. */
  readonly topic?: string;
  readonly partition?: number;
  readonly clientId?: string;
  /** Sent to the broker of this id. */
  readonly broker?: number;
  /** The first that is met, of the requests that fit from now on: 1, the default, is the next. */
  readonly nth?: number;
  /** How many are met from there on: 1 by default, Infinity until the fault is lifted. */
  readonly times?: number;
}

/** The request that a fault has met. */
export interface MetRequest {
  readonly api: string;
  readonly version: number;
  readonly clientId: string | null;
  readonly broker: number;
  /** Of the request, with its size in front. */
  readonly bytes: number;
}

export class Fault implements Disposable {
  /** Resolves when it happens the first time; rejects when it is lifted before, or the kit is stopped. */
  readonly met: Promise<MetRequest>;
  readonly #onLifted: () => unknown;
  #resolve: (request: MetRequest) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #count = 0;
  #lifted: Promise<void> | undefined;

  constructor(onLifted: () => unknown) {
    this.#onLifted = onLifted;
    this.met = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever does not wait for it need not hear that it never was.
    this.met.catch(() => {});
  }

  /** How often it has happened. */
  get count(): number {
    return this.#count;
  }

  get isLifted(): boolean {
    return this.#lifted !== undefined;
  }

  /**
   * Ends it, at once for requests that come; resolves when connections are taken that were refused, and rejects when another has the port meanwhile. Who
   * does not wait hears of that when the kit is stopped. Safe to call twice.
   */
  lift(): Promise<void> {
    if (this.#lifted === undefined) {
      this.#lifted = this.#lift();
      this.#lifted.catch(() => {});
    }
    return this.#lifted;
  }

  [Symbol.dispose](): void {
    this.lift();
  }

  async #lift(): Promise<void> {
    this.#reject(new Error('the fault was lifted, and nothing had met it'));
    await this.#onLifted();
  }

  /** It happened. */
  meet(request: MetRequest): void {
    this.#count += 1;
    this.#resolve(request);
  }
}

/** What is done to a request; several faults may meet one. */
export interface Verdict {
  /** Before the broker gets it. */
  requestDelayMs: number;
  /** Before its answer is sent. */
  answerDelayMs: number;
  failure:
    | { readonly code: number; readonly topic: string | undefined; readonly partition: number | undefined }
    | undefined;
  /** Ends the connection: before the broker has it all, or when it has answered; so many bytes still get through. */
  cut: { readonly when: 'before' | 'after'; readonly afterBytes: number } | undefined;
}

/** A fault of single requests. */
export class RequestRule {
  readonly fault: Fault;
  readonly #filter: RequestFilter;
  readonly #names: (request: ProxiedRequest, topic: string, partition: number | undefined) => boolean;
  readonly #apply: (verdict: Verdict) => void;
  #seen = 0;

  constructor(options: {
    filter: RequestFilter;
    names(request: ProxiedRequest, topic: string, partition: number | undefined): boolean;
    apply(verdict: Verdict): void;
    onLifted(rule: RequestRule): void;
  }) {
    this.#filter = options.filter;
    this.#names = options.names;
    this.#apply = options.apply;
    this.fault = new Fault(() => options.onLifted(this));
  }

  /** True when it will meet no other request. */
  judge(request: ProxiedRequest, verdict: Verdict): boolean {
    const { nth = 1, times = 1 } = this.#filter;
    if (!this.#fits(request)) return false;
    this.#seen += 1;
    if (this.#seen < nth) return false;
    this.#apply(verdict);
    this.fault.meet(request.summary);
    return this.#seen >= nth + times - 1;
  }

  #fits(request: ProxiedRequest): boolean {
    const { api, topic, partition, clientId, broker } = this.#filter;
    return (
      (api === undefined || api === request.api) &&
      (clientId === undefined || clientId === request.clientId) &&
      (broker === undefined || broker === request.broker) &&
      (topic === undefined || (request.isKnown && this.#names(request, topic, partition)))
    );
  }
}
