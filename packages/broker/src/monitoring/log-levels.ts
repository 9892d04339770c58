// One logger for each room of the broker, whose level can be changed while it runs (KIP-412): what Kafka calls broker loggers.
//
// A logger without a level of its own has that of root. Levels are not kept over a restart, as Kafka's are not. What passes here goes to the
// logger underneath, which writes all it is given.

import type { Logger } from '@moldau/io';

/** Kafka's names, the coarsest first. There is nothing as fine as TRACE, and nothing as bad as FATAL: it is silence. */
export const LOG_LEVELS = ['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'] as const;
export type LogLevelName = (typeof LOG_LEVELS)[number];

export const ROOT = 'root';

export const LOGGER_NAMES = [
  'apis',
  'audit',
  'controller',
  'coordinators',
  'log',
  'metadata',
  'monitoring',
  'network',
  'replication',
  'requests',
  'security',
] as const;
export type LoggerName = (typeof LOGGER_NAMES)[number];

const RANKS = { error: 1, warn: 2, info: 3, debug: 4 } as const;

export function isLogLevelName(text: string): text is LogLevelName {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

class RoomLogger implements Logger {
  readonly #sink: Logger;
  /** Of LOG_LEVELS: what is above is left out. */
  rank: number;

  constructor(sink: Logger, rank: number) {
    this.#sink = sink;
    this.rank = rank;
  }

  debug(fields: object, message: string): void {
    if (this.rank >= RANKS.debug) this.#sink.debug(fields, message);
  }
  info(fields: object, message: string): void {
    if (this.rank >= RANKS.info) this.#sink.info(fields, message);
  }
  warn(fields: object, message: string): void {
    if (this.rank >= RANKS.warn) this.#sink.warn(fields, message);
  }
  error(fields: object, message: string): void {
    if (this.rank >= RANKS.error) this.#sink.error(fields, message);
  }
  isLevelEnabled(level: 'debug'): boolean {
    return this.rank >= RANKS[level] && this.#sink.isLevelEnabled?.(level) === true;
  }
}

export class LogLevels {
  readonly #sink: Logger;
  #root: LogLevelName;
  /** Of those that have one. */
  readonly #own = new Map<string, LogLevelName>();
  readonly #loggers = new Map<string, RoomLogger>();

  constructor(sink: Logger, root: LogLevelName) {
    this.#sink = sink;
    this.#root = root;
    for (const name of LOGGER_NAMES) this.#loggers.set(name, new RoomLogger(this.#sink, rankOf(root)));
  }

  of(name: LoggerName): Logger {
    return this.#loggers.get(name)!;
  }

  has(name: string): boolean {
    return name === ROOT || this.#loggers.has(name);
  }

  /** Every logger with the level in force. */
  all(): Map<string, LogLevelName> {
    const names = [ROOT, ...LOGGER_NAMES].sort();
    return new Map(names.map((name) => [name, this.#own.get(name) ?? this.#root]));
  }

  /** @param level undefined for that of root */
  set(name: string, level: LogLevelName | undefined): void {
    if (name === ROOT) this.#root = level ?? this.#root;
    else if (level === undefined) this.#own.delete(name);
    else this.#own.set(name, level);
    for (const [each, logger] of this.#loggers) logger.rank = rankOf(this.#own.get(each) ?? this.#root);
  }
}

function rankOf(level: LogLevelName): number {
  return LOG_LEVELS.indexOf(level);
}
