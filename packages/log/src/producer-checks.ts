// Whether a producer may append a batch, or a coordinator a marker. Pure: what it is given is not changed.

import { type EndTransactionMarker, ErrorCode, KafkaError, type RecordBatch } from '@moldau/protocol';
import type { Verification, VerificationState } from './transaction-verification.ts';

/** Where a producer stands in a log. */
export interface Standing {
  readonly producerEpoch: number;
  /** -1 when no batch is remembered. */
  readonly lastSequence: number;
  /** -1 when no transaction marker has been seen. */
  readonly coordinatorEpoch: number;
  readonly hasOpenTransaction: boolean;
}

const NO_EPOCH = -1;
const NO_SEQUENCE = -1;
const MAX_EPOCH = 32_767;
const FIRST_VERSION_WITH_EPOCH_BUMPS = 2;

function follows(lastSequence: number, firstSequence: number): boolean {
  return firstSequence === lastSequence + 1 || (firstSequence === 0 && lastSequence === 0x7fff_ffff);
}

export function staleEpoch(producerId: number, producerEpoch: number, seenEpoch: number): KafkaError {
  return new KafkaError(
    ErrorCode.INVALID_PRODUCER_EPOCH,
    `producer ${producerId} wrote with epoch ${producerEpoch}, but epoch ${seenEpoch} has been seen: a newer producer took its place`,
  );
}

function outOfOrder(message: string): KafkaError {
  return new KafkaError(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, message);
}

/** Throws the KafkaError that a transaction's batch is refused with, whoever appends it. */
export function checkTransaction(
  batch: RecordBatch,
  standing: Standing | undefined,
  state: VerificationState | undefined,
  verification: Verification | undefined,
): void {
  const { producerId, producerEpoch, isTransactional } = batch;
  if (standing !== undefined && producerEpoch < standing.producerEpoch)
    throw staleEpoch(producerId, producerEpoch, standing.producerEpoch);
  const isOpen = standing?.hasOpenTransaction === true;
  if (!isTransactional) {
    if (!isOpen) return;
    throw new KafkaError(
      ErrorCode.INVALID_TXN_STATE,
      `producer ${producerId} has a transaction open here and sent a batch that is not a part of it`,
    );
  }
  if (isOpen && producerEpoch === standing.producerEpoch) return;
  if (verification === 'waived' || (state !== undefined && verification === state.guard)) return;
  throw new KafkaError(
    ErrorCode.INVALID_TXN_STATE,
    `the batch of producer ${producerId} (epoch ${producerEpoch}) belongs to no ongoing transaction`,
  );
}

/** Throws the KafkaError that a client's batch is refused with for its place in the producer's sequence. Its epoch is not an older one. */
export function checkSequence(
  batch: RecordBatch,
  standing: Standing | undefined,
  state: VerificationState | undefined,
): void {
  const { producerId, producerEpoch, baseSequence } = batch;
  const lastSequence = standing?.lastSequence ?? NO_SEQUENCE;
  if (state !== undefined) {
    if (state.supportsEpochBump && baseSequence !== 0 && lastSequence === NO_SEQUENCE)
      throw outOfOrder(`producer ${producerId} is new here and sent sequence ${baseSequence} where 0 is due`);
    if (baseSequence > state.lowestSequence) {
      throw outOfOrder(
        `producer ${producerId} sent sequence ${baseSequence} before ${state.lowestSequence}, which waits for the transaction to be verified`,
      );
    }
  }
  if (standing === undefined || standing.producerEpoch === NO_EPOCH) return;
  if (producerEpoch !== standing.producerEpoch) {
    if (baseSequence === 0) return;
    throw outOfOrder(
      `producer ${producerId} opened epoch ${producerEpoch} with sequence ${baseSequence} where 0 is due`,
    );
  }
  if (!follows(lastSequence, baseSequence)) {
    throw outOfOrder(
      `producer ${producerId} (epoch ${producerEpoch}) sent sequence ${baseSequence} after ${lastSequence}`,
    );
  }
}

/**
 * Throws the KafkaError that a marker is refused with: INVALID_PRODUCER_EPOCH or TRANSACTION_COORDINATOR_FENCED. From
 * transaction.version 2 on a marker has a higher epoch than the records before it (KIP-890); that of an ended
 * transaction may come again.
 */
export function checkMarker(
  marker: EndTransactionMarker,
  transactionVersion: number,
  standing: Standing | undefined,
): void {
  if (standing === undefined) return;
  const { producerId, producerEpoch, coordinatorEpoch } = marker;
  const hasOwnEpoch = transactionVersion >= FIRST_VERSION_WITH_EPOCH_BUMPS;
  const isRepeated =
    producerEpoch === standing.producerEpoch && (!standing.hasOpenTransaction || producerEpoch === MAX_EPOCH);
  const isStale = hasOwnEpoch
    ? producerEpoch <= standing.producerEpoch && !isRepeated
    : producerEpoch < standing.producerEpoch;
  if (isStale) throw staleEpoch(producerId, producerEpoch, standing.producerEpoch);
  if (coordinatorEpoch < standing.coordinatorEpoch) {
    throw new KafkaError(
      ErrorCode.TRANSACTION_COORDINATOR_FENCED,
      `a marker of coordinator epoch ${coordinatorEpoch} came after one of epoch ${standing.coordinatorEpoch}`,
    );
  }
}
