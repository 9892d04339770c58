// A client's connection and the one behind it to the broker: requests one way, answers the other, and what is done to them in between.
//
// Invariants: requests reach the broker in the order in which they came, and answers reach the client in the order of its requests, whoever gave them. Where
// one side ends the other does, after what was on its way has been handed on.

import { type Connection, type ConnectionHandler, type Network, nodeTimers } from '@moldau/io';
import { encodeResponseFrame, responseHeaderVersion } from '@moldau/protocol';
import type { Verdict } from './fault.ts';
import { FrameReader } from './frame-reader.ts';
import { PacedWriter } from './paced-writer.ts';
import { isAnswered, type Plan } from './plan.ts';
import { ProxiedRequest } from './proxied-request.ts';

const DIAL_TIMEOUT_MS = 10_000;

export interface ConnectionOptions {
  readonly broker: number;
  readonly network: Network;
  readonly upstream: { readonly host: string; readonly port: number };
  judge(request: ProxiedRequest): Verdict;
  plan(request: ProxiedRequest, failure: Verdict['failure']): Plan;
  bytesPerSecond(): number;
  /** Bytes came that must vanish. */
  swallows(): boolean;
  onClosed(connection: ProxiedConnection): void;
}

interface Owed {
  readonly request: ProxiedRequest;
  readonly plan: Plan;
  readonly verdict: Verdict;
  answer: readonly Uint8Array[] | undefined;
  delay: 'due' | 'running' | 'over';
}

export class ProxiedConnection {
  readonly broker: number;
  /** Bytes of it vanished: it makes no sense any more. */
  hasHoles = false;
  readonly #options: ConnectionOptions;
  readonly #client: Connection;
  readonly #toClient: PacedWriter;
  #server: Connection | undefined;
  #toServer: PacedWriter | undefined;
  readonly #requests: ProxiedRequest[] = [];
  #isHandling = false;
  /** Answers that the client waits for, in its order. */
  readonly #owed: Owed[] = [];
  /** Those of them that the broker gives, in the same order. */
  readonly #asked: Owed[] = [];
  #isEnding = false;

  constructor(client: Connection, options: ConnectionOptions) {
    this.#client = client;
    this.#options = options;
    this.broker = options.broker;
    this.#toClient = new PacedWriter(client, options.bytesPerSecond);
    void this.#dial();
  }

  /** For the connection of the client. */
  handler(): ConnectionHandler {
    const { broker } = this.#options;
    const reader = new FrameReader((frame) => {
      this.#requests.push(new ProxiedRequest(frame, broker));
      void this.#handle();
    });
    return this.#handler(reader, () => this.#server?.resume());
  }

  /** Requests for which the client has no answer yet that now have another: it gets that, and the broker's is dropped. */
  answerInstead(plan: (request: ProxiedRequest) => Plan): void {
    for (const owed of this.#owed) {
      if (owed.answer !== undefined) continue;
      const { forward, answer } = plan(owed.request);
      if (forward === undefined && answer !== undefined) owed.answer = encode(owed.request, answer);
    }
    this.#flush();
  }

  /** Both sides end at once. */
  destroy(): void {
    this.#isEnding = true;
    this.#toClient.stop();
    this.#toServer?.stop();
    this.#client.destroy();
    this.#server?.close();
    this.#options.onClosed(this);
  }

  #handler(reader: FrameReader, drained: () => void): ConnectionHandler {
    const isWanted = (): boolean => {
      if (!this.#options.swallows()) return !this.#isEnding && !this.hasHoles;
      this.hasHoles = true;
      return false;
    };
    return {
      readBuffer: () => reader.place(),
      bytesRead: (count) => {
        if (isWanted()) reader.filled(count);
      },
      received: (bytes) => {
        if (isWanted()) reader.received(bytes);
      },
      drained,
      closed: () => this.#end(),
    };
  }

  async #dial(): Promise<void> {
    const { network, upstream } = this.#options;
    const reader = new FrameReader((frame) => this.#onAnswer(frame));
    const handler = this.#handler(reader, () => this.#client.resume());
    try {
      const server = await network.dial({ ...upstream, timeoutMs: DIAL_TIMEOUT_MS }, handler);
      if (this.#isEnding) return server.destroy();
      this.#server = server;
      this.#toServer = new PacedWriter(server, this.#options.bytesPerSecond);
      await this.#handle();
    } catch {
      this.destroy();
    }
  }

  /** One request after the other, so that a delay holds up what comes behind. */
  async #handle(): Promise<void> {
    if (this.#isHandling || this.#toServer === undefined) return;
    this.#isHandling = true;
    try {
      for (
        let next = this.#requests.shift();
        next !== undefined && !this.#isEnding;
        next = this.#requests.shift()
      ) {
        const verdict = this.#options.judge(next);
        if (verdict.requestDelayMs > 0) await sleep(verdict.requestDelayMs);
        if (this.#isEnding) return;
        this.#forward(next, verdict);
      }
    } catch {
      this.destroy();
    } finally {
      this.#isHandling = false;
    }
  }

  #forward(request: ProxiedRequest, verdict: Verdict): void {
    const { cut } = verdict;
    if (cut?.when === 'before') {
      this.#toServer!.write([request.frame.subarray(0, cut.afterBytes)]);
      this.#end();
      return;
    }
    const plan = this.#options.plan(request, verdict.failure);
    if (plan.forward === undefined && plan.answer === undefined) {
      this.#end();
      return;
    }
    if (plan.forward !== undefined && !this.#toServer!.write(plan.forward)) this.#client.pause();
    if (!isAnswered(request)) {
      if (cut !== undefined) this.#end();
      return;
    }
    const answer = plan.answer === undefined ? undefined : encode(request, plan.answer);
    const owed: Owed = { request, plan, verdict, answer, delay: verdict.answerDelayMs > 0 ? 'due' : 'over' };
    this.#owed.push(owed);
    if (plan.forward !== undefined) this.#asked.push(owed);
    this.#flush();
  }

  #onAnswer(frame: Buffer): void {
    const owed = this.#asked.shift();
    if (owed === undefined) {
      this.destroy();
      return;
    }
    const { request, plan } = owed;
    if (owed.answer !== undefined) return;
    const headerBytes = 4 + responseHeaderVersion(request.apiKey, request.version);
    const amended = plan.amend?.(
      request.isKnown ? request.response.decode(frame, request.version, 4 + headerBytes) : {},
    );
    owed.answer = amended === undefined ? [frame] : encode(request, amended);
    this.#flush();
  }

  #flush(): void {
    while (!this.#isEnding) {
      const [owed] = this.#owed;
      if (owed?.answer === undefined) return;
      if (owed.delay === 'due') this.#delay(owed);
      if (owed.delay !== 'over') return;
      this.#owed.shift();
      const { cut } = owed.verdict;
      if (cut === undefined) {
        if (!this.#toClient.write(owed.answer)) this.#server?.pause();
        continue;
      }
      this.#toClient.write([Buffer.concat(owed.answer).subarray(0, cut.afterBytes)]);
      this.#end();
    }
  }

  #delay(owed: Owed): void {
    owed.delay = 'running';
    nodeTimers.after(owed.verdict.answerDelayMs, () => {
      owed.delay = 'over';
      this.#flush();
    });
  }

  /** Both sides get what was written, and then the end. */
  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#toClient.end();
    this.#toServer?.end();
    this.#options.onClosed(this);
  }
}

function encode({ response, version, correlationId }: ProxiedRequest, answer: object): Uint8Array[] {
  return encodeResponseFrame(response, version, correlationId, answer);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => nodeTimers.after(ms, resolve));
}
