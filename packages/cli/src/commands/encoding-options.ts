// The options of `moldau consume` and `moldau produce` that say what keys and values are.

import type { OptionSpec } from '../command-line/command.ts';
import { oneOf } from '../command-line/values.ts';

/** `verb`: what is done with keys and values. */
export function encodingOptions(
  verb: 'read' | 'write',
  encodings: readonly string[],
  valueSchemaSummary: string,
): readonly OptionSpec[] {
  return [
    {
      flags: '--key-as <encoding>',
      summary: verb === 'read' ? 'read keys as this' : 'write keys as this, of what stands in the line',
      parse: oneOf(encodings),
      completes: encodings,
    },
    {
      flags: '--value-as <encoding>',
      summary: `${verb} values as this: ${encodings.join(', ')}`,
      parse: oneOf(encodings),
      completes: encodings,
    },
    { flags: '--key-schema <file>', summary: 'the same for keys', completes: 'file' },
    { flags: '--value-schema <file>', summary: valueSchemaSummary, completes: 'file' },
    { flags: '--message <name>', summary: 'the message of the .proto file' },
  ];
}
