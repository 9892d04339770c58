// Owns the int16 that opens what coordinators and clients keep in records: in a record's key the kind of record, in a
// value (and in the consumer protocol's structures) the version of what follows.

import { MalformedError } from './malformed.ts';
import type { Message } from './message.ts';

const PREFIX_BYTES = 2;

/**
 * The message behind its int16: the api key for a coordinator-key, else `version`, which is the latest when left out.
 */
export function encodeVersioned<Value, Input>(
  message: Message<Value, Input>,
  value: Input,
  version: number = message.versions.max,
): Buffer {
  const body = message.encode(value, version);
  const whole = Buffer.allocUnsafe(PREFIX_BYTES + body.length);
  whole.writeInt16BE(message.kind === 'coordinator-key' ? message.apiKey : version, 0);
  body.copy(whole, PREFIX_BYTES);
  return whole;
}

/** The int16 that opens the bytes. */
export function versionPrefix(bytes: Buffer): number {
  if (bytes.length < PREFIX_BYTES) throw new MalformedError('The bytes end before their version.');
  return bytes.readInt16BE(0);
}

/**
 * Reads back what `encodeVersioned` wrote. The consumer protocol only ever adds fields at the end, so a version of its
 * structures that is not known yet is read as the latest known; elsewhere it is malformed.
 */
export function decodeVersioned<Value, Input>(message: Message<Value, Input>, bytes: Buffer): Value {
  const prefix = versionPrefix(bytes);
  if (message.kind === 'coordinator-key') {
    if (prefix !== message.apiKey) {
      throw new MalformedError(`${message.name}: the key says ${prefix}, not ${message.apiKey}.`);
    }
    return message.decode(bytes, message.versions.max, PREFIX_BYTES);
  }
  const version = message.kind === 'data' && prefix > message.versions.max ? message.versions.max : prefix;
  if (!message.supports(version)) {
    const { min, max } = message.versions;
    throw new MalformedError(`${message.name}: version ${version} is not one of ${min} to ${max}.`);
  }
  return message.decode(bytes, version, PREFIX_BYTES);
}
