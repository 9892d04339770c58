// The configs that share groups depend on, read anew at each use so that dynamic changes take effect.

/** What is in force for one group: its own configs, else the broker's. */
export interface ShareGroupConfig {
  /** share.session.timeout.ms */
  readonly sessionTimeoutMs: number;
  /** share.heartbeat.interval.ms */
  readonly heartbeatIntervalMs: number;
  /** share.assignment.interval.ms */
  readonly assignmentIntervalMs: number;
  /** share.record.lock.duration.ms */
  readonly lockDurationMs: number;
  /** share.delivery.count.limit */
  readonly maxDeliveryCount: number;
  /** share.partition.max.record.locks */
  readonly maxInFlightRecords: number;
  /** share.renew.acknowledge.enable */
  readonly isRenewEnabled: boolean;
  /** share.isolation.level */
  readonly isReadCommitted: boolean;
  /** share.auto.offset.reset: 'latest', 'earliest', or how long before now in milliseconds. */
  readonly offsetReset: 'latest' | 'earliest' | number;
}

export interface ShareConfig {
  /** group.share.max.size, in members */
  readonly maxSize: number;
  /** group.share.max.share.sessions */
  readonly maxSessions: number;
  of(groupId: string): ShareGroupConfig;
}

/** Kafka's defaults. */
export const defaultShareGroupConfig: ShareGroupConfig = {
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 5_000,
  assignmentIntervalMs: 1_000,
  lockDurationMs: 30_000,
  maxDeliveryCount: 5,
  maxInFlightRecords: 2_000,
  isRenewEnabled: true,
  isReadCommitted: false,
  offsetReset: 'latest',
};
