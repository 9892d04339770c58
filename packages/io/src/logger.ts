// Structured logging as a port; pino fits it as it is.

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** For tests and libraries that have nobody to tell. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
