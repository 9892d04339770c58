// What every way to consume is to the consumer: there is at most one at a time.

import type { CallOptions } from '../cluster/cluster.ts';
import type { PartitionSession } from './assignment/partition-session.ts';
import type { Intake } from './iteration/intake.ts';
import type { ConsumerRecord } from './records/consumer-record.ts';

export interface Consumption {
  /** Hands out nothing more. What is in hands may still be done. */
  stop(): void;
  /** What the application works on. */
  inHands(): Iterable<ConsumerRecord<unknown, unknown>>;
}

/** What ways to consume use of their consumer. */
export interface ConsumptionHost {
  readonly intake: Intake;
  /** False: the consumer's signal was aborted, and it is over before it began. @throws when another way to consume is under way, or the consumer is closed */
  begin(consumption: Consumption): boolean;
  /** Commits what is done, if the consumer commits by itself; what goes wrong is logged. */
  end(consumption: Consumption): Promise<void>;
  /** Stops or goes on taking the records of a partition, for it has too many waiting already. */
  hold(session: PartitionSession, isHeld: boolean): void;
  /** What is not done comes again, and nothing else. */
  rewind(sessions: Iterable<PartitionSession>): void;
  readonly partitionCount: number;
  /** Commits what is done of these partitions. @throws when some are this consumer's no more */
  commitDone(sessions: readonly PartitionSession[], options?: CallOptions): Promise<void>;
}

/** The signal ends the way to consume. Returns what lets go of the signal. */
export function stopOn(signal: AbortSignal | undefined, consumption: Consumption): () => void {
  const stop = (): void => consumption.stop();
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return () => signal?.removeEventListener('abort', stop);
}
