// Owns the state of one group of the consumer protocol (KIP-848): its members, what each is to get (the target) and what
// each has (the current assignment), and the epochs that order all this. Changed by records alone, the same ones when a
// request is served and when the log is replayed, so that memory and log cannot differ.
//
// Invariants: a partition has at most one holder, the member that has it assigned or has not revoked it yet;
// subscriptions counts, for each topic, what makes the group consume it; staticMembers maps each group.instance.id to the
// one member that holds it.

import type { Uuid } from '@moldau/protocol';
import { NO_PARTITIONS, type TopicPartitions } from './assignors/assignor.ts';
import type { MemberProtocol } from './group-commands.ts';

/** Partitions by topic, with the epoch in which the member got each. */
export type PartitionEpochs = ReadonlyMap<Uuid, ReadonlyMap<number, number>>;

export const NO_EPOCHS: PartitionEpochs = new Map();

/** As Kafka numbers them in the log. */
export const MemberState = {
  STABLE: 0,
  UNREVOKED_PARTITIONS: 1,
  UNRELEASED_PARTITIONS: 2,
  /** Written by a newer broker; the member has to start anew. */
  UNKNOWN: 127,
} as const;
export type MemberState = (typeof MemberState)[keyof typeof MemberState];

/** Epochs that say something else than an epoch. */
export const JOINING_EPOCH = 0;
export const LEFT_EPOCH = -1;
/** A static member that has left for a while. */
export const AWAY_EPOCH = -2;

export interface ClassicMetadata {
  readonly sessionTimeoutMs: number;
  readonly protocols: readonly MemberProtocol[];
}

/** What a member has said about itself. */
export interface MemberMetadata {
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly subscribedTopicNames: ReadonlySet<string>;
  /** Empty when it has none. */
  readonly subscribedTopicRegex: string;
  /** -1 when it did not say. */
  readonly rebalanceTimeoutMs: number;
  readonly serverAssignor: string | null;
  /** Null for a member that uses the consumer protocol. */
  readonly classic: ClassicMetadata | null;
}

/** Where a member is on its way to its target. */
export interface CurrentAssignment {
  readonly memberEpoch: number;
  readonly previousMemberEpoch: number;
  readonly state: MemberState;
  readonly assigned: PartitionEpochs;
  /** Still held by the member, which has been told to give them up. */
  readonly pendingRevocation: PartitionEpochs;
}

export interface ConsumerMember extends MemberMetadata, CurrentAssignment {
  readonly memberId: string;
}

export interface ResolvedRegex {
  readonly topics: ReadonlySet<string>;
  /** Position of the metadata log that it was resolved against. */
  readonly version: number;
  /** Wall milliseconds. */
  readonly resolvedAtMs: number;
}

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

const NEW_METADATA: MemberMetadata = {
  instanceId: null,
  rackId: null,
  clientId: '',
  clientHost: '',
  subscribedTopicNames: new Set(),
  subscribedTopicRegex: '',
  rebalanceTimeoutMs: -1,
  serverAssignor: null,
  classic: null,
};

const NEW_ASSIGNMENT: CurrentAssignment = {
  memberEpoch: JOINING_EPOCH,
  previousMemberEpoch: -1,
  state: MemberState.STABLE,
  assigned: NO_EPOCHS,
  pendingRevocation: NO_EPOCHS,
};

/** A member that nothing is known of yet. */
export function newMember(memberId: string): ConsumerMember {
  return { memberId, ...NEW_METADATA, ...NEW_ASSIGNMENT };
}

export class ConsumerGroup {
  readonly groupId: string;
  /** A new group is at 1, and its first member raises that. */
  groupEpoch = 1;
  /** Of what its topics looked like when the epoch was last raised; see metadata-hash.ts. */
  metadataHash = 0n;
  /** -1 before the first one. */
  assignmentEpoch = -1;
  /** Wall milliseconds; 0 when unknown. */
  assignmentTimestampMs = 0;
  /** A record of how topics looked that older brokers left, to be removed when there is something to write. */
  hasLegacyMetadata = false;
  /** Position of the metadata log that metadataHash was last compared with; -1 not since the group was loaded. */
  metadataVersion = -1;
  /** Commits appended and not settled: as long as there are any, offsets of the group do not expire. */
  pendingCommits = 0;
  readonly members = new Map<string, ConsumerMember>();
  readonly staticMembers = new Map<string, string>();
  readonly targets = new Map<string, TopicPartitions>();
  readonly regexes = new Map<string, ResolvedRegex>();
  readonly #regexSubscribers = new Map<string, number>();
  readonly #subscriptions = new Map<string, number>();
  readonly #assignorVotes = new Map<string, number>();
  readonly #holders = new Map<Uuid, Map<number, string>>();
  #classicMemberCount = 0;

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  // What follows from the state --------------------------------------------------------------------------------------

  get state(): ConsumerGroupState {
    if (this.members.size === 0) return 'Empty';
    if (this.groupEpoch > this.assignmentEpoch) return 'Assigning';
    for (const member of this.members.values()) {
      if (!isReconciled(member, this.assignmentEpoch)) return 'Reconciling';
    }
    return 'Stable';
  }

  get classicMemberCount(): number {
    return this.#classicMemberCount;
  }

  /** Topics that members have named or that their expressions match. */
  get subscribedTopics(): Iterable<string> {
    return this.#subscriptions.keys();
  }

  isSubscribedTo(topic: string): boolean {
    return this.#subscriptions.has(topic);
  }

  /** Expressions that members use, resolved or not. */
  get subscribedRegexes(): Iterable<string> {
    return this.#regexSubscribers.keys();
  }

  get subscribedRegexCount(): number {
    return this.#regexSubscribers.size;
  }

  regexSubscriberCount(regex: string): number {
    return this.#regexSubscribers.get(regex) ?? 0;
  }

  /** The assignor that most members ask for; undefined when none does. */
  get preferredAssignor(): string | undefined {
    let best: string | undefined;
    let most = 0;
    for (const [name, count] of this.#assignorVotes) {
      if (count > most) [best, most] = [name, count];
    }
    return best;
  }

  /** The member that has this partition or has not given it up yet. */
  holderOf(topicId: Uuid, partition: number): string | undefined {
    return this.#holders.get(topicId)?.get(partition);
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.staticMembers.get(instanceId);
    return memberId === undefined ? undefined : this.members.get(memberId);
  }

  target(memberId: string): TopicPartitions {
    return this.targets.get(memberId) ?? NO_PARTITIONS;
  }

  /** Topics of one member: those it has named and those its expression matches. */
  topicsOf({ subscribedTopicNames, subscribedTopicRegex }: MemberMetadata): ReadonlySet<string> {
    const matched = this.regexes.get(subscribedTopicRegex)?.topics;
    if (matched === undefined || matched.size === 0) return subscribedTopicNames;
    return subscribedTopicNames.size === 0 ? matched : subscribedTopicNames.union(matched);
  }

  /** Whether a classic member with these protocols could be one of the group: all classic members need one in common. */
  supportsProtocols(protocols: readonly MemberProtocol[]): boolean {
    if (this.members.size === 0) return protocols.length > 0;
    return protocols.some(({ name }) => {
      let count = 0;
      for (const { classic } of this.members.values()) {
        if (classic?.protocols.some((protocol) => protocol.name === name)) count++;
      }
      return count === this.#classicMemberCount;
    });
  }

  // Changes, each by a record ----------------------------------------------------------------------------------------

  setMetadata(memberId: string, metadata: MemberMetadata): void {
    this.#put({ ...(this.members.get(memberId) ?? newMember(memberId)), ...metadata });
  }

  setAssignment(memberId: string, assignment: CurrentAssignment): void {
    this.#put({ ...(this.members.get(memberId) ?? newMember(memberId)), ...assignment });
  }

  removeAssignment(memberId: string): void {
    const member = this.members.get(memberId);
    if (member === undefined) return;
    const gone = { memberEpoch: LEFT_EPOCH, previousMemberEpoch: LEFT_EPOCH };
    this.#put({ ...member, ...gone, assigned: NO_EPOCHS, pendingRevocation: NO_EPOCHS });
  }

  removeMember(memberId: string): void {
    const member = this.members.get(memberId);
    if (member === undefined) return;
    this.#forget(member);
    this.members.delete(memberId);
    // Its name may have passed to the member that takes its place.
    if (member.instanceId !== null && this.staticMembers.get(member.instanceId) === memberId) {
      this.staticMembers.delete(member.instanceId);
    }
  }

  setRegex(regex: string, resolved: ResolvedRegex | null): void {
    for (const topic of this.regexes.get(regex)?.topics ?? []) add(this.#subscriptions, topic, -1);
    if (resolved === null) {
      this.regexes.delete(regex);
      return;
    }
    this.regexes.set(regex, resolved);
    for (const topic of resolved.topics) add(this.#subscriptions, topic, 1);
  }

  #put(member: ConsumerMember): void {
    const former = this.members.get(member.memberId);
    if (former !== undefined) this.#forget(former);
    this.members.set(member.memberId, member);
    if (member.instanceId !== null) this.staticMembers.set(member.instanceId, member.memberId);
    this.#count(member, 1);
    for (const held of [member.assigned, member.pendingRevocation]) {
      for (const [topicId, partitions] of held) {
        const holders = this.#holders.get(topicId) ?? new Map<number, string>();
        for (const partition of partitions.keys()) holders.set(partition, member.memberId);
        this.#holders.set(topicId, holders);
      }
    }
  }

  #forget(member: ConsumerMember): void {
    this.#count(member, -1);
    for (const held of [member.assigned, member.pendingRevocation]) {
      for (const [topicId, partitions] of held) {
        const holders = this.#holders.get(topicId);
        if (holders === undefined) continue;
        for (const partition of partitions.keys()) {
          if (holders.get(partition) === member.memberId) holders.delete(partition);
        }
        if (holders.size === 0) this.#holders.delete(topicId);
      }
    }
  }

  #count(member: ConsumerMember, change: 1 | -1): void {
    for (const topic of member.subscribedTopicNames) add(this.#subscriptions, topic, change);
    if (member.subscribedTopicRegex !== '') add(this.#regexSubscribers, member.subscribedTopicRegex, change);
    if (member.serverAssignor !== null) add(this.#assignorVotes, member.serverAssignor, change);
    if (member.classic !== null) this.#classicMemberCount += change;
  }
}

/** Whether the member has all that the target of this epoch gives it, and nothing else. */
export function isReconciled(member: CurrentAssignment, assignmentEpoch: number): boolean {
  return member.state === MemberState.STABLE && member.memberEpoch === assignmentEpoch;
}

/** Without the epochs. */
export function partitionsOf(epochs: PartitionEpochs): TopicPartitions {
  return new Map([...epochs].map(([topicId, partitions]) => [topicId, new Set(partitions.keys())]));
}

/** The same partitions, all with this epoch. */
export function withEpoch(partitions: TopicPartitions, epoch: number): PartitionEpochs {
  return new Map(
    [...partitions].map(([topicId, indexes]) => [
      topicId,
      new Map([...indexes].map((partition): [number, number] => [partition, epoch])),
    ]),
  );
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count <= 0) counts.delete(key);
  else counts.set(key, count);
}
