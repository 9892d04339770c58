// What a consumer may see of transactions, as Fetch and ListOffsets are told it.

import { ErrorCode, KafkaError } from '@moldau/protocol';

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;

/** @throws KafkaError for a level that is not known */
export function isReadCommitted(isolationLevel: number): boolean {
  if (isolationLevel === READ_UNCOMMITTED || isolationLevel === READ_COMMITTED)
    return isolationLevel === READ_COMMITTED;
  const message = `isolation level ${isolationLevel} is neither 0 (read uncommitted) nor 1 (read committed)`;
  throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
