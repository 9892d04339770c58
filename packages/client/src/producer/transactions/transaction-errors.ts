// What errors mean to a transaction: whether it can be aborted, or the producer is of no use any more. Other than Kafka's own producer, which gives up at
// any error that it does not know, all that is not known to be fatal is aborted: that tells for certain.

import {
  AuthenticationError,
  ClosedError,
  KafkaError,
  type KafkaErrorCode,
  TransactionError,
} from '../../errors/kafka-error.ts';

/** Whatever is done next, the answer would be the same. */
const FATAL = new Set<KafkaErrorCode>([
  'PRODUCER_FENCED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TRANSACTION_TIMEOUT',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
]);

/** From a coordinator, which knows the transaction. A partition's leader may answer so without anybody's having been fenced. */
const FATAL_FROM_COORDINATOR = new Set<KafkaErrorCode>(['INVALID_PRODUCER_EPOCH', 'INVALID_TXN_STATE']);

/** Told by whom. */
export type ErrorSource = 'coordinator' | 'group' | 'leader';

export interface TransactionSubject {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
}

/** What the error comes to for a transaction that is open, or about to be. */
export function transactionError(
  error: unknown,
  source: ErrorSource,
  subject: TransactionSubject,
): TransactionError | ClosedError {
  if (error instanceof TransactionError || error instanceof ClosedError) return error;
  const cause = asKafkaError(error);
  return isFatal(cause, source) ? fatalError(cause, subject) : abortableError(cause, subject);
}

function isFatal(error: KafkaError, source: ErrorSource): boolean {
  if (error instanceof AuthenticationError || FATAL.has(error.code)) return true;
  if (error.code === 'INVALID_TXN_STATE') return source === 'coordinator';
  return source !== 'leader' && FATAL_FROM_COORDINATOR.has(error.code);
}

export function abortableError(cause: KafkaError, subject: TransactionSubject): TransactionError {
  return new TransactionError(cause.code, `${cause.message} ${advise(cause, subject)}`, subjectOf(cause));
}

function advise({ code }: KafkaError, { transactionTimeoutMs }: TransactionSubject): string {
  switch (code) {
    case 'UNKNOWN_MEMBER_ID':
    case 'ILLEGAL_GENERATION':
      return 'The group has given these partitions to others, who will process the records again: abort the transaction, and go on from the committed offsets.';
    case 'INVALID_TXN_STATE':
    case 'INVALID_PRODUCER_EPOCH':
      return `It may have taken longer than transactionTimeoutMs (${transactionTimeoutMs} ms), after which brokers abort it. The transaction cannot be committed: abort it.`;
    default:
      return 'The transaction cannot be committed: abort it.';
  }
}

export function fatalError(cause: KafkaError, subject: TransactionSubject): TransactionError {
  const advice = `${explain(cause, subject)} Close this producer.`;
  return new TransactionError(cause.code, advice, { ...subjectOf(cause), fatal: true });
}

function explain(cause: KafkaError, { transactionalId, transactionTimeoutMs }: TransactionSubject): string {
  switch (cause.code) {
    case 'PRODUCER_FENCED':
    case 'INVALID_PRODUCER_EPOCH':
      return (
        `Another producer has taken over the transactional id ${transactionalId}, or the broker has ended the transaction because it took longer than ` +
        `transactionTimeoutMs (${transactionTimeoutMs} ms). Each producer that runs at the same time needs a transactional id of its own.`
      );
    case 'INVALID_PRODUCER_ID_MAPPING':
      return (
        `The broker does not know this producer of the transactional id ${transactionalId} any more: it has been idle for longer than the broker's ` +
        'transactional.id.expiration.ms, or another producer has taken over.'
      );
    case 'INVALID_TRANSACTION_TIMEOUT':
      return `transactionTimeoutMs is ${transactionTimeoutMs} ms, more than the broker's transaction.max.timeout.ms allows: lower the one, or raise the other.`;
    default:
      return cause.message;
  }
}

/** Errors of the application, and reasons of its signals, are causes too. */
export function asKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new KafkaError('TRANSACTION_ABORTED', said.replace(/[^.!?]$/, '$&.'), { cause: error });
}

function subjectOf(cause: KafkaError) {
  const { topic, partition, broker } = cause;
  return { topic, partition, broker, cause };
}
