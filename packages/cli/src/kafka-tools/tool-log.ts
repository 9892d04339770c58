// What Kafka's tools say through their logger, as its usual configuration lays it out: to standard error, with the time and the class.

import type { Logger } from '@moldau/io';
import { javaTrace } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';

const CLIENT = '@moldau/client';

type World = Pick<ToolContext, 'clock' | 'err'>;

export function logError({ clock, err }: World, message: string, className: string, error?: unknown): void {
  err(`[${timeText(clock.wallMs())}] ERROR ${message} (${className})`);
  if (error !== undefined) err(javaTrace(error));
}

export function logWarning({ clock, err }: World, message: string, className: string): void {
  err(`[${timeText(clock.wallMs())}] WARN ${message} (${className})`);
}

/** Of the client that a tool uses. */
export function toolLogger(world: World): Logger {
  return {
    ...{ debug() {}, info() {} },
    warn: (_fields, message) => logWarning(world, message, CLIENT),
    error: (_fields, message) => logError(world, message, CLIENT),
  };
}

/** In the zone of this machine. */
function timeText(ms: number): string {
  const at = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString();
  return at.slice(0, -1).replace('T', ' ').replace('.', ',');
}
