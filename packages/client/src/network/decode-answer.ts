// Makes an answer of the bytes that came for it, or the error that says that they are none.

import {
  apiVersionsRequest,
  ErrorCode,
  type Message,
  responseHeader,
  responseHeaderVersion,
} from '@moldau/protocol';
import { KafkaError } from '../errors/kafka-error.ts';

interface Expected {
  readonly response: Message<unknown, never>;
  readonly version: number;
}

/** `records` and `bytes` in it are views of `answer`. @throws MalformedError */
export function decodeAnswer({ response, version }: Expected, answer: Buffer): unknown {
  const headerVersion = responseHeaderVersion(response.apiKey, version);
  // Nobody puts fields into this header so far, so it ends with a zero.
  const start = headerVersion === 0 ? 4 : answer[4] === 0 ? 5 : responseHeader.decodeAt(answer, 1, 0).end;
  // A broker that does not know the version of ApiVersions answers so that everybody can read it.
  const isRefusal =
    response.apiKey === apiVersionsRequest.apiKey &&
    answer.length >= 6 &&
    answer.readInt16BE(4) === ErrorCode.UNSUPPORTED_VERSION;
  return response.decode(answer, isRefusal ? 0 : version, start);
}

export function unreadableAnswer(
  address: string,
  { response, version }: Expected,
  cause: unknown,
): KafkaError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const name = response.name.replace(/Response$/, '');
  return malformedAnswer(
    address,
    `an answer to ${name} version ${version} that cannot be read: ${reason}`,
    cause,
  );
}

export function malformedAnswer(address: string, what: string, cause?: unknown): KafkaError {
  const message = `${address}: the broker sent ${what}. Is it a Kafka broker, and nothing in between that changes what it sends?`;
  return new KafkaError('MALFORMED_ANSWER', message, { broker: address, retriable: true, cause });
}
