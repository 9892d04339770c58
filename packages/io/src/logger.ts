// Structured logging as a port; pino fits it as it is.

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Whether lines of a level are written, for those that are costly to make; a logger without it is not asked for them. */
  isLevelEnabled?(level: 'debug'): boolean;
}

/** For tests and libraries that have nobody to tell. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
