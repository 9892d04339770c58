// Owns the change of a running group from the classic protocol to the consumer protocol and back, as
// group.consumer.migration.policy allows. The first member of the consumer protocol that joins a classic group upgrades
// it; its classic members stay and are served by consumer-classic-members.ts. When only classic members are left, the
// group is classic again. Either way everyone keeps what it has.

import type { Clock, Logger } from '@moldau/io';
import { ErrorCode, KafkaError, MalformedError } from '@moldau/protocol';
import { ClassicGroup, type ClassicMember, CONSUMER_PROTOCOL_TYPE } from './classic-group.ts';
import {
  type ConsumerGroup,
  type ConsumerMember,
  type MemberMetadata,
  MemberState,
  NO_EPOCHS,
  withEpoch,
} from './consumer-group.ts';
import { addGroupTombstones, type ConsumerGroups, type GroupChange } from './consumer-groups.ts';
import { encodeAssignment, parseAssignment, parseSubscription } from './consumer-protocol.ts';
import type { ConsumerRebalance } from './consumer-rebalance.ts';
import type { ConsumerGroupConfig, GroupConfig } from './group-config.ts';
import type { GroupMembership } from './group-membership.ts';
import { groupMetadataRecord, groupTombstone } from './group-records.ts';
import type { GroupTopics } from './group-topics.ts';
import type { MemberTimers } from './member-timers.ts';
import { metadataHash } from './metadata-hash.ts';
import { subscribedTopicsOf } from './subscribed-topics.ts';

export interface GroupMigrationOptions {
  readonly config: GroupConfig;
  readonly consumerConfig: ConsumerGroupConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topics: GroupTopics;
  readonly classic: GroupMembership;
  readonly consumer: ConsumerGroups;
  readonly rebalance: ConsumerRebalance;
  readonly timers: MemberTimers;
  /** A classic member that was taken over has been silent for its session timeout. */
  readonly onSessionTimeout: (groupId: string, memberId: string) => void;
}

interface ClassicMemberState {
  readonly memberId: string;
  readonly metadata: MemberMetadata;
  readonly assigned: ReturnType<typeof parseAssignment> & object;
}

export class GroupMigration {
  readonly #options: GroupMigrationOptions;

  constructor(options: GroupMigrationOptions) {
    this.#options = options;
  }

  // Upgrade ----------------------------------------------------------------------------------------------------------

  /** Throws KafkaError when the classic group of this id cannot become one of the consumer protocol. */
  checkUpgrade(groupId: string): void {
    const group = this.#options.classic.groups.get(groupId);
    if (group === undefined || group.state === 'Empty') return;
    const { migrationPolicy, maxSize } = this.#options.consumerConfig;
    if (migrationPolicy !== 'upgrade' && migrationPolicy !== 'bidirectional') {
      throw cannotUpgrade(groupId, 'online upgrade is disabled');
    }
    if (!group.usesConsumerProtocol) {
      throw cannotUpgrade(groupId, 'the group does not use the consumer embedded protocol');
    }
    if (group.members.size > maxSize) {
      throw cannotUpgrade(groupId, 'the group size exceeds the consumer group maximum size');
    }
    if (group.members.size === maxSize) {
      throw new KafkaError(
        ErrorCode.GROUP_MAX_SIZE_REACHED,
        `The consumer group has reached its maximum capacity of ${maxSize} members.`,
      );
    }
    this.#membersOf(group);
  }

  /** Turns a classic group, when there is one of this id, into one of the consumer protocol. `checkUpgrade` has passed. */
  upgrade(change: GroupChange): void {
    const { classic, topics, logger, timers, onSessionTimeout } = this.#options;
    const { groupId } = change;
    const group = classic.groups.get(groupId);
    if (group === undefined) return;
    const members = group.state === 'Empty' ? [] : this.#membersOf(group);
    classic.dissolve(group);
    change.addClassic(groupTombstone(groupId));
    if (members.length === 0) return;
    const epoch = group.generationId;
    for (const { memberId, metadata } of members) change.add({ kind: 'member', memberId, value: metadata });
    const hash = metadataHash(change.group.subscribedTopics, topics);
    change.add({ kind: 'group', value: { epoch, metadataHash: hash } });
    for (const { memberId, assigned } of members)
      change.add({ kind: 'member-target', memberId, value: assigned });
    change.add({ kind: 'target', value: { assignmentEpoch: epoch, timestampMs: 0 } });
    for (const { memberId, assigned, metadata } of members) {
      change.add({
        kind: 'member-assignment',
        memberId,
        value: {
          ...{ memberEpoch: epoch, previousMemberEpoch: epoch, state: MemberState.STABLE },
          ...{ assigned: withEpoch(assigned, epoch), pendingRevocation: NO_EPOCHS },
        },
      });
      timers.start(groupId, memberId, 'session', metadata.classic!.sessionTimeoutMs, () =>
        onSessionTimeout(groupId, memberId),
      );
    }
    logger.info({ groupId, members: members.length }, 'A classic group goes on in the consumer protocol');
  }

  #membersOf(group: ClassicGroup): ClassicMemberState[] {
    try {
      return Array.from(group.members.values(), (member) => this.#memberOf(group, member));
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      throw cannotUpgrade(group.groupId, 'the embedded consumer protocol is malformed');
    }
  }

  #memberOf(group: ClassicGroup, member: ClassicMember): ClassicMemberState {
    const { topics } = this.#options;
    const assigned = parseAssignment(member.assignment, topics);
    if (assigned === null) {
      throw cannotUpgrade(
        group.groupId,
        'an unsupported custom assignor is in use. Please refer to the documentation or switch to a default assignor before re-attempting the upgrade',
      );
    }
    // A group whose first generation has not started yet has not chosen a protocol.
    const chosen = group.metadataOf(member);
    const subscription = parseSubscription(
      chosen.length > 0 ? chosen : member.protocols[0]!.metadata,
      topics,
    );
    const { memberId, groupInstanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs } = member;
    const metadata: MemberMetadata = {
      ...{ instanceId: groupInstanceId, clientId, clientHost, rebalanceTimeoutMs },
      rackId: subscription.rackId,
      subscribedTopicNames: new Set(subscription.topics),
      subscribedTopicRegex: '',
      serverAssignor: null,
      classic: { sessionTimeoutMs, protocols: member.protocols },
    };
    return { memberId, metadata, assigned };
  }

  // Downgrade --------------------------------------------------------------------------------------------------------

  /** Takes members out; the group becomes a classic one when only classic members are left. */
  fence(change: GroupChange, members: readonly ConsumerMember[], reason: string): void {
    const { group } = change;
    const leavingClassic = members.filter(({ classic }) => classic !== null).length;
    const remaining = group.members.size - members.length;
    const isAllClassic = remaining > 0 && group.classicMemberCount - leavingClassic === remaining;
    if (isAllClassic && this.#allowsDowngrade(remaining)) {
      this.downgrade(change, new Set(members), `the last member of the consumer protocol is gone: ${reason}`);
    } else {
      this.#options.rebalance.removeMembers(change, members);
    }
  }

  /** Whether a classic member that takes the place of this one leaves only classic members. */
  endsWith(group: ConsumerGroup, replaced: ConsumerMember): boolean {
    const others = group.members.size - 1;
    return (
      replaced.classic === null &&
      group.classicMemberCount === others &&
      this.#allowsDowngrade(group.members.size)
    );
  }

  #allowsDowngrade(size: number): boolean {
    const { migrationPolicy } = this.#options.consumerConfig;
    const isAllowed = migrationPolicy === 'downgrade' || migrationPolicy === 'bidirectional';
    return isAllowed && size <= this.#options.config.maxSize;
  }

  /** @param rebalanceReason null when the members that stay have what they are to have */
  downgrade(change: GroupChange, leaving: ReadonlySet<ConsumerMember>, rebalanceReason: string | null): void {
    const { clock, logger, classic, timers } = this.#options;
    const { group, groupId } = change;
    const successor = new ClassicGroup({
      groupId,
      state: 'Stable',
      stateSinceMs: clock.wallMs(),
      generationId: group.groupEpoch,
      protocolType: CONSUMER_PROTOCOL_TYPE,
      protocolName: null,
      leaderId: null,
    });
    for (const member of group.members.values()) {
      if (!leaving.has(member)) successor.add(classicMember(member), CONSUMER_PROTOCOL_TYPE);
    }
    successor.protocolName = successor.selectProtocol();
    for (const member of successor.members.values()) {
      member.assignment = encodeAssignment(
        group.target(member.memberId),
        successor.metadataOf(member),
        this.#options.topics,
      );
    }
    successor.subscribedTopics = subscribedTopicsOf(successor);
    timers.cancelGroup(groupId);
    addGroupTombstones(change);
    change.addClassic(groupMetadataRecord(successor, ({ assignment }) => assignment));
    classic.adopt(successor, rebalanceReason);
    logger.info({ groupId, members: successor.members.size }, 'A group goes on in the classic protocol');
  }
}

function classicMember(member: ConsumerMember): ClassicMember {
  const { memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs } = member;
  const { sessionTimeoutMs, protocols } = member.classic!;
  return {
    ...{ memberId, groupInstanceId: instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs },
    ...{ protocols, assignment: Buffer.alloc(0), isNew: false },
    ...{ awaitingJoin: null, awaitingSync: null, session: null },
  };
}

function cannotUpgrade(groupId: string, why: string): KafkaError {
  return new KafkaError(
    ErrorCode.GROUP_ID_NOT_FOUND,
    `Cannot upgrade classic group ${groupId} to consumer group because ${why}.`,
  );
}
