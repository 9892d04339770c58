// What the client has to say, for whoever waits: its warnings on standard error, or with --verbose all that it does.
//
// Invariant: nothing is said again within a minute.

import type { Clock, Logger } from '@moldau/io';
import { inOwnWords } from '../command-line/own-words.ts';

export interface ClientLogOptions {
  readonly tell: (line: string) => void;
  readonly clock: Clock;
  readonly isVerbose: boolean;
}

const SAID_FOR_MS = 60_000;

export function clientLog({ tell, clock, isVerbose }: ClientLogOptions): Logger {
  const saidMs = new Map<string, number>();
  const all = (level: string) => (fields: object, message: string) =>
    tell(`moldau: ${level}: ${message} ${JSON.stringify(fields, plainly)}`);
  if (isVerbose) return { debug: all('debug'), info: all('info'), warn: all('warning'), error: all('error') };
  const warn = (fields: object, message: string): void => {
    const { failures } = fields as { failures?: number };
    const nowMs = clock.monotonicMs();
    if (nowMs - (saidMs.get(message) ?? Number.NEGATIVE_INFINITY) < SAID_FOR_MS) return;
    saidMs.set(message, nowMs);
    tell(`moldau: ${inOwnWords(message)}${failures === undefined ? '' : '; trying again'}`);
  };
  return { debug() {}, info() {}, warn, error: warn, isLevelEnabled: () => false };
}

/** Errors by what they say, and numbers of 64 bits. */
function plainly(_key: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === 'bigint' ? String(value) : value;
}
