// Owns how a group of the consumer protocol rebalances, whatever protocol the member speaks that caused it: a changed
// subscription raises the group's epoch, a newer epoch gets a new target, and the member at hand is taken a step towards
// its own. Nobody waits for anybody: the others take their steps with their own next requests.

import type { Clock, Logger } from '@moldau/io';
import type { TopicPartitions } from './assignors/assignor.ts';
import { assignorNamed } from './assignors/mod.ts';
import { sameProtocols } from './classic-group.ts';
import {
  type ClassicMetadata,
  type ConsumerGroup,
  type ConsumerMember,
  isReconciled,
  type MemberMetadata,
  MemberState,
  newMember,
} from './consumer-group.ts';
import { addMemberTombstones, type ConsumerGroups, type GroupChange } from './consumer-groups.ts';
import type { TopicFilter } from './group-commands.ts';
import type { ConsumerGroupConfig } from './group-config.ts';
import type { GroupTopics } from './group-topics.ts';
import type { MemberTimers } from './member-timers.ts';
import { metadataHash } from './metadata-hash.ts';
import { reconcile, sameAssignment } from './reconciliation.ts';
import { computeTargets, samePartitions, topicIdsOf } from './target-assignment.ts';
import { regexProblem, resolveRegexes } from './topic-regexes.ts';

/** Topics come and go in bursts: an expression is matched anew at most this often. */
const REGEX_REFRESH_MIN_INTERVAL_MS = 10_000;
/** And at least this often, however little has changed. */
const REGEX_REFRESH_MAX_INTERVAL_MS = 600_000;

export interface ConsumerRebalanceOptions {
  readonly config: ConsumerGroupConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly topics: GroupTopics;
  readonly groups: ConsumerGroups;
  readonly timers: MemberTimers;
  /** Runs at once, but after what is being done. */
  readonly soon: (run: () => void) => void;
  /** The member did not give up its partitions in time. */
  readonly onRevocationTimeout: (groupId: string, memberId: string, memberEpoch: number) => void;
}

/** How a member's expression has changed. */
type RegexChange = 'none' | 'changed' | 'changed and resolved';

export interface SubscriptionChange {
  readonly hasNamesChanged: boolean;
  readonly regex: RegexChange;
}

export class ConsumerRebalance {
  readonly #options: ConsumerRebalanceOptions;
  /** Groups whose expressions are about to be resolved. */
  readonly #resolving = new Set<string>();

  constructor(options: ConsumerRebalanceOptions) {
    this.#options = options;
  }

  // Subscriptions ----------------------------------------------------------------------------------------------------

  /** Writes down what a member says about itself, when that is new. Expressions match no topic that it may not see. */
  updateMember(
    change: GroupChange,
    memberId: string,
    metadata: MemberMetadata,
    maySeeTopic: TopicFilter = () => true,
  ): SubscriptionChange {
    const former = change.group.members.get(memberId);
    const before = former ?? newMember(memberId);
    if (former === undefined || !sameMetadata(former, metadata)) {
      change.add({ kind: 'member', memberId, value: metadataOf(metadata) });
    }
    const hasNamesChanged = !sameSet(before.subscribedTopicNames, metadata.subscribedTopicNames);
    const regexes = { before: before.subscribedTopicRegex, after: metadata.subscribedTopicRegex };
    const regex = this.#updateRegexes(change, regexes, maySeeTopic);
    return { hasNamesChanged, regex };
  }

  #updateRegexes(
    change: GroupChange,
    { before, after }: { before: string; after: string },
    maySeeTopic: TopicFilter,
  ): RegexChange {
    const { group } = change;
    let result: RegexChange = 'none';
    let isRefreshNeeded = false;
    if (before !== after) {
      result = 'changed';
      if (before !== '' && group.regexSubscriberCount(before) === 0 && group.regexes.has(before)) {
        change.add({ kind: 'regex', regex: before, value: null });
      }
      if (after === '' || group.regexes.has(after)) result = 'changed and resolved';
      else isRefreshNeeded = true;
    }
    this.#planRefresh(group, isRefreshNeeded, maySeeTopic);
    return result;
  }

  #planRefresh(group: ConsumerGroup, isNeeded: boolean, maySeeTopic: TopicFilter): void {
    if (group.subscribedRegexCount === 0 || this.#resolving.has(group.groupId)) return;
    const { clock, topics, soon } = this.#options;
    const last = group.regexes.values().next().value;
    const elapsedMs = clock.wallMs() - (last?.resolvedAtMs ?? Number.NEGATIVE_INFINITY);
    if (elapsedMs < REGEX_REFRESH_MIN_INTERVAL_MS) return;
    const isDue =
      isNeeded ||
      group.regexes.size !== group.subscribedRegexCount ||
      last?.version !== topics.version() ||
      elapsedMs > REGEX_REFRESH_MAX_INTERVAL_MS;
    if (!isDue) return;
    const { groupId } = group;
    this.#resolving.add(groupId);
    soon(() => {
      this.#resolving.delete(groupId);
      this.#refreshRegexes(groupId, maySeeTopic);
    });
  }

  /** Matches the expressions of a group against the topics there are. What comes of it reaches members with their next heartbeats. */
  #refreshRegexes(groupId: string, maySeeTopic: TopicFilter): void {
    const { clock, topics, groups } = this.#options;
    const group = groups.get(groupId);
    if (group === undefined) return;
    const change = groups.change(groupId);
    const version = topics.version();
    const resolvedAtMs = clock.wallMs();
    const names = [...topics.names()].filter(maySeeTopic);
    let hasChanged = false;
    for (const [regex, matched] of resolveRegexes(group.subscribedRegexes, names)) {
      if (!sameSet(matched, group.regexes.get(regex)?.topics ?? new Set())) hasChanged = true;
      change.add({ kind: 'regex', regex, value: { topics: matched, version, resolvedAtMs } });
    }
    this.raiseEpoch(change, hasChanged);
    groups.write(change.records, () => {});
  }

  /** What is wrong with an expression that nobody in the group uses yet. */
  regexProblem(group: ConsumerGroup | undefined, regex: string | null): string | undefined {
    if (regex === null || regex === '' || (group?.regexSubscriberCount(regex) ?? 0) > 0) return undefined;
    const problem = regexProblem(regex);
    return problem === undefined
      ? undefined
      : `SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${problem}.`;
  }

  /** Raises the group's epoch when `isChanged`, or when its topics have changed. */
  raiseEpoch(change: GroupChange, isChanged: boolean): void {
    const { group } = change;
    const { topics, logger } = this.#options;
    const hash = metadataHash(group.subscribedTopics, topics);
    if (isChanged || hash !== group.metadataHash) {
      const epoch = group.groupEpoch + 1;
      change.add({ kind: 'group', value: { epoch, metadataHash: hash } });
      logger.info({ groupId: group.groupId, groupEpoch: epoch }, 'The epoch of a group is raised');
    }
    change.group.metadataVersion = topics.version();
    if (group.hasLegacyMetadata) change.add({ kind: 'legacy-metadata', value: null });
  }

  // Assignments ------------------------------------------------------------------------------------------------------

  /** All that follows from a request of a member that has been updated: epoch, target, and its own next step. */
  rebalance(
    change: GroupChange,
    memberId: string,
    subscription: SubscriptionChange,
    owned: TopicPartitions | null,
  ): void {
    this.noteSubscription(change, subscription);
    this.updateTarget(change);
    this.step(change, memberId, subscription.hasNamesChanged || subscription.regex !== 'none', owned);
  }

  /** Raises the epoch when a subscription, or the topics of the group, have changed. */
  noteSubscription(change: GroupChange, { hasNamesChanged, regex }: SubscriptionChange): void {
    // What a new expression matches is not known yet; it raises the epoch when it is.
    const isChanged = hasNamesChanged || regex === 'changed and resolved';
    if (isChanged || change.group.metadataVersion !== this.#options.topics.version()) {
      this.raiseEpoch(change, isChanged);
    }
  }

  /** A new target for a newer epoch, unless the last one is too young. */
  updateTarget(change: GroupChange): void {
    const { group } = change;
    const { config, clock, topics, logger } = this.#options;
    if (group.assignmentEpoch >= group.groupEpoch) return;
    const nowMs = clock.wallMs();
    const intervalMs = config.assignmentIntervalMs(group.groupId);
    const isTooYoung = group.assignmentTimestampMs !== 0 && nowMs < group.assignmentTimestampMs + intervalMs;
    if (isTooYoung && intervalMs > 0) return;
    const name = group.preferredAssignor ?? config.assignors[0]!;
    const assignor = assignorNamed(name) ?? assignorNamed(config.assignors[0]!)!;
    const subscribers = Array.from(group.members.values(), (member) => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      topics: group.topicsOf(member),
      target: group.target(member.memberId),
    }));
    for (const [memberId, partitions] of computeTargets(subscribers, assignor, topics)) {
      const former = group.targets.get(memberId);
      if (former !== undefined && samePartitions(former, partitions)) continue;
      change.add({ kind: 'member-target', memberId, value: partitions });
    }
    const { groupEpoch } = group;
    change.add({ kind: 'target', value: { assignmentEpoch: groupEpoch, timestampMs: nowMs } });
    logger.info(
      { groupId: group.groupId, groupEpoch, assignor: name, members: group.members.size },
      'A group has a new target assignment',
    );
  }

  /** One step of a member towards its target. */
  step(
    change: GroupChange,
    memberId: string,
    hasSubscriptionChanged: boolean,
    owned: TopicPartitions | null,
  ): void {
    const { group } = change;
    const member = group.members.get(memberId)!;
    if (!hasSubscriptionChanged && isReconciled(member, group.assignmentEpoch)) return;
    const next = reconcile({
      member,
      target: group.target(memberId),
      targetEpoch: group.assignmentEpoch,
      subscribedIds: topicIdsOf(group.topicsOf(member), this.#options.topics),
      hasSubscriptionChanged,
      isHeldByAnother: (topicId, partition) => {
        const holder = group.holderOf(topicId, partition);
        return holder !== undefined && holder !== memberId;
      },
      owned,
    });
    if (sameAssignment(member, next)) return;
    const { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation } = next;
    const value = { memberEpoch, previousMemberEpoch, state, assigned, pendingRevocation };
    change.add({ kind: 'member-assignment', memberId, value });
    if (member.classic === null) this.watchRevocation(group, memberId);
  }

  /** A member that has to give up partitions has its rebalance timeout for that. */
  watchRevocation({ groupId, members }: ConsumerGroup, memberId: string): void {
    const { timers, onRevocationTimeout } = this.#options;
    const { state, memberEpoch, rebalanceTimeoutMs } = members.get(memberId)!;
    if (state !== MemberState.UNREVOKED_PARTITIONS) {
      timers.cancel(groupId, memberId, 'revocation');
      return;
    }
    timers.start(groupId, memberId, 'revocation', rebalanceTimeoutMs, () =>
      onRevocationTimeout(groupId, memberId, memberEpoch),
    );
  }

  // Members ----------------------------------------------------------------------------------------------------------

  /** A static member comes back under another id and takes over what its former self had. */
  replaceStatic(change: GroupChange, former: ConsumerMember, memberId: string): void {
    const target = change.group.target(former.memberId);
    const { assigned, pendingRevocation, state } = former;
    this.#options.timers.cancelMember(change.groupId, former.memberId);
    addMemberTombstones(change, former.memberId);
    change.add({ kind: 'member', memberId, value: metadataOf(former) });
    change.add({ kind: 'member-target', memberId, value: target });
    change.add({
      kind: 'member-assignment',
      memberId,
      value: { memberEpoch: 0, previousMemberEpoch: 0, state, assigned, pendingRevocation },
    });
  }

  /** Takes members out of their group; the others get what they had with the next target. */
  removeMembers(change: GroupChange, members: readonly ConsumerMember[]): void {
    for (const { memberId, subscribedTopicRegex: regex } of members) {
      addMemberTombstones(change, memberId);
      this.#options.timers.cancelMember(change.groupId, memberId);
      const { group } = change;
      if (regex !== '' && group.regexSubscriberCount(regex) === 0 && group.regexes.has(regex)) {
        change.add({ kind: 'regex', regex, value: null });
      }
    }
    this.raiseEpoch(change, true);
  }
}

function metadataOf(member: MemberMetadata): MemberMetadata {
  const { instanceId, rackId, clientId, clientHost, subscribedTopicNames } = member;
  const { subscribedTopicRegex, rebalanceTimeoutMs, serverAssignor, classic } = member;
  return {
    ...{ instanceId, rackId, clientId, clientHost, subscribedTopicNames },
    ...{ subscribedTopicRegex, rebalanceTimeoutMs, serverAssignor, classic },
  };
}

function sameMetadata(a: MemberMetadata, b: MemberMetadata): boolean {
  return (
    a.instanceId === b.instanceId &&
    a.rackId === b.rackId &&
    a.clientId === b.clientId &&
    a.clientHost === b.clientHost &&
    a.subscribedTopicRegex === b.subscribedTopicRegex &&
    a.rebalanceTimeoutMs === b.rebalanceTimeoutMs &&
    a.serverAssignor === b.serverAssignor &&
    sameClassic(a.classic, b.classic) &&
    sameSet(a.subscribedTopicNames, b.subscribedTopicNames)
  );
}

function sameClassic(a: ClassicMetadata | null, b: ClassicMetadata | null): boolean {
  if (a === null || b === null) return a === b;
  return a.sessionTimeoutMs === b.sessionTimeoutMs && sameProtocols(a.protocols, b.protocols);
}

function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return a === b || (a.size === b.size && a.isSubsetOf(b));
}
