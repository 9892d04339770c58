// What becomes of a request, given what is known of its transactional id: the rules of KIP-98, KIP-360 and KIP-890 as
// Apache Kafka 4.3 applies them. Pure: no log, no time of its own, nothing is changed here.
//
// While a transition is pending, nothing but a look at the partitions is decided: under protocol 2 the epoch, or even
// the producer id, may be about to change, and the client may know it already.

import { ErrorCode } from '@moldau/protocol';
import { hasPartition } from './partition-set.ts';
import type {
  AddPartitionsCommand,
  EndTransactionCommand,
  InitProducerIdCommand,
  TransactionalProducer,
  TransactionVersion,
} from './transaction-commands.ts';
import {
  initialized,
  isEpochExhausted,
  isPrepared,
  LAST_CLIENT_EPOCH,
  LAST_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  ongoing,
  prepared,
  type TransactionMetadata,
  type TransactionState,
} from './transaction-metadata.ts';

export type Decision =
  /** Answered at once; NONE is for what is done already. */
  | { readonly kind: 'answer'; readonly errorCode: number }
  /** Answered when the transition is committed. */
  | { readonly kind: 'write'; readonly next: TransactionMetadata }
  /** Somebody's transaction is in the way: it is aborted, and its producer fenced, first. */
  | { readonly kind: 'fence' }
  /** To be decided again with a new producer id at hand. */
  | { readonly kind: 'producer-id-needed' };

export interface Situation {
  readonly current: TransactionMetadata;
  /** The transition under way, if any. */
  readonly pending: TransactionState | null;
  readonly nowMs: number;
  /** A producer id that nobody has had, or null when none has been asked for. */
  readonly freshProducerId: number | null;
}

function answer(errorCode: number): Decision {
  return { kind: 'answer', errorCode };
}

// InitProducerId ---------------------------------------------------------------------------------------------------

export function decideInitProducerId(situation: Situation, command: InitProducerIdCommand): Decision {
  const { current, pending } = situation;
  if (pending !== null) return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  if (!isOfThisProducer(current, command.expected)) return answer(ErrorCode.PRODUCER_FENCED);
  if (isPrepared(current)) return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  if (current.state === 'Ongoing') return { kind: 'fence' };
  const { expected } = command;
  if (isEpochExhausted(current.producerEpoch)) {
    if (expected === null || expected.producerEpoch === current.producerEpoch) {
      return withNewProducerId(situation, command);
    }
  }
  return withNextEpoch(situation, command);
}

/** A producer that says who it was must have been this one, or the last one before the id was used up. */
function isOfThisProducer(
  current: TransactionMetadata,
  expected: InitProducerIdCommand['expected'],
): boolean {
  if (expected === null || current.producerEpoch === NO_PRODUCER_EPOCH) return true;
  if (expected.producerId === current.producerId) return true;
  return expected.producerId === current.previousProducerId && isEpochExhausted(expected.producerEpoch);
}

function withNewProducerId(situation: Situation, command: InitProducerIdCommand): Decision {
  const { current, freshProducerId, nowMs } = situation;
  if (freshProducerId === null) return { kind: 'producer-id-needed' };
  const lastProducerEpoch = command.expected === null ? NO_PRODUCER_EPOCH : current.producerEpoch;
  const epochs = { producerId: freshProducerId, producerEpoch: 0, lastProducerEpoch };
  return { kind: 'write', next: initialized(current, epochs, command.transactionTimeoutMs, nowMs) };
}

function withNextEpoch({ current, nowMs }: Situation, command: InitProducerIdCommand): Decision {
  const { producerEpoch, lastProducerEpoch } = current;
  const expectedEpoch = command.expected?.producerEpoch;
  let epochs: { producerEpoch: number; lastProducerEpoch: number };
  if (expectedEpoch === undefined) {
    epochs = { producerEpoch: producerEpoch + 1, lastProducerEpoch: NO_PRODUCER_EPOCH };
  } else if (producerEpoch === NO_PRODUCER_EPOCH || expectedEpoch === producerEpoch) {
    epochs = { producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch };
  } else if (expectedEpoch === lastProducerEpoch) {
    // A retry of the last bump. A producer that started in between would have forgotten the last epoch.
    epochs = { producerEpoch, lastProducerEpoch };
  } else {
    return answer(ErrorCode.PRODUCER_FENCED);
  }
  return { kind: 'write', next: initialized(current, epochs, command.transactionTimeoutMs, nowMs) };
}

// Partitions -------------------------------------------------------------------------------------------------------

export function decideAddPartitions(situation: Situation, command: AddPartitionsCommand): Decision {
  const { current, pending, nowMs } = situation;
  if (pending !== null) return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  const errorCode = producerError(current, command);
  if (errorCode !== ErrorCode.NONE) return answer(errorCode);
  const isAllThere = command.partitions.every((partition) => hasPartition(current.partitions, partition));
  if (current.state === 'Ongoing' && isAllThere) return answer(ErrorCode.NONE);
  return {
    kind: 'write',
    next: ongoing(current, command.partitions, command.clientVersion ?? 2, nowMs),
  };
}

/** One error code for each partition. A pending transition does not matter: the append to the log checks once more. */
export function verifyPartitions(current: TransactionMetadata, command: AddPartitionsCommand): number[] {
  const errorCode = producerError(current, command);
  return command.partitions.map((partition) => {
    if (errorCode !== ErrorCode.NONE) return errorCode;
    return hasPartition(current.partitions, partition) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
  });
}

function producerError(current: TransactionMetadata, producer: TransactionalProducer): number {
  if (current.producerId !== producer.producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  if (current.producerEpoch !== producer.producerEpoch) return ErrorCode.PRODUCER_FENCED;
  return isPrepared(current) ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.NONE;
}

// EndTxn -----------------------------------------------------------------------------------------------------------

export function decideEnd(situation: Situation, command: EndTransactionCommand): Decision {
  return command.clientVersion >= 2
    ? decideEndWithBump(situation, command)
    : decidePlainEnd(situation, command);
}

/** The protocol of KIP-98: the epoch stays, so a retry cannot be told from a late request for the transaction before. */
function decidePlainEnd({ current, pending, nowMs }: Situation, command: EndTransactionCommand): Decision {
  const { committed } = command;
  if (current.producerId !== command.producerId) return answer(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  if (current.producerEpoch !== command.producerEpoch) return answer(ErrorCode.PRODUCER_FENCED);
  if (pending !== null) return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  switch (current.state) {
    case 'Ongoing': {
      const plain = { clientVersion: 0, fencingEpoch: null, nextProducerId: NO_PRODUCER_ID } as const;
      return { kind: 'write', next: prepared(current, { committed, nowMs, ...plain }) };
    }
    case 'CompleteCommit':
      return answer(committed ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE);
    case 'CompleteAbort':
      return answer(committed ? ErrorCode.INVALID_TXN_STATE : ErrorCode.NONE);
    case 'PrepareCommit':
      return answer(committed ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.INVALID_TXN_STATE);
    case 'PrepareAbort':
      return answer(committed ? ErrorCode.INVALID_TXN_STATE : ErrorCode.CONCURRENT_TRANSACTIONS);
    default:
      return answer(ErrorCode.INVALID_TXN_STATE);
  }
}

/** The protocol of KIP-890: each end bumps the epoch, which tells a retry (the epoch before) from the next end. */
function decideEndWithBump(situation: Situation, command: EndTransactionCommand): Decision {
  const { current, pending } = situation;
  const { committed, producerId, producerEpoch } = command;
  if (pending !== null) return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  const isRetryOfLastEpoch =
    current.previousProducerId === producerId &&
    producerEpoch === LAST_CLIENT_EPOCH &&
    current.producerEpoch === 0;
  const isRetry = isRetryOfLastEpoch || current.producerEpoch === producerEpoch + 1;
  if (current.producerId !== producerId && !isRetryOfLastEpoch) {
    return answer(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  }
  const isNow = current.producerEpoch === producerEpoch;
  switch (current.state) {
    case 'Ongoing':
      return isNow ? end(situation, committed) : answer(ErrorCode.PRODUCER_FENCED);
    case 'Empty':
      if (!isNow) return answer(ErrorCode.PRODUCER_FENCED);
      return committed ? answer(ErrorCode.INVALID_TXN_STATE) : end(situation, false);
    case 'CompleteCommit':
    case 'CompleteAbort': {
      if (!isNow && !isRetry) return answer(ErrorCode.PRODUCER_FENCED);
      const wasCommitted = current.state === 'CompleteCommit';
      if (isRetry) return answer(committed === wasCommitted ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE);
      // The next end with nothing in between: there is nothing to commit, and to abort it costs a bump.
      return committed ? answer(ErrorCode.INVALID_TXN_STATE) : end(situation, false);
    }
    case 'PrepareCommit':
    case 'PrepareAbort': {
      if (current.producerEpoch !== producerEpoch + 1) return answer(ErrorCode.PRODUCER_FENCED);
      const isSame = committed === (current.state === 'PrepareCommit');
      return answer(isSame ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.INVALID_TXN_STATE);
    }
    default:
      return answer(ErrorCode.INVALID_TXN_STATE);
  }
}

function end({ current, freshProducerId, nowMs }: Situation, committed: boolean): Decision {
  if (isEpochExhausted(current.producerEpoch) && freshProducerId === null)
    return { kind: 'producer-id-needed' };
  const nextProducerId = isEpochExhausted(current.producerEpoch) ? freshProducerId! : NO_PRODUCER_ID;
  return {
    kind: 'write',
    next: prepared(current, { committed, clientVersion: 2, fencingEpoch: null, nextProducerId, nowMs }),
  };
}

// Fencing ----------------------------------------------------------------------------------------------------------

/**
 * Aborts an ongoing transaction over its producer's head, because it took too long or another producer came.
 * @param serverVersion transaction.version of the cluster.
 */
export function decideFence(situation: Situation, serverVersion: TransactionVersion): Decision {
  const { current, pending, nowMs } = situation;
  if (pending !== null || current.state !== 'Ongoing') return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  // A bump with every end fences by itself.
  if (serverVersion >= 2) return end(situation, false);
  const fencingEpoch = Math.min(current.producerEpoch + 1, LAST_EPOCH);
  const plain = { clientVersion: 0, fencingEpoch, nextProducerId: NO_PRODUCER_ID } as const;
  return { kind: 'write', next: prepared(current, { committed: false, nowMs, ...plain }) };
}
