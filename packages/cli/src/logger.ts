// Structured logs on standard error, one JSON object a line.
//
// pino takes 20 ms and 8 MB to load, a third of what an idle broker needs, so it is loaded when there is something to
// say. Writing is synchronous: what was logged is out, even when the process ends in the next moment.
//
// Lines hold what strangers choose, and people read them in terminals: no letter of a line can steer one, or turn the direction of text.

import { createRequire } from 'node:module';
import type { Logger } from '@moldau/io';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LEVELS)[number];

const STANDARD_ERROR = 2;
/** JSON demands that of others: DEL, the second set of control characters, ends of lines, and marks of direction. */
const STEERING = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function isLogLevel(text: string): text is LogLevel {
  return (LEVELS as readonly string[]).includes(text);
}

export function isAtLeast(level: Exclude<LogLevel, 'silent'>, threshold: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(threshold);
}

export function logLevelNames(): string {
  return LEVELS.join(', ');
}

export function createLogger(threshold: LogLevel): Logger {
  let sink: Logger | undefined;
  const at = (level: Exclude<LogLevel, 'silent'>) => {
    if (!isAtLeast(level, threshold)) return () => {};
    return (fields: object, message: string) => {
      sink ??= openSink(threshold);
      sink[level](fields, message);
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function openSink(level: LogLevel): Logger {
  const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
  const destination = pino.destination({ fd: STANDARD_ERROR, sync: true });
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, { write: (line) => destination.write(withoutSteering(line)) });
}

/** A line of JSON that means the same, with such letters escaped as JSON escapes them. */
export function withoutSteering(line: string): string {
  return line.replace(STEERING, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
