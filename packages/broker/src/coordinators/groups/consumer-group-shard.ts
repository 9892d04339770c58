// Puts together what serves the groups of the consumer protocol in one shard. The order of the parts is the order of a
// request: heartbeats (or classic members) decide who belongs, the rebalance what changes, the migration whether the
// group stays what it is, and the groups bring it to the log.

import type { Clock, Logger } from '@moldau/io';
import { ErrorCode } from '@moldau/protocol';
import type { Deadlines } from '../runtime/deadlines.ts';
import { ConsumerClassicMembers } from './consumer-classic-members.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { ConsumerHeartbeats } from './consumer-group-heartbeat.ts';
import { parseConsumerGroupRecord } from './consumer-group-records.ts';
import { describeConsumerGroup } from './consumer-group-views.ts';
import { addGroupTombstones, ConsumerGroups, type GroupChange } from './consumer-groups.ts';
import { ConsumerRebalance } from './consumer-rebalance.ts';
import type { DurableWrites } from './durable-writes.ts';
import type { DescribedConsumerGroup } from './group-commands.ts';
import type { ConsumerGroupConfig, GroupConfig } from './group-config.ts';
import type { GroupMembership } from './group-membership.ts';
import { GroupMigration } from './group-migration.ts';
import type { GroupTopics } from './group-topics.ts';
import { MemberTimers } from './member-timers.ts';

export interface ConsumerGroupShardOptions {
  readonly config: GroupConfig;
  readonly consumerConfig: ConsumerGroupConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deadlines: Deadlines;
  readonly writes: DurableWrites;
  readonly topics: GroupTopics;
  readonly classic: GroupMembership;
  /** 22 characters of base64, as Kafka names members. */
  readonly newUuid: () => string;
}

export class ConsumerGroupShard {
  readonly heartbeats: ConsumerHeartbeats;
  readonly classicMembers: ConsumerClassicMembers;
  readonly #options: ConsumerGroupShardOptions;
  readonly #groups: ConsumerGroups;
  readonly #timers: MemberTimers;

  constructor(options: ConsumerGroupShardOptions) {
    this.#options = options;
    const { config, consumerConfig, clock, logger, deadlines, writes, topics, classic, newUuid } = options;
    const timers = new MemberTimers(clock, deadlines);
    const groups = new ConsumerGroups(writes);
    const expire = (groupId: string, memberId: string, reason: string) =>
      this.heartbeats.expire(groupId, memberId, reason);
    const rebalance = new ConsumerRebalance({
      ...{ config: consumerConfig, clock, logger, topics, groups, timers },
      soon: (run) => deadlines.schedule(clock.monotonicMs(), run),
      onRevocationTimeout: (groupId, memberId, memberEpoch) => {
        if (groups.get(groupId)?.members.get(memberId)?.memberEpoch !== memberEpoch) return;
        expire(groupId, memberId, 'it did not give up its partitions within its rebalance timeout');
      },
    });
    const migration = new GroupMigration({
      ...{ config, consumerConfig, clock, logger, topics, classic, consumer: groups, rebalance, timers },
      onSessionTimeout: (groupId, memberId) =>
        expire(groupId, memberId, 'nothing was heard of it for its session timeout'),
    });
    const shared = { config: consumerConfig, logger, groups, rebalance, timers, migration, newUuid };
    this.heartbeats = new ConsumerHeartbeats(shared);
    this.classicMembers = new ConsumerClassicMembers({ ...shared, topics, expire });
    this.#groups = groups;
    this.#timers = timers;
  }

  // Loading ----------------------------------------------------------------------------------------------------------

  /** False for a record that is not of such a group. Throws MalformedError. */
  replay(record: Parameters<typeof parseConsumerGroupRecord>[0]): boolean {
    const parsed = parseConsumerGroupRecord(record);
    if (parsed === undefined) return false;
    this.#groups.apply(parsed);
    return true;
  }

  resume(): void {
    this.heartbeats.resume();
  }

  // Groups -----------------------------------------------------------------------------------------------------------

  get(groupId: string): ConsumerGroup | undefined {
    return this.#groups.get(groupId);
  }

  get all(): Iterable<ConsumerGroup> {
    return this.#groups.groups.values();
  }

  /** Takes a group away; the records say so to the log. */
  remove(groupId: string): GroupChange {
    const change = this.#groups.change(groupId);
    this.#timers.cancelGroup(groupId);
    addGroupTombstones(change);
    return change;
  }

  /** Brings records to the log, after all that was written before. */
  write(change: Pick<GroupChange, 'records'>, settled: (errorCode: number) => void): void {
    this.#groups.write(change.records, settled);
  }

  describe(groupId: string, isOtherKind: boolean): DescribedConsumerGroup {
    const { consumerConfig, topics } = this.#options;
    const group = this.#groups.get(groupId);
    if (group !== undefined) return describeConsumerGroup(group, consumerConfig.assignors[0]!, topics);
    const errorMessage = isOtherKind
      ? `Group ${groupId} is not a consumer group.`
      : `Group ${groupId} not found.`;
    return describedError(groupId, ErrorCode.GROUP_ID_NOT_FOUND, errorMessage);
  }
}

export function describedError(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): DescribedConsumerGroup {
  return {
    ...{ errorCode, errorMessage, groupId, groupState: '', groupEpoch: 0, assignmentEpoch: 0 },
    ...{ assignorName: '', members: [] },
  };
}
