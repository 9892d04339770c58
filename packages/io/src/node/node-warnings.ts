// For a library that nobody gave a logger: what it warns of is a warning of Node's, on standard error unless the process listens to them or switches
// them off. Who waits for a broker that is not there would hear nothing otherwise.

import type { Logger } from '../logger.ts';

const TYPE = 'MoldauWarning';

export const nodeWarnings: Logger = { debug() {}, info() {}, warn: emit, error: emit };

function emit(fields: object, message: string): void {
  const places = Object.entries(fields).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [`${name} ${value}`] : [],
  );
  const { error } = fields as { error?: unknown };
  const reason = error instanceof Error && !message.includes(error.message) ? `: ${error.message}` : '';
  process.emitWarning(`${message}${reason}${places.length === 0 ? '' : ` (${places.join(', ')})`}`, TYPE);
}
