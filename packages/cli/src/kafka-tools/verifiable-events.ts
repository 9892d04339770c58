// What kafka-verifiable-producer and -consumer print: events as lines of JSON, for programs that watch them.

import type { ToolContext } from './kafka-tool.ts';

export function printEvent({ out, clock }: ToolContext, name: string, fields: object = {}): void {
  out(JSON.stringify({ timestamp: clock.wallMs(), name, ...fields }));
}
