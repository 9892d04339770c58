// `moldau server`: from flags, environment and file to a broker that serves until it is told to stop.
//
// Invariants: standard error gets one clear line for each thing that stops a start, and the exit code is 1 (2 when the
// command line, the environment or the file is wrong). Once it serves, SIGTERM, SIGINT and SIGHUP stop it cleanly with exit code 0; a second one at once.

import { flushCompileCache } from 'node:module';
import {
  LOGGER_NAMES,
  type LoggerName,
  type LogLevelName,
  type RunningBroker,
  startBroker,
} from '@moldau/broker';
import {
  type Logger,
  nodeClock,
  nodeDisk,
  nodeGssApi,
  nodeHttp,
  nodeHttpServer,
  nodeNetwork,
  nodeProcess,
  nodeRandom,
  nodeTimers,
  tellServiceManagerReady,
} from '@moldau/io';
import { onEndingSignals } from '../command-line/ending-signals.ts';
import { type EndingSignal, SIGNAL_EXIT_CODES } from '../command-line/exit-codes.ts';
import {
  createLogger,
  isAtLeast,
  isLogFormat,
  isLogLevel,
  type LogLevel,
  logFormatNames,
  logLevelNames,
} from '../logger.ts';
import { type ConfigFlags, readConfig } from '../read-config.ts';
import { explainStartError, startExitCode } from '../start-errors.ts';
import { version } from '../version.ts';

export interface ServerFlags extends ConfigFlags {
  readonly logLevel?: string;
  readonly logFormat?: string;
}

/** What the command needs of the process it runs in. */
export interface ServerWorld {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One line to standard error, without its end. */
  tell(line: string): void;
  exit(code: number): void;
  /** The broker serves. */
  started(): void;
  /** SIGTERM, SIGINT and SIGHUP, by name. */
  onSignal(listener: (signal: EndingSignal) => void): void;
  /** What nobody caught: exceptions and rejected promises. */
  onCrash(listener: (error: unknown) => void): void;
  monotonicMs(): number;
  readonly start: typeof startBroker;
}

/** As Kafka, and the broker's loggers, call the levels. */
const KAFKA_LEVELS: Readonly<Record<LogLevel, LogLevelName>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  silent: 'FATAL',
};

const DEFAULT_LEVEL = 'warn';
const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
/** One Ctrl-C under npm arrives twice, from the terminal and from npm, and is one wish. */
const SAME_SIGNAL_MS = 250;

/** Resolves when the broker serves or could not start; what comes after is told through the world. */
export async function runServer(flags: ServerFlags, world: ServerWorld = processWorld()): Promise<void> {
  const levels = levelsOf(flags.logLevel ?? (world.environment.LOG_LEVEL || DEFAULT_LEVEL));
  if (typeof levels === 'string') {
    world.tell(`moldau: ${levels}`);
    return world.exit(EXIT_USAGE);
  }
  const { level } = levels;
  const format = flags.logFormat ?? (world.environment.LOG_FORMAT || 'json');
  if (!isLogFormat(format)) {
    const formats = logFormatNames();
    world.tell(`moldau: the log format ${JSON.stringify(format)} does not exist: expected one of ${formats}`);
    return world.exit(EXIT_USAGE);
  }
  const logger = createLogger(format);
  world.onCrash((error) => {
    // After an exception from nowhere nothing in memory can be trusted, so nothing more is written. What was acknowledged
    // is with the kernel or on disk already, and the next start recovers from there.
    if (level !== 'silent') logger.error({ err: error }, 'an unexpected error ends the broker');
    world.exit(EXIT_FAILURE);
  });
  let starting: Promise<RunningBroker>;
  try {
    const { config, warnings, notes } = await readConfig(flags, world.environment);
    tellAll(world, level, warnings, notes);
    starting = world.start({
      config,
      clock: nodeClock,
      timers: nodeTimers,
      random: nodeRandom,
      disk: nodeDisk,
      network: nodeNetwork,
      http: nodeHttp,
      gssapi: nodeGssApi,
      logger,
      logLevel: KAFKA_LEVELS[level],
      ownLogLevels: levels.own,
      monitoring: { httpServer: nodeHttpServer, process: nodeProcess, version: version() },
    });
    stopOnSignal(starting, world, level, logger);
    const broker = await starting;
    world.tell(`Moldau is ready on ${broker.listeners.map(printedAddress).join(', ')}`);
    world.started();
  } catch (error) {
    for (const line of explainStartError(error)) world.tell(`moldau: ${line}`);
    world.exit(startExitCode(error));
  }
}

interface Levels {
  readonly level: LogLevel;
  readonly own: ReadonlyMap<LoggerName, LogLevelName>;
}

/** 'warn', or 'warn,audit=info': of all, and of some loggers. What is wrong with it as a text. */
function levelsOf(text: string): Levels | string {
  let level: LogLevel = DEFAULT_LEVEL;
  const own = new Map<LoggerName, LogLevelName>();
  for (const part of text.split(',')) {
    const [logger, name] = part.includes('=') ? part.split('=', 2) : [undefined, part];
    if (!isLogLevel(name!))
      return `the log level ${JSON.stringify(name)} does not exist: expected one of ${logLevelNames()}`;
    const found = LOGGER_NAMES.find((each) => each === logger);
    if (found !== undefined) own.set(found, KAFKA_LEVELS[name]);
    else if (logger === undefined) level = name;
    else return `there is no logger ${JSON.stringify(logger)}: they are ${LOGGER_NAMES.join(', ')}`;
  }
  return { level, own };
}

function tellAll(
  world: ServerWorld,
  level: LogLevel,
  warnings: readonly string[],
  notes: readonly string[],
): void {
  if (isAtLeast('warn', level)) for (const line of warnings) world.tell(`moldau: warning: ${line}`);
  if (isAtLeast('info', level)) for (const line of notes) world.tell(`moldau: note: ${line}`);
}

function stopOnSignal(
  starting: Promise<RunningBroker>,
  world: ServerWorld,
  level: LogLevel,
  logger: Logger,
): void {
  let stoppingSinceMs: number | undefined;
  world.onSignal((signal) => {
    const nowMs = world.monotonicMs();
    if (stoppingSinceMs !== undefined) {
      if (nowMs - stoppingSinceMs > SAME_SIGNAL_MS) world.exit(SIGNAL_EXIT_CODES[signal]);
      return;
    }
    stoppingSinceMs = nowMs;
    if (isAtLeast('info', level)) logger.info({ signal }, 'stopping');
    starting
      .then((broker) => broker.stop())
      .then(
        () => world.exit(0),
        (error: unknown) => {
          // A start that failed has told why already, and ended the process.
          if (level !== 'silent') logger.error({ err: error }, 'the broker could not stop cleanly');
          world.exit(EXIT_FAILURE);
        },
      );
  });
}

function printedAddress({ host, port }: { host: string; port: number }): string {
  const shown = host === '' || host === '::' ? '0.0.0.0' : host;
  return shown.includes(':') ? `[${shown}]:${port}` : `${shown}:${port}`;
}

function processWorld(): ServerWorld {
  // Nobody may read standard error any more; that is no reason to stop serving.
  process.stderr.on('error', () => {});
  return {
    environment: process.env,
    tell(line) {
      process.stderr.write(`${line}\n`);
    },
    started() {
      tellServiceManagerReady(process.env, (reason) => process.stderr.write(`moldau: warning: ${reason}\n`));
      // What this start compiled is kept for the next one now: at the end there may be no time, as after kill -9.
      flushCompileCache();
    },
    exit: (code) => process.exit(code),
    onSignal(listener) {
      onEndingSignals(listener);
    },
    onCrash(listener) {
      process.on('uncaughtException', listener);
      process.on('unhandledRejection', listener);
    },
    monotonicMs: () => nodeClock.monotonicMs(),
    start: startBroker,
  };
}
