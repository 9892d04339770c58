// What a shard's state machine may do to the world: append to its log. Everything else it does is to call the replies
// it was given and to set deadlines. So a test, or a simulator, drives it with no log, no timers and no network.

import type { KafkaError } from '@moldau/protocol';
import type { CoordinatorMarker, CoordinatorRecord, VerifiedTransaction } from './coordinator-log.ts';

/** Called once: with null when what was appended is committed, else with the error, after which the log does not hold it. */
export type Settled = (error: KafkaError | null) => void;

export interface AppendOptions {
  /** The records count when this producer's transaction is committed, and never when it is aborted. */
  readonly transaction?: VerifiedTransaction;
}

export interface ShardEffects {
  /**
   * Appends records. Appends settle in the order in which they were made; one of no records settles with those before
   * it. Records of a transaction stand in batches of their own, in the same order.
   */
  append(records: readonly CoordinatorRecord[], settled: Settled, options?: AppendOptions): void;
}

/** For shards whose log takes part in transactions. */
export interface TransactionalEffects extends ShardEffects {
  /** Appends the end of a transaction, in its order among the records. */
  appendMarker(marker: CoordinatorMarker, settled: Settled): void;
}
