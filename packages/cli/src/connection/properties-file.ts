// Files of lines 'name=value', as Kafka's tools and kcat read them.

import { UsageError } from '../command-line/errors.ts';

/** @throws UsageError naming file and line */
export function parseProperties(text: string, path: string): Record<string, string> {
  const properties: Record<string, string> = {};
  // A backslash at the end of a line goes on with the next.
  const lines = text.replaceAll(/\\\r?\n\s*/g, '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue;
    const at = trimmed.search(/[=:]/);
    if (at <= 0)
      // What it is stays unsaid: it may be a password.
      throw new UsageError(`${path}, line ${index + 1}: expected name=value, and there is no =`);
    properties[trimmed.slice(0, at).trim()] = trimmed.slice(at + 1).trim();
  }
  return properties;
}
