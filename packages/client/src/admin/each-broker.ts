// Questions that every broker answers for itself.

import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { each } from './results.ts';
import { inSteps } from './timing.ts';

/** What each broker says, all of them by default. @throws as allOrThrow */
export async function eachBroker<Answer>(
  cluster: Cluster,
  brokerIds: readonly number[] | undefined,
  options: CallOptions,
  ask: (to: { readonly brokerId: number }, options: CallOptions) => Promise<Answer>,
): Promise<(Answer & { readonly brokerId: number })[]> {
  const left = inSteps(cluster, options);
  if (brokerIds === undefined) await cluster.refresh({ topics: [], reason: 'all brokers' }, left());
  const asked = brokerIds ?? [...cluster.metadata.brokers.keys()].sort((one, other) => one - other);
  return await each(asked, async (brokerId) => ({ ...(await ask({ brokerId }, left())), brokerId }));
}
