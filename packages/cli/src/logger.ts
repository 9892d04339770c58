// Logs on standard error: JSON, one object a line, or lines for people.
//
// pino takes 20 ms and 8 MB to load, a third of what an idle broker needs, so it is loaded when there is something to
// say. Writing is synchronous: what was logged is out, even when the process ends in the next moment.
//
// Lines hold what strangers choose, and people read them in terminals: no letter of a line can steer one, or turn the direction of text.

import { createRequire } from 'node:module';
import { type Logger, nodeClock } from '@moldau/io';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LEVELS)[number];
type LineLevel = Exclude<LogLevel, 'silent'>;

const FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof FORMATS)[number];

const STANDARD_ERROR = 2;
/** JSON demands that of others: DEL, the second set of control characters, ends of lines, and marks of direction. */
const STEERING = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export function isLogLevel(text: string): text is LogLevel {
  return (LEVELS as readonly string[]).includes(text);
}

export function isLogFormat(text: string): text is LogFormat {
  return (FORMATS as readonly string[]).includes(text);
}

export function isAtLeast(level: LineLevel, threshold: LogLevel): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(threshold);
}

export function logLevelNames(): string {
  return LEVELS.join(', ');
}

export function logFormatNames(): string {
  return FORMATS.join(', ');
}

/** Writes what it is given, whatever its level: which lines there are is decided by those who log. */
export function createLogger(format: LogFormat): Logger {
  let sink: Logger | undefined;
  const at = (level: LineLevel) => (fields: object, message: string) => {
    sink ??= format === 'json' ? openJson() : prettyLogger();
    sink[level](fields, message);
  };
  return {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    isLevelEnabled: () => true,
  };
}

function openJson(): Logger {
  const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
  const destination = pino.destination({ fd: STANDARD_ERROR, sync: true });
  const options = { level: 'debug', base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, { write: (line) => destination.write(withoutSteering(line)) });
}

function prettyLogger(): Logger {
  const at = (level: LineLevel) => (fields: object, message: string) => {
    // To files, pipes and terminals this is synchronous, too.
    process.stderr.write(prettyLine(nodeClock.wallMs(), level, fields, message));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** '2026-01-01 00:00:00.000 WARN  message  key=value', and below it the stack of an error. */
export function prettyLine(wallMs: number, level: LineLevel, fields: object, message: string): string {
  const moment = new Date(wallMs).toISOString().replace('T', ' ').replace('Z', '');
  const shown: string[] = [];
  let stack = '';
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) {
      shown.push(`${name}=${printed(value.message)}`);
      const places = /\n {4}at [\s\S]*$/.exec(value.stack ?? '')?.[0] ?? '';
      stack += places.replace(/[^\x20-\x7e\n]/g, '?');
    } else if (value !== undefined) shown.push(`${name}=${printed(value)}`);
  }
  const head = `${moment} ${level.toUpperCase().padEnd(5)} ${plain(message)}`;
  return `${[head, ...(shown.length > 0 ? [shown.join(' ')] : [])].join('  ')}${stack}\n`;
}

/** Words as they are; what could be mistaken for more than one, or for nothing, in quotes. */
function printed(value: unknown): string {
  if (typeof value === 'string' && /^[\w.:/@+-]+$/.test(value)) return value;
  return withoutSteering(JSON.stringify(value) ?? String(value));
}

/** Text of ours, in which something of others' may be. */
function plain(message: string): string {
  return withoutSteering(JSON.stringify(message).slice(1, -1).replaceAll('\\"', '"'));
}

/** A line of JSON that means the same, with such letters escaped as JSON escapes them. */
export function withoutSteering(line: string): string {
  return line.replace(STEERING, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
