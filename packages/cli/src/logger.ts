// Structured logs on standard error, one JSON object a line.
//
// pino takes 20 ms and 8 MB to load, a third of what an idle broker needs, so it is loaded when there is something to
// say. Writing is synchronous: what was logged is out, even when the process ends in the next moment.

import { createRequire } from 'node:module';
import type { Logger } from '@moldau/io';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LEVELS)[number];

const STANDARD_ERROR = 2;

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
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
