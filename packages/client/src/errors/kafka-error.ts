// The one tree of errors. Everything that a client rejects with is a KafkaError, but for the reason of an AbortSignal, which is passed on as it is.
//
// `code` is Kafka's name where a broker answered with an error (NOT_LEADER_OR_FOLLOWER), else one of ours, listed in ClientErrorCode.

import { ErrorCode, type ErrorName, errorMessage, errorName, isRetriable } from '@moldau/protocol';

/** What goes wrong without a broker's saying so. */
export type ClientErrorCode =
  /** No connection could be made; `cause` has the system's error. */
  | 'CONNECTION_FAILED'
  /** A connection ended while an answer was awaited: the broker may have done what was asked, or not. */
  | 'CONNECTION_LOST'
  /** None of the addresses led to a broker; `attempts` says what each said. */
  | 'NO_BROKER_REACHABLE'
  /** Nothing came in time; `cause` has what went wrong last, when anything did. */
  | 'TIMED_OUT'
  /** What came is not Kafka's protocol. */
  | 'MALFORMED_ANSWER'
  | 'AUTHENTICATION_FAILED'
  /** Options, properties or arguments that cannot be meant. */
  | 'INVALID_OPTIONS'
  /** The client was closed. */
  | 'CLOSED'
  /** Some of several things failed; `errors` has them. */
  | 'PARTIAL_FAILURE'
  /** The transaction was aborted before the record was sent. */
  | 'TRANSACTION_ABORTED'
  /** What was asked for needs an open transaction, and there is none, or its end is under way. */
  | 'NO_TRANSACTION'
  /** A key or value cannot be written, or what was read is not what the topic's serde expects. */
  | 'SERIALIZATION_FAILED'
  /** No offset is known to begin reading at, and none is to be chosen. */
  | 'NO_POSITION'
  /** Records that were read are no more in the log. */
  | 'LOG_TRUNCATED'
  /** A partition is not, or not any more, this consumer's. */
  | 'NOT_ASSIGNED'
  /** A consumer was to consume in two ways at the same time. */
  | 'ALREADY_CONSUMING'
  /** A handler failed for a record, and nothing else was provided for that; `cause` is what it threw. */
  | 'HANDLER_FAILED'
  /** A record of a share group was not acknowledged in time, or its session ended: it is delivered again. */
  | 'LOCK_LOST';

/** Every `code`: Kafka's names, ours, and ERROR_<number> for what a newer broker may answer. */
export type KafkaErrorCode = ErrorName | ClientErrorCode | `ERROR_${number}`;

/** What an error is about. */
export interface ErrorSubject {
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  /** `1 at kafka-1:9092`, or an address alone before its broker's id is known. */
  readonly broker?: string | undefined;
  readonly cause?: unknown;
}

export class KafkaError extends Error {
  override readonly name: string = 'KafkaError';
  readonly code: KafkaErrorCode;
  /** The same may succeed later, without anybody changing anything. */
  readonly retriable: boolean;
  /** This client cannot go on: close it, and mend what the message says. */
  readonly fatal: boolean;
  /** The transaction under way cannot be committed, but aborted; the next one may succeed. */
  readonly abortable: boolean;
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly broker: string | undefined;

  constructor(
    code: KafkaErrorCode,
    message: string,
    options: ErrorSubject & { retriable?: boolean; fatal?: boolean; abortable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retriable = options.retriable ?? false;
    this.fatal = options.fatal ?? false;
    this.abortable = options.abortable ?? false;
    this.topic = options.topic;
    this.partition = options.partition;
    this.broker = options.broker;
  }
}

/** After these the same client gets the same answer again: another one took its place, or it may not do what it is there for. */
const FATAL = new Set<number>([
  ErrorCode.SASL_AUTHENTICATION_FAILED,
  ErrorCode.UNSUPPORTED_SASL_MECHANISM,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.FENCED_INSTANCE_ID,
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
]);

/** A transaction is of no use after these, and the producer still is. */
const ABORTABLE = new Set<number>([
  ErrorCode.TRANSACTION_ABORTABLE,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.UNKNOWN_PRODUCER_ID,
  ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  ErrorCode.MESSAGE_TOO_LARGE,
]);

/** The broker does not let this principal. */
const DENIED = new Set<number>([
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
]);

/** What makes a broker's error clearer. */
export interface BrokerErrorDetails {
  /** The broker's own message, when it sent one. */
  readonly said?: string | null | undefined;
  /** It says all there is to say, and what to do: ours. */
  readonly saysAll?: boolean;
  /** What it is about when that is no topic: 'group billing'. */
  readonly resource?: string | undefined;
  /** What was to be done with it: the right that is needed for it, as Kafka calls it. */
  readonly operation?: string | undefined;
}

export interface MissingRight {
  /** As Kafka calls it: Read. */
  readonly operation: string;
  /** 'topic orders', 'cluster'; undefined: it is not known. */
  readonly on: string | undefined;
}

/** A broker answered, and its answer is an error. */
export class BrokerError extends KafkaError {
  override readonly name = 'BrokerError';
  /** Kafka's number. */
  readonly errorCode: number;
  /** The broker's own words, where it sent some. */
  readonly said: string | undefined;
  /** What this principal would have to be allowed, where that is known. */
  readonly missingRight: MissingRight | undefined;

  constructor(errorCode: number, subject: ErrorSubject & BrokerErrorDetails = {}) {
    super(errorName(errorCode as ErrorCode) as KafkaErrorCode, brokerMessage(errorCode, subject), {
      ...subject,
      retriable: isRetriable(errorCode as ErrorCode),
      fatal: FATAL.has(errorCode),
      abortable: ABORTABLE.has(errorCode),
    });
    this.errorCode = errorCode;
    this.said = subject.said || undefined;
    this.missingRight = missingRight(errorCode, subject);
  }
}

function brokerMessage(errorCode: number, subject: ErrorSubject & BrokerErrorDetails): string {
  const { topic, partition, said, resource } = subject;
  const about = topic === undefined || partition === undefined ? topic : `${topic}, partition ${partition}`;
  const place = resource ?? about;
  const where = place === undefined ? '' : `${place}: `;
  const advice = errorMessage(errorCode as ErrorCode);
  const right = rightText(missingRight(errorCode, subject));
  if (said === undefined || said === null || said === '') return where + advice + right;
  const more = (subject.saysAll === true || said.includes(advice) ? '' : whatToDo(advice)) + right;
  return where + (more === '' ? said : (/[.!?]$/.test(said) ? said : `${said}.`) + more);
}

/** Our sentences without the first: what happened, the broker's own words say more precisely. */
function whatToDo(advice: string): string {
  return advice.replace(/^.*?\.(?= |$)/, '');
}

/** What to ask for. */
function missingRight(
  errorCode: number,
  { topic, resource, operation }: ErrorSubject & BrokerErrorDetails,
): MissingRight | undefined {
  if (operation === undefined || !DENIED.has(errorCode)) return undefined;
  const isCluster = errorCode === ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
  return { operation, on: isCluster ? 'cluster' : (resource ?? (topic && `topic ${topic}`)) };
}

function rightText(right: MissingRight | undefined): string {
  if (right === undefined) return '';
  return ` It takes ${right.operation}${right.on === undefined ? '' : ` on the ${right.on}`}.`;
}

/** No connection, or none any more. */
export class ConnectionError extends KafkaError {
  override readonly name: string = 'ConnectionError';

  constructor(
    code: 'CONNECTION_FAILED' | 'CONNECTION_LOST' | 'NO_BROKER_REACHABLE',
    message: string,
    options: ErrorSubject & { retriable?: boolean } = {},
  ) {
    super(code, message, { retriable: true, ...options });
  }
}

/** Where a connection was tried, and what came of it. */
export interface Attempt {
  /** host:port */
  readonly address: string;
  readonly error: KafkaError;
}

/** Every known broker and every address of `brokers` was tried in vain. */
export class NoBrokerReachableError extends ConnectionError {
  override readonly name = 'NoBrokerReachableError';
  readonly attempts: readonly Attempt[];

  constructor(message: string, attempts: readonly Attempt[]) {
    super('NO_BROKER_REACHABLE', message, {
      retriable: attempts.some(({ error }) => error.retriable),
      cause: attempts.at(-1)?.error,
    });
    this.attempts = attempts;
  }
}

/** The broker does not take the credentials, or the login cannot be made. */
export class AuthenticationError extends KafkaError {
  override readonly name = 'AuthenticationError';

  constructor(
    code: 'AUTHENTICATION_FAILED' | 'SASL_AUTHENTICATION_FAILED' | 'UNSUPPORTED_SASL_MECHANISM',
    message: string,
    subject: ErrorSubject = {},
  ) {
    super(code, message, { ...subject, fatal: true });
  }
}

export class TimeoutError extends KafkaError {
  override readonly name = 'TimeoutError';

  constructor(message: string, subject: ErrorSubject = {}) {
    super('TIMED_OUT', message, { ...subject, retriable: true });
  }
}

/** The broker is too old or too new for what was asked. */
export class UnsupportedVersionError extends KafkaError {
  override readonly name = 'UnsupportedVersionError';

  constructor(message: string, subject: ErrorSubject = {}) {
    super('UNSUPPORTED_VERSION', message, subject);
  }
}

export class ClosedError extends KafkaError {
  override readonly name = 'ClosedError';

  constructor(message = 'The client is closed.') {
    super('CLOSED', message);
  }
}

export class OptionsError extends KafkaError {
  override readonly name = 'OptionsError';

  constructor(message: string) {
    super('INVALID_OPTIONS', message);
  }
}

/** A key or value that its serde does not take, or bytes that are not what it reads. */
export class SerializationError extends KafkaError {
  override readonly name = 'SerializationError';

  constructor(message: string, subject: ErrorSubject = {}) {
    super('SERIALIZATION_FAILED', message, subject);
  }
}

/** Some of the things that were asked for in one call failed; the others were done. */
export class PartialFailureError extends KafkaError {
  override readonly name = 'PartialFailureError';
  readonly errors: readonly KafkaError[];
  /** In the order of what was asked for: the result of each, or its error. */
  readonly results: readonly unknown[];

  constructor(results: readonly unknown[]) {
    const errors = results.filter((result) => result instanceof KafkaError);
    const lines = errors.map(({ message }) => `\n- ${message}`).join('');
    const others = errors.length < results.length ? '; the others were done.' : '.';
    super('PARTIAL_FAILURE', `${errors.length} of ${results.length} failed${others}${lines}`, {
      retriable: errors.every(({ retriable }) => retriable),
    });
    this.errors = errors;
    this.results = results;
  }
}

/**
 * Why a transaction cannot go on. `abortable`: abort it, and the next one may succeed. `fatal`: the producer can have none any more. Its code is that of
 * its cause, which says what went wrong.
 */
export class TransactionError extends KafkaError {
  override readonly name = 'TransactionError';

  constructor(
    code: KafkaErrorCode,
    message: string,
    options: ErrorSubject & { readonly fatal?: boolean } = {},
  ) {
    const { fatal = false } = options;
    super(code, message, { ...options, fatal, abortable: !fatal });
  }
}
