// What monitoring looks at, as it sees it: rooms that it may not import are here by what they show.

import type { Clock, Disk, Logger, Timers } from '@moldau/io';
import type { CleanerSnapshot, Log } from '@moldau/log';
import type { MetadataImage } from '@moldau/metadata';

export interface MonitoredListener {
  readonly name: string;
  readonly connections: number;
  readonly made: number;
  readonly closed: number;
  readonly refused: number;
  readonly loginsFailed: number;
  readonly loginsSucceeded: number;
}

export interface MonitoredGroup {
  readonly groupState: string;
  /** 'classic', 'consumer' or 'share'. */
  readonly groupType: string;
}

export interface MonitoredOffset {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface MonitoredPartition {
  readonly log: Pick<Log, 'isReady' | 'ready' | 'logStartOffset' | 'read'>;
  readonly highWatermark: number;
}

export interface MonitoredLogDir {
  readonly path: string;
  readonly offlineReason: string | undefined;
  /** Appends are refused for want of room. */
  isFull(): boolean;
}

export type MonitoredLog = Pick<
  Log,
  'directoryName' | 'sizeBytes' | 'logStartOffset' | 'logEndOffset' | 'segmentCount'
>;

export interface MonitoredLogs {
  readonly cleaner: { snapshot(): CleanerSnapshot };
  logDirs(): readonly MonitoredLogDir[];
  loadedLogs(): Iterable<MonitoredLog>;
  /** Partitions that have a folder in log dirs that are offline. */
  readonly offlineLogCount: number;
}

export interface MonitoredBroker {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly metadata: () => MetadataImage;
  readonly minInSyncReplicasOf: (topic: string) => number;
  readonly logs: MonitoredLogs;
  readonly partition: (topic: string, index: number) => MonitoredPartition | undefined;
  readonly listeners: () => Iterable<MonitoredListener>;
  readonly bufferedBytes: () => number;
  readonly certificates: () => Iterable<{ listener: string; subject: string; notAfterMs: number }>;
  /** Of the groups whose shards are loaded. */
  readonly groups: () => Iterable<MonitoredGroup>;
  readonly offsets: () => Iterable<MonitoredOffset>;
  /** Fetches that wait for records. */
  readonly fetchesWaiting: () => number;
  readonly fetchSessions: () => number;
  readonly throttles: () => Iterable<{
    readonly quota: string;
    readonly count: number;
    readonly totalMs: number;
  }>;
  /** Kafka's name of an API. */
  readonly apiName: (apiKey: number) => string;
}

export interface MonitoringPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly disk: Disk;
  readonly logger: Logger;
}
