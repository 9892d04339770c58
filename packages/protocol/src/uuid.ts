// Owns Kafka's form of a uuid: 22 characters of url-safe base64 without padding, for 16 bytes.

/** 22 characters of url-safe base64. */
export type Uuid = string;

/** The uuid of sixteen zero bytes, by which Kafka says "none". */
export const ZERO_UUID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA';

/** Reads 16 bytes at `offset`. */
export function uuidFromBytes(bytes: Uint8Array, offset = 0): Uuid {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, 16).toString('base64url');
}

/** The 16 bytes; throws TypeError for a string that is not a uuid in Kafka's form. */
export function uuidToBytes(uuid: Uuid): Buffer {
  const bytes = Buffer.from(uuid, 'base64url');
  if (uuid.length !== 22 || bytes.length !== 16) {
    throw new TypeError(`'${uuid}' is not a uuid: 22 characters of url-safe base64 are expected.`);
  }
  return bytes;
}
