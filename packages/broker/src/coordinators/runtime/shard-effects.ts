// What a shard's state machine may do to the world: append to its log. Everything else it does is to call the replies
// it was given and to set deadlines. So a test, or a simulator, drives it with no log, no timers and no network.

import type { KafkaError } from '@moldau/protocol';
import type { CoordinatorRecord } from './coordinator-log.ts';

export interface ShardEffects {
  /**
   * Appends records. `settled` is called once: with null when they are committed, else with the error, after which the
   * log does not hold them. Appends settle in the order in which they were made; one of no records settles with those
   * before it.
   */
  append(records: readonly CoordinatorRecord[], settled: (error: KafkaError | null) => void): void;
}
