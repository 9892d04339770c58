// The names of encodings of keys and values, as the command line has them.

/** What can be written. */
export const WRITABLE = [
  ...['string', 'json', 'hex', 'base64', 'int16', 'int32', 'int64', 'float', 'double', 'msgpack'],
  ...['avro', 'protobuf'],
] as const;

/** What can be read. */
export const READABLE = [...WRITABLE, 'auto'] as const;

/** By the ending of the schema's file, where nothing else is said. */
export function encodingOf(encoding: string | undefined, schema: string | undefined): string | undefined {
  if (encoding !== undefined || schema === undefined) return encoding;
  return schema.endsWith('.proto') ? 'protobuf' : 'avro';
}
