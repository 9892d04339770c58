// What a worker of our own shares with those of other clients: its arguments, the lines of a history, and pacing. See history.py for the arguments
// and settings; what it says is in the format of checker/history.ts.

import { writeSync } from 'node:fs';
import { ErrorCode, isRetriable, type Message } from '@moldau/protocol';
import { RawClient } from '@moldau/testing';
import { seededRandom } from '../../checker/clean-history.ts';

const [, , roleWord = '', numberWord, bootstrap = '', ...words] = process.argv;
export const role = roleWord;
const number = Number(numberWord);
export const settings = new Map(
  words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
);
export const random = seededRandom(Number(settings.get('seed') ?? 0) * 1000 + number);

export interface Topic {
  readonly number: number;
  readonly name: string;
  readonly partitions: number;
}

export const topics: readonly Topic[] = (settings.get('topics') ?? '').split(',').map((one) => {
  const [topic, name = '', partitions] = one.split(':');
  return { number: Number(topic), name, partitions: Number(partitions) };
});

/** What a worker exits with that cannot go on and must be replaced: its producer was fenced. */
const GIVEN_UP = 3;
const RETRY_MS = 100;
/** What was not sent while the broker was away is made up for, but for what is older. */
const LATE_MS = 10_000;
const RETRIES = 1_200;

export function giveUp(why: string): never {
  writeSync(2, `${why}\n`);
  process.exit(GIVEN_UP);
}

let isInputOver = false;
process.stdin.resume().once('end', () => {
  isInputOver = true;
});

export function isStopped(): boolean {
  return isInputOver;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Below a whole number. */
export function upTo(limit: number): number {
  return Math.floor(random() * limit);
}

/** The machine's monotonic clock, which all processes share. */
export function nowUs(): bigint {
  return process.hrtime.bigint() / 1000n;
}

/** One line, written before anything else is done. */
export function say(...line: readonly (string | number | bigint)[]): void {
  writeSync(1, `${line.join(' ')}\n`);
}

export function value(index: number): Buffer {
  return Buffer.from(`${number}:${index} ${'.'.repeat(10 + upTo(190))}`);
}

/** The process and the index that a value names. */
export function placeOf(text: Buffer): [process: number, index: number] {
  const [from, index] = text.toString('latin1', 0, text.indexOf(' ')).split(':');
  return [Number(from), Number(index)];
}

/** Bursts so that so many values a second are sent on average. */
export class Pace {
  readonly #rate = Number(settings.get('rate') ?? 1000);
  #dueMs = performance.now();

  burst(): number {
    return 1 + upTo(Math.max(2, Math.min(200, Math.floor(this.#rate / 5))));
  }

  /** Resolves when it is time to go on; to false when it is time to stop. */
  async wait(sent: number): Promise<boolean> {
    this.#dueMs = Math.max(this.#dueMs + (sent / this.#rate) * 1000, performance.now() - LATE_MS);
    for (let leftMs = 0; !isStopped() && leftMs >= 0; leftMs = this.#dueMs - performance.now())
      await sleep(Math.min(RETRY_MS, leftMs));
    return !isStopped();
  }
}

/** A connection for one request after the other, made anew after each trouble. */
export class Link {
  #client: RawClient | undefined;

  /** Resolves to undefined when no answer came, some time after. */
  async ask<Query, Answer>(
    request: Message<unknown, Query>,
    response: Message<Answer, never>,
    version: number,
    body: Query,
  ): Promise<Answer | undefined> {
    try {
      this.#client ??= await RawClient.dial({ port: Number(bootstrap.split(':')[1]) });
      return await this.#client.request(request, response, version, body);
    } catch {
      this.#client?.close();
      this.#client = undefined;
      await sleep(RETRY_MS);
      return undefined;
    }
  }

  close(): void {
    this.#client?.close();
  }
}

/** Asks until there is an answer that would not be another a moment later. */
export async function settled<Answer>(
  ask: () => Promise<Answer | undefined>,
  errorOf: (answer: Answer) => ErrorCode,
): Promise<Answer> {
  for (let tries = 0; tries < RETRIES; tries += 1) {
    const answer = await ask();
    if (answer !== undefined) {
      const code = errorOf(answer);
      if (!isRetriable(code) && code !== ErrorCode.CONCURRENT_TRANSACTIONS) return answer;
      await sleep(RETRY_MS);
    }
  }
  giveUp(`no answer in ${RETRIES} tries`);
}
