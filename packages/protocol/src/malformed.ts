// Owns the error that all decoders throw for bytes that break the format: too short, counts that cannot be, overlong varints.

/** Thrown for bytes that are not what Kafka's format allows. The message says what was found and where. */
export class MalformedError extends Error {
  override readonly name: string = 'MalformedError';
}
