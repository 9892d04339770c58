// What a coordinator's shard needs of the partition under it: one log of keyed records, read whole when the shard is
// loaded and appended to afterwards. The shard is the only writer.

import type { Record } from '@moldau/protocol';

export interface CoordinatorRecord {
  key: Buffer;
  /** Null is a tombstone: the key is gone. */
  value: Buffer | null;
}

export interface CoordinatorLog {
  /**
   * Appends the records as one batch. Resolves when they are committed (they survive a crash and a power cut); rejects
   * with a KafkaError when they are not, and then none of them may show up later.
   */
  append(records: readonly CoordinatorRecord[], timestampMs: number): Promise<void>;
  /** Visits every record from the start of the log to its end, in order. */
  replay(visit: (record: Record) => void): Promise<void>;
}

/** The partitions of an internal topic, seen as logs of shards. */
export interface CoordinatorLogs {
  /** How many shards there are. Keys are spread by this number, so it never changes once the topic exists. */
  partitionCount(): number;
  /** The partitions that hold records. Empty while the topic does not exist. */
  partitionsWithRecords(): readonly number[];
  /** The log of one partition; makes the topic when it is not there. Rejects with a KafkaError. */
  open(partition: number): Promise<CoordinatorLog>;
}
