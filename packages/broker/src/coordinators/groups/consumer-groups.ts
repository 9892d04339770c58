// Owns the groups of the consumer protocol in one shard: rebuilds them from the log, applies what is decided about them,
// and brings that to the log.

import { ErrorCode, type KafkaError } from '@moldau/protocol';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import { ConsumerGroup } from './consumer-group.ts';
import { type ConsumerGroupRecord, encodeConsumerGroupRecord } from './consumer-group-records.ts';
import type { DurableWrites } from './durable-writes.ts';

type WithoutGroup<T> = T extends unknown ? Omit<T, 'groupId'> : never;

export class ConsumerGroups {
  readonly groups = new Map<string, ConsumerGroup>();
  readonly #writes: DurableWrites;

  constructor(writes: DurableWrites) {
    this.#writes = writes;
  }

  get(groupId: string): ConsumerGroup | undefined {
    return this.groups.get(groupId);
  }

  /** Takes in one record. Records of a group that is gone, which cleaning may have left behind, are passed over. */
  apply(record: ConsumerGroupRecord): void {
    const { groupId } = record;
    if (record.kind === 'group' && record.value === null) {
      this.groups.delete(groupId);
      return;
    }
    let group = this.groups.get(groupId);
    if (group === undefined) {
      if (record.value === null) return;
      group = new ConsumerGroup(groupId);
      this.groups.set(groupId, group);
    }
    applyTo(group, record);
  }

  /** Starts a change of a group, which makes it when it is not there. */
  change(groupId: string): GroupChange {
    return new GroupChange(this, groupId);
  }

  /** Brings a change to the log; settles when it and all before it are there. At once when there is nothing to wait for. */
  write(records: readonly CoordinatorRecord[], settled: (errorCode: number) => void): void {
    if (records.length === 0 && this.#writes.isSettled) {
      settled(ErrorCode.NONE);
      return;
    }
    this.#writes.appendSurely(records, (error: KafkaError | null) => {
      settled(error === null ? ErrorCode.NONE : appendErrorCode(error));
    });
  }
}

/** Records about one group, each applied as it is added, so that what is decided next sees it. */
export class GroupChange {
  readonly groupId: string;
  readonly records: CoordinatorRecord[] = [];
  readonly #groups: ConsumerGroups;

  constructor(groups: ConsumerGroups, groupId: string) {
    this.#groups = groups;
    this.groupId = groupId;
  }

  /** The group as it is now; an empty one that is not in place yet before the first record. */
  get group(): ConsumerGroup {
    return this.#groups.get(this.groupId) ?? new ConsumerGroup(this.groupId);
  }

  add(record: WithoutGroup<ConsumerGroupRecord>): void {
    const whole: ConsumerGroupRecord = { groupId: this.groupId, ...record };
    this.#groups.apply(whole);
    this.records.push(encodeConsumerGroupRecord(whole));
  }

  /** A record of the same group in its classic form, which its owner applies. */
  addClassic(record: CoordinatorRecord): void {
    this.records.push(record);
  }
}

function applyTo(group: ConsumerGroup, record: ConsumerGroupRecord): void {
  switch (record.kind) {
    case 'group':
      group.groupEpoch = record.value?.epoch ?? 0;
      group.metadataHash = record.value?.metadataHash ?? 0n;
      break;
    case 'member':
      if (record.value === null) group.removeMember(record.memberId);
      else group.setMetadata(record.memberId, record.value);
      break;
    case 'target':
      group.assignmentEpoch = record.value?.assignmentEpoch ?? -1;
      group.assignmentTimestampMs = record.value?.timestampMs ?? 0;
      break;
    case 'member-target':
      if (record.value === null) group.targets.delete(record.memberId);
      else group.targets.set(record.memberId, record.value);
      break;
    case 'member-assignment':
      if (record.value === null) group.removeAssignment(record.memberId);
      else group.setAssignment(record.memberId, record.value);
      break;
    case 'regex':
      group.setRegex(record.regex, record.value);
      break;
    case 'legacy-metadata':
      group.hasLegacyMetadata = record.value !== null;
      break;
  }
}

/** Takes a whole group out of the log, in the order in which Kafka's brokers can replay it. */
export function addGroupTombstones(change: GroupChange): void {
  const { group } = change;
  const memberIds = [...group.members.keys()];
  for (const memberId of memberIds) change.add({ kind: 'member-assignment', memberId, value: null });
  for (const memberId of memberIds) change.add({ kind: 'member-target', memberId, value: null });
  change.add({ kind: 'target', value: null });
  for (const memberId of memberIds) change.add({ kind: 'member', memberId, value: null });
  for (const regex of [...group.regexes.keys()]) change.add({ kind: 'regex', regex, value: null });
  change.add({ kind: 'legacy-metadata', value: null });
  change.add({ kind: 'group', value: null });
}

/** Takes one member out. */
export function addMemberTombstones(change: GroupChange, memberId: string): void {
  change.add({ kind: 'member-assignment', memberId, value: null });
  change.add({ kind: 'member-target', memberId, value: null });
  change.add({ kind: 'member', memberId, value: null });
}
