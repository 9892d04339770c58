// The broker configs that groups depend on, read anew at each use so that dynamic changes take effect.

export interface GroupConfig {
  /** group.min.session.timeout.ms */
  readonly minSessionTimeoutMs: number;
  /** group.max.session.timeout.ms */
  readonly maxSessionTimeoutMs: number;
  /** group.initial.rebalance.delay.ms */
  readonly initialRebalanceDelayMs: number;
  /** group.max.size, in members */
  readonly maxSize: number;
  /** offset.metadata.max.bytes */
  readonly offsetMetadataMaxBytes: number;
  /** offsets.retention.minutes, in milliseconds */
  readonly offsetsRetentionMs: number;
  /** offsets.retention.check.interval.ms */
  readonly offsetsRetentionCheckIntervalMs: number;
}

export type MigrationPolicy = 'disabled' | 'upgrade' | 'downgrade' | 'bidirectional';

/** For groups of the consumer protocol (KIP-848). */
export interface ConsumerGroupConfig {
  /** Whether group.coordinator.rebalance.protocols has it. */
  readonly isEnabled: boolean;
  /** Names of group.consumer.assignors, the first one by default. */
  readonly assignors: readonly string[];
  /** group.consumer.max.size, in members */
  readonly maxSize: number;
  /** group.consumer.migration.policy */
  readonly migrationPolicy: MigrationPolicy;
  /** Of one group: its own setting, else the broker's. */
  sessionTimeoutMs(groupId: string): number;
  heartbeatIntervalMs(groupId: string): number;
  assignmentIntervalMs(groupId: string): number;
}

export const defaultConsumerGroupConfig: ConsumerGroupConfig = {
  isEnabled: true,
  assignors: ['uniform', 'range'],
  maxSize: 2_147_483_647,
  migrationPolicy: 'bidirectional',
  sessionTimeoutMs: () => 45_000,
  heartbeatIntervalMs: () => 5_000,
  assignmentIntervalMs: () => 1_000,
};

/** Kafka's defaults. */
export const defaultGroupConfig: GroupConfig = {
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  initialRebalanceDelayMs: 3_000,
  maxSize: 2_147_483_647,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMs: 10_080 * 60_000,
  offsetsRetentionCheckIntervalMs: 600_000,
};
