// Which transactions ListTransactions shows.

import type { ListedTransaction, ListTransactionsCommand } from './transaction-commands.ts';
import type { TransactionMetadata } from './transaction-metadata.ts';

export interface TransactionFilter extends Omit<ListTransactionsCommand, 'transactionalIdPattern'> {
  readonly matchesId: (transactionalId: string) => boolean;
}

/** Undefined when the filter leaves it out. */
export function listed(
  transactionalId: string,
  metadata: TransactionMetadata,
  filter: TransactionFilter,
  nowMs: number,
): ListedTransaction | undefined {
  const { producerId, state, startTimestampMs } = metadata;
  const { producerIdFilters, stateFilters, durationFilterMs, matchesId } = filter;
  if (producerIdFilters.length > 0 && !producerIdFilters.includes(producerId)) return undefined;
  if (stateFilters.length > 0 && !stateFilters.includes(state)) return undefined;
  if (durationFilterMs >= 0 && nowMs - startTimestampMs <= durationFilterMs) return undefined;
  if (!matchesId(transactionalId)) return undefined;
  return { transactionalId, producerId, transactionState: state };
}
