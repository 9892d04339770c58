// What a topic's configuration means to the path of its bytes, resolved once per topic and change.

import type { LogConfig } from '@moldau/log';
import type { CompressionType } from '@moldau/protocol';

export interface TopicSettings {
  /** Segments, retention, durability. */
  readonly log: LogConfig;
  /** max.message.bytes */
  readonly maxMessageBytes: number;
  /** compression.type: 'producer' keeps what the producer chose. */
  readonly compression: CompressionType | 'producer';
  /** min.insync.replicas, for acks=all. */
  readonly minInSyncReplicas: number;
  /** message.timestamp.before.max.ms */
  readonly timestampBeforeMaxMs: number;
  /** message.timestamp.after.max.ms */
  readonly timestampAfterMaxMs: number;
}
