// Guesses what bytes are: records of Kafka's own topics by the topic, then JSON, then text; all else is shown as hex.

import { isUtf8 } from 'node:buffer';
import type { Decoder } from './decoders.ts';
import { internalDecoder, isInternal } from './internal-records.ts';
import { parseJson } from './json.ts';

/** Control characters, but for those that are white space. */
const CONTROL = /[^\P{Cc}\s]/u;

export function autoDecoder(part: 'key' | 'value'): Decoder {
  const internal = internalDecoder(part);
  return (bytes, context) => (isInternal(context.topic) ? internal(bytes, context) : guessed(bytes));
}

/** A value of JSON, a text, or a text of hexadecimal digits. */
export function guessed(bytes: Buffer, parse = parseJson): unknown {
  if (!isUtf8(bytes)) return bytes.toString('hex');
  const text = bytes.toString('utf8');
  if (/^\s*[[{]/.test(text)) {
    try {
      return parse(text);
    } catch {
      return text;
    }
  }
  return CONTROL.test(text) ? bytes.toString('hex') : text;
}
