// Changes that the controller makes.

import { ErrorCode } from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { BrokerError, KafkaError } from '../errors/kafka-error.ts';
import type { Outcome } from './results.ts';

/** One broker answers for all things asked for, so when it is not the controller, it says so of each. */
export function notController(answers: readonly { readonly errorCode: number }[]): number {
  const isOther = answers.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER);
  return isOther ? ErrorCode.NOT_CONTROLLER : ErrorCode.NONE;
}

/**
 * What comes of each item, in their order: those that the quota of changes does not let through (KIP-599) are asked for again while there is time.
 * `ask` answers in the order of the items it is given. How long to wait, the broker says, and the connection heeds (KIP-219).
 */
export async function throughQuota<Item, Answer extends Outcome>(
  cluster: Cluster,
  items: readonly Item[],
  options: CallOptions,
  ask: (items: readonly Item[], options: CallOptions) => Promise<readonly (Answer | undefined)[]>,
): Promise<(Answer | undefined)[]> {
  const answers = new Map<Item, Answer | undefined>();
  const isOpen = (item: Item): boolean =>
    !answers.has(item) || answers.get(item)?.errorCode === ErrorCode.THROTTLING_QUOTA_EXCEEDED;
  try {
    await cluster.retrying(options, async ({ deadlineMs, signal }) => {
      const open = items.filter(isOpen);
      const timeoutMs = Math.max(1, deadlineMs - cluster.ports.clock.monotonicMs());
      const told = await ask(open, { timeoutMs, signal });
      for (const [index, item] of open.entries()) answers.set(item, told[index]);
      if (open.some(isOpen)) throw new BrokerError(ErrorCode.THROTTLING_QUOTA_EXCEEDED);
    });
  } catch (error) {
    // Time is over: what was done is done, and the others have their errors.
    if (answers.size === 0 || !(error instanceof KafkaError) || !error.retriable) throw error;
  }
  return items.map((item) => answers.get(item));
}
