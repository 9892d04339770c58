// The public keys of an identity provider (a JSON Web Key Set), from a file or by HTTP: kept, and fetched again from time to time.
//
// Invariants: once there were keys, a fetch that fails leaves them in force; a token that names an unknown key can make us fetch no more often
// than every EARLY_REFRESH_MS; what is fetched is bounded in size and time.

import { fileURLToPath } from 'node:url';
import type { Clock, Disk, Http, Logger, Timer, Timers } from '@moldau/io';
import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters, LocalJWKSet } from 'jose';

export interface JsonWebKeysOptions {
  /** A URL of file:, https: or http:. */
  readonly url: URL;
  readonly refreshMs: number;
  /** The wait after the first fetch that fails; it doubles with each further one, up to the longest. */
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly disk: Disk;
  readonly http: Http;
  readonly logger: Logger;
}

/** There is no key to check a token with. The message says why. */
export class NoKeyError extends Error {
  override readonly name = 'NoKeyError';
}

const EARLY_REFRESH_MS = 10_000;
/** Reading a file costs nothing, so that what is changed there counts soon. */
const FILE_REFRESH_MS = 10_000;
const LIMITS = { timeoutMs: 10_000, maxBytes: 1024 * 1024 };

export class JsonWebKeys {
  readonly #options: JsonWebKeysOptions;
  readonly #refreshMs: number;
  #keys: LocalJWKSet | undefined;
  /** What #keys was made of. */
  #document: Buffer | undefined;
  #refreshing: Promise<void> | undefined;
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #problem = 'they have not been fetched so far';
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: JsonWebKeysOptions) {
    this.#options = options;
    this.#refreshMs =
      options.url.protocol === 'file:' ? Math.min(FILE_REFRESH_MS, options.refreshMs) : options.refreshMs;
  }

  /** Begins to fetch, and goes on until closed. */
  start(): void {
    void this.#refresh();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  /** The key that signed a token, by the token's header. Rejects with NoKeyError or an error of jose. */
  async keyFor(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (this.#keys === undefined) await this.#refreshing;
    if (this.#keys === undefined) throw new NoKeyError(`there are no keys: ${this.#problem}`);
    try {
      return await this.#keys(header, token);
    } catch (error) {
      if (!isNoMatch(error)) throw error;
    }
    await this.#refreshEarly();
    return await this.#keys(header, token);
  }

  /** The provider may have begun to sign with a new key. */
  async #refreshEarly(): Promise<void> {
    const ageMs = this.#options.clock.monotonicMs() - this.#refreshedAtMs;
    if (this.#refreshing !== undefined || ageMs >= EARLY_REFRESH_MS) await this.#refresh();
  }

  /** Those who ask while a fetch is under way share it. Never rejects. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#fetchAndSchedule().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #fetchAndSchedule(): Promise<void> {
    const { clock, timers, retryBackoffMs, retryBackoffMaxMs } = this.#options;
    this.#timer?.cancel();
    this.#refreshedAtMs = clock.monotonicMs();
    let delayMs = this.#refreshMs;
    try {
      await this.#take(await this.#fetch());
      this.#succeeded();
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
      delayMs = Math.min(retryBackoffMaxMs, retryBackoffMs * 2 ** (this.#failures - 1));
    }
    if (!this.#isClosed) this.#timer = timers.after(delayMs, () => void this.#refresh());
  }

  async #fetch(): Promise<Buffer> {
    const { url, disk, http } = this.#options;
    if (url.protocol !== 'file:') return await http.get(url, LIMITS);
    const path = fileURLToPath(url);
    const stat = await disk.stat(path);
    if (stat === undefined) throw new Error('the file does not exist');
    if (stat.kind !== 'file') throw new Error('it is no file');
    if (stat.sizeBytes > LIMITS.maxBytes) throw new Error(`the file is larger than ${LIMITS.maxBytes} bytes`);
    return await disk.readFile(path);
  }

  async #take(document: Buffer): Promise<void> {
    // Keys that stay the same stay imported.
    if (this.#document?.equals(document)) return;
    const { createLocalJWKSet } = await import('jose/jwks/local');
    this.#keys = createLocalJWKSet(parseJson(document));
    this.#document = document;
  }

  #succeeded(): void {
    if (this.#failures > 0) {
      this.#options.logger.info(
        { url: this.#options.url.href },
        'the keys that sign tokens can be had again',
      );
    }
    this.#failures = 0;
  }

  #failed(problem: string): void {
    this.#failures += 1;
    // Once for each reason: an outage of hours is not to fill the log.
    if (this.#failures > 1 && problem === this.#problem) return;
    this.#problem = problem;
    const consequence =
      this.#keys === undefined
        ? 'all logins with OAUTHBEARER fail until they can be had'
        : 'those from before stay in force';
    this.#options.logger.warn(
      { url: this.#options.url.href, problem },
      `the keys that sign tokens (sasl.oauthbearer.jwks.endpoint.url) cannot be had; ${consequence}`,
    );
  }
}

function parseJson(document: Buffer): Parameters<typeof import('jose').createLocalJWKSet>[0] {
  try {
    return JSON.parse(document.toString('utf8'));
  } catch {
    throw new Error('what is there is no JSON');
  }
}

function isNoMatch(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_JWKS_NO_MATCHING_KEY';
}
