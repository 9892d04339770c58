// What clients of a coordinator are told when its log refuses a record: they know the coordinator, not the log under it.

import { ErrorCode, KafkaError } from '@moldau/protocol';

/** The error code for the client of a coordinator whose append failed. */
export function appendErrorCode(error: KafkaError): number {
  switch (error.code) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR;
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
      return ErrorCode.UNKNOWN_SERVER_ERROR;
    default:
      return error.code;
  }
}

/** Anything thrown, as an error with a code. */
export function toKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  return new KafkaError(
    ErrorCode.UNKNOWN_SERVER_ERROR,
    error instanceof Error ? error.message : String(error),
  );
}
