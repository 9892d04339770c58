// What becomes of a call about several things of which some failed.

import { KafkaError, PartialFailureError } from '../errors/kafka-error.ts';

/** The results, if all succeeded. @throws KafkaError that of the only thing asked for, or a PartialFailureError with all errors */
export function allOrThrow<Result>(results: readonly Result[]): Exclude<Result, KafkaError>[] {
  const errors = results.filter((result) => result instanceof KafkaError);
  if (errors.length === 0) return results as Exclude<Result, KafkaError>[];
  if (results.length === 1) throw errors[0];
  throw new PartialFailureError(errors, results.length);
}
