// The certificates of all listeners with TLS, kept up to date: files are looked at every few seconds and read again when they have changed, and so
// are settings that are altered.
//
// Invariant: what is in force works. What cannot be read, does not fit together, or is for another name is told and left out; connections are not
// touched either way.

import type { Clock, Logger, Timer, Timers, TlsServerOptions } from '@moldau/io';
import { ConfigError } from '../../config/config-error.ts';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import { subjectName } from './distinguished-name.ts';
import type { StoreDisk } from './key-stores.ts';
import { filesOf, readTlsSettings, type TlsSettings } from './tls-settings.ts';

const CHECK_INTERVAL_MS = 10_000;
const DAY_MS = 86_400_000;
const WARNING_DAYS = 30;

export interface CertificateInForce {
  readonly listener: string;
  /** As in RFC 2253. */
  readonly subject: string;
  /** Of the wall clock. */
  readonly notAfterMs: number;
}

export interface ListenerCertificatesOptions {
  readonly disk: StoreDisk;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

interface Watched {
  readonly listener: ListenerSecurity;
  settings: TlsSettings;
  /** What the files looked like when they were last read. */
  fingerprint: string;
  /** The day for which the coming end has been told. */
  warnedDay: number | undefined;
}

export class ListenerCertificates {
  readonly #options: ListenerCertificatesOptions;
  readonly #watched = new Map<string, Watched>();
  #apply: (listener: string, options: TlsServerOptions) => void = () => {};
  #timer: Timer | undefined;
  #isClosed = false;
  /** Checks follow each other. */
  #checks: Promise<void> = Promise.resolve();

  private constructor(options: ListenerCertificatesOptions) {
    this.#options = options;
  }

  /** Rejects with ConfigError: one line for each listener that cannot open. */
  static async open(
    listeners: readonly ListenerSecurity[],
    options: ListenerCertificatesOptions,
  ): Promise<ListenerCertificates> {
    const opened = new ListenerCertificates(options);
    const problems: string[] = [];
    for (const listener of listeners) {
      if (!listener.protocol.endsWith('SSL')) continue;
      try {
        const fingerprint = await opened.#fingerprint(listener);
        const settings = await readTlsSettings(listener, options.disk);
        opened.#watched.set(listener.name, { listener, settings, fingerprint, warnedDay: undefined });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        problems.push(...error.problems);
      }
    }
    if (problems.length > 0) throw new ConfigError(problems);
    return opened;
  }

  /** What a listener opens with; undefined when it has no TLS. */
  tlsOf(listener: string): TlsServerOptions | undefined {
    return this.#watched.get(listener)?.settings.options;
  }

  inForce(): CertificateInForce[] {
    return [...this.#watched.values()].map(({ listener, settings: { certificate } }) => ({
      listener: listener.name,
      subject: subjectName(certificate.raw),
      notAfterMs: Date.parse(certificate.validTo),
    }));
  }

  /**
   * From now on changes are applied.
   * @param apply throws when what it is given does not fit together
   */
  follow(apply: (listener: string, options: TlsServerOptions) => void): void {
    this.#apply = apply;
    if (this.#watched.size === 0) return;
    this.#warnOfExpiry();
    this.#schedule();
  }

  /** Settings may have been altered. */
  configChanged(): void {
    if (this.#watched.size > 0) this.#check(() => true);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  /** Resolves when everything seen so far has been dealt with. */
  settled(): Promise<void> {
    return this.#checks;
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = this.#options.timers.after(CHECK_INTERVAL_MS, () => {
      this.#check((watched, fingerprint) => fingerprint !== watched.fingerprint);
      void this.#checks.then(() => {
        this.#warnOfExpiry();
        this.#schedule();
      });
    });
  }

  #check(isDue: (watched: Watched, fingerprint: string) => boolean): void {
    this.#checks = this.#checks.then(async () => {
      for (const watched of this.#watched.values()) {
        if (this.#isClosed) return;
        const fingerprint = await this.#fingerprint(watched.listener);
        if (!isDue(watched, fingerprint)) continue;
        watched.fingerprint = fingerprint;
        await this.#renew(watched);
      }
    });
  }

  async #renew(watched: Watched): Promise<void> {
    const { listener, settings: before } = watched;
    const { logger, disk } = this.#options;
    try {
      const settings = await readTlsSettings(listener, disk);
      if (JSON.stringify(settings.options) === JSON.stringify(before.options)) return;
      checkSameNames(listener, before, settings);
      this.#apply(listener.name, settings.options);
      watched.settings = settings;
      watched.warnedDay = undefined;
      const { subject, notAfterMs } = this.inForce().find((each) => each.listener === listener.name)!;
      logger.info(
        { listener: listener.name, subject, notAfter: new Date(notAfterMs).toISOString() },
        'the certificates of a listener have been read again',
      );
    } catch (error) {
      const problem = error instanceof ConfigError ? error.problems.join('; ') : (error as Error).message;
      logger.warn(
        { listener: listener.name, problem },
        'changed certificates cannot be used: those in force stay',
      );
    }
  }

  async #fingerprint(listener: ListenerSecurity): Promise<string> {
    const stats = filesOf(listener).map(async (path) => {
      const stat = await this.#options.disk.stat(path).catch(() => undefined);
      return [path, stat?.sizeBytes, stat?.modifiedMs];
    });
    return JSON.stringify(await Promise.all(stats));
  }

  #warnOfExpiry(): void {
    const { clock, logger } = this.#options;
    const nowMs = clock.wallMs();
    const day = Math.floor(nowMs / DAY_MS);
    for (const { listener, subject, notAfterMs } of this.inForce()) {
      const watched = this.#watched.get(listener)!;
      const daysLeft = Math.floor((notAfterMs - nowMs) / DAY_MS);
      if (daysLeft >= WARNING_DAYS || watched.warnedDay === day) continue;
      watched.warnedDay = day;
      const fields = { listener, subject, notAfter: new Date(notAfterMs).toISOString(), daysLeft };
      const advice = 'renew it: it is read again when its file changes';
      const state = daysLeft < 0 ? 'has expired, so no client accepts it' : 'expires soon';
      logger.warn(fields, `the certificate of the listener ${listener} ${state}: ${advice}`);
    }
  }
}

/** A certificate for another name is more often the wrong file than meant. */
function checkSameNames(listener: ListenerSecurity, before: TlsSettings, after: TlsSettings): void {
  const [was, is] = [before, after].map(({ certificate }) => subjectName(certificate.raw));
  if (was !== is && !listener.get('ssl.allow.dn.changes')) {
    throw new ConfigError([
      `it is for ${is}, not for ${was}: set ssl.allow.dn.changes=true if that is meant`,
    ]);
  }
  const [had, has] = [before, after].map(({ certificate }) => namesOf(certificate.subjectAltName));
  const missing = had!.filter((name) => !has!.includes(name));
  if (missing.length > 0 && !listener.get('ssl.allow.san.changes')) {
    throw new ConfigError([
      `it is no longer for ${missing.join(', ')}: set ssl.allow.san.changes=true if that is meant`,
    ]);
  }
}

function namesOf(alternativeNames: string | undefined): string[] {
  return alternativeNames === undefined ? [] : alternativeNames.split(', ');
}
