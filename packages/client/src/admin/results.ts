// What becomes of a call about several things of which some failed.

import { ErrorCode } from '@moldau/protocol';
import {
  BrokerError,
  type BrokerErrorDetails,
  type ErrorSubject,
  KafkaError,
  PartialFailureError,
} from '../errors/kafka-error.ts';

/** The results, if all succeeded. @throws KafkaError that of the only thing asked for, or a PartialFailureError with all errors */
export function allOrThrow<Result>(results: readonly Result[]): Exclude<Result, KafkaError>[] {
  const first = results.find((result) => result instanceof KafkaError);
  if (first === undefined) return results as Exclude<Result, KafkaError>[];
  throw results.length === 1 ? first : new PartialFailureError(results);
}

/** Of one thing in a broker's answer: how it went. */
export interface Outcome {
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

/** The error that an outcome is; undefined: it went well. What the broker does not mention has failed. */
export function errorOf(
  outcome: Outcome | undefined,
  subject: ErrorSubject & Omit<BrokerErrorDetails, 'said'>,
): BrokerError | undefined {
  const errorCode = outcome?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
  if (errorCode === ErrorCode.NONE) return undefined;
  return new BrokerError(errorCode, { ...subject, said: outcome?.errorMessage });
}

/** For requests of which all may fail at once: tries again what passes, and says what it was about. */
export function wholeAnswer(operation: string, resource?: string) {
  return {
    errorOf: ({ errorCode }: Outcome) => errorCode,
    messageOf: ({ errorMessage }: Outcome) => errorMessage ?? null,
    about: { operation, resource },
  };
}

/** What each of several independent calls comes to, in their order. @throws as allOrThrow */
export async function each<Item, Result>(
  items: readonly Item[],
  call: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const settled = await Promise.allSettled(items.map(call));
  return allOrThrow(
    settled.map((outcome) => {
      if (outcome.status === 'fulfilled') return outcome.value;
      if (outcome.reason instanceof KafkaError) return outcome.reason;
      throw outcome.reason;
    }),
  ) as Result[];
}
