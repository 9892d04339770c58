// Questions that every broker answers for itself.

import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { each } from './results.ts';
import { inSteps } from './timing.ts';

/** What the brokers say together, all of them by default. @throws as allOrThrow: with `results` by broker */
export async function eachBroker<Result>(
  cluster: Cluster,
  brokerIds: readonly number[] | undefined,
  options: CallOptions,
  ask: (
    brokerId: number,
    call: CallOptions & { readonly to: { readonly brokerId: number } },
  ) => Promise<Result[]>,
): Promise<Result[]> {
  const left = inSteps(cluster, options);
  if (brokerIds === undefined) await cluster.refresh({ topics: [], reason: 'all brokers' }, left());
  const asked = brokerIds ?? [...cluster.metadata.brokers.keys()].sort((one, other) => one - other);
  const results = await each(asked, (brokerId) => ask(brokerId, { ...left(), to: { brokerId } }));
  return results.flat();
}
