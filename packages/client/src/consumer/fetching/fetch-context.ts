// What the parts of a fetcher have in common.

import type { Cluster } from '../../cluster/cluster.ts';
import type { Backoff } from '../../network/backoff.ts';
import type { FetchPartition } from './fetch-partition.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { FetchSettings } from './types.ts';

export interface FetchContext {
  readonly cluster: Cluster;
  readonly settings: FetchSettings;
  readonly budget: MemoryBudget;
  /** Aborted when the fetcher is closed. */
  readonly closing: AbortSignal;
  newBackoff(): Backoff;
  nowMs(): number;
  /** Something may be there to be taken. */
  ready(partition: FetchPartition): void;
  /** Something has changed: looks at what there is to do, when what is under way in this turn is done. */
  proceed(): void;
  /** A broker does not take a partition's leader for one, or does not know it. */
  outdated(partition: FetchPartition, reason: string): void;
}
