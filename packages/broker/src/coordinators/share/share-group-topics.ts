// What share groups know of their topics' share state: which partitions have it, which are getting it, and which are losing
// it; and the admin commands that change that. The state itself is kept by the share coordinator: each command here says
// what it has to do, and is told when it is done.

import type { Clock } from '@moldau/io';
import { ErrorCode, type KafkaError } from '@moldau/protocol';
import type { GroupTopics } from '../groups/group-topics.ts';
import { appendErrorCode } from '../runtime/coordinator-errors.ts';
import type { CoordinatorRecord } from '../runtime/coordinator-log.ts';
import {
  mergeStateTopics,
  newShareGroup,
  type ShareGroup,
  type ShareStateTopics,
  type StateTopic,
  withoutStateTopics,
} from './share-group.ts';
import { shareGroupTombstones, stateTopicsRecord } from './share-group-records.ts';

/** By topic id. */
export type StateTopics = ReadonlyMap<string, StateTopic>;

/** What has not been made after this long is begun anew. */
const INITIALIZE_RETRY_MS = 30_000;
const NO_TOPICS: ShareStateTopics = { initializing: new Map(), initialized: new Map(), deleting: new Map() };

export interface ShareGroupTopicsOptions {
  readonly groups: Map<string, ShareGroup>;
  readonly clock: Clock;
  readonly topics: GroupTopics;
  readonly isTaken: (groupId: string) => boolean;
  readonly write: (
    group: ShareGroup,
    records: readonly CoordinatorRecord[],
    settled: (errorCode: number) => void,
  ) => void;
  readonly append: (
    records: readonly CoordinatorRecord[],
    settled: (error: KafkaError | null) => void,
  ) => void;
}

export interface GroupError {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface DeletedOffsetsTopic extends GroupError {
  readonly topicName: string;
  readonly topicId: string | null;
}

export interface BegunAlteration extends GroupError {
  readonly stateEpoch: number;
}

export interface BegunDeletion extends GroupError {
  /** Whose share state is to be deleted. */
  readonly topics: StateTopics;
  /** Topics of which there is nothing to delete. */
  readonly refused: readonly DeletedOffsetsTopic[];
}

/** Partitions of the subscribed topics that have no share state, and for which none is being made. */
export function missingStateTopics(
  group: ShareGroup,
  names: ReadonlySet<string>,
  topics: GroupTopics,
  nowMs: number,
): Map<string, StateTopic> {
  const known = group.topics ?? NO_TOPICS;
  const missing = new Map<string, StateTopic>();
  for (const name of names) {
    const topic = topics.byName(name);
    if (topic === undefined) continue;
    const begun = known.initializing.get(topic.id);
    const isBegun = begun !== undefined && nowMs - begun.sinceMs < INITIALIZE_RETRY_MS;
    const ready = known.initialized.get(topic.id)?.partitions;
    const partitions = new Set<number>();
    for (let partition = 0; partition < topic.partitionCount; partition++) {
      if (ready?.has(partition) === true || (isBegun && begun.partitions.has(partition))) continue;
      partitions.add(partition);
    }
    if (partitions.size > 0) missing.set(topic.id, { name, partitions, sinceMs: nowMs });
  }
  return missing;
}

export class ShareGroupTopics {
  readonly #options: ShareGroupTopicsOptions;

  constructor(options: ShareGroupTopicsOptions) {
    this.#options = options;
  }

  // Making share state ---------------------------------------------------------------------------------------------

  /** The topics as they are once these are begun. */
  begin(group: ShareGroup, topics: StateTopics): ShareStateTopics {
    const { initializing, initialized, deleting } = group.topics ?? NO_TOPICS;
    group.topics = {
      initializing: mergeStateTopics(initializing, topics),
      initialized,
      deleting: new Map([...deleting].filter(([topicId]) => !topics.has(topicId))),
    };
    return group.topics;
  }

  /** The share state of these is there, or could not be made. */
  finish(groupId: string, topics: StateTopics, isMade: boolean, done: (errorCode: number) => void): void {
    const group = this.#options.groups.get(groupId);
    if (group === undefined) {
      done(ErrorCode.NONE);
      return;
    }
    const { initializing, initialized, deleting } = group.topics ?? NO_TOPICS;
    group.topics = {
      initializing: withoutStateTopics(initializing, topics),
      initialized: isMade ? mergeStateTopics(initialized, topics) : initialized,
      deleting,
    };
    this.#options.write(group, [stateTopicsRecord(groupId, group.topics)], done);
  }

  /** Partitions whose share state is there, by topic id. */
  initialized(groupId: string): StateTopics {
    return this.#options.groups.get(groupId)?.topics?.initialized ?? new Map();
  }

  // Setting offsets ------------------------------------------------------------------------------------------------

  /** Makes the group when there is none. Only a group without members can be altered. */
  beginAlteration(groupId: string, topics: StateTopics, reply: (answer: BegunAlteration) => void): void {
    const { groups, isTaken, write } = this.#options;
    if (isTaken(groupId)) {
      reply({ ...notShare(groupId), stateEpoch: 0 });
      return;
    }
    const group = groups.get(groupId) ?? newShareGroup(groupId);
    if (group.members.size > 0) {
      reply({ ...NOT_EMPTY, stateEpoch: 0 });
      return;
    }
    const stateEpoch = group.groupEpoch;
    if (topics.size === 0) {
      reply({ ...NO_ERROR, stateEpoch });
      return;
    }
    groups.set(groupId, group);
    write(group, [stateTopicsRecord(groupId, this.begin(group, topics))], (errorCode) =>
      reply({ errorCode, errorMessage: null, stateEpoch }),
    );
  }

  // Deleting offsets -----------------------------------------------------------------------------------------------

  beginDeletingOffsets(
    groupId: string,
    topicNames: readonly string[],
    reply: (answer: BegunDeletion) => void,
  ): void {
    const group = this.#options.groups.get(groupId);
    const error = this.#emptyError(groupId, group);
    if (group === undefined || error !== undefined) {
      reply({ ...(error ?? NO_ERROR), topics: new Map(), refused: [] });
      return;
    }
    const known = group.topics;
    if (known === null) {
      reply({ ...NO_ERROR, topics: new Map(), refused: [] });
      return;
    }
    const { found, refused } = this.#deletable(known, topicNames);
    group.topics = {
      initializing: known.initializing,
      initialized: new Map([...known.initialized].filter(([topicId]) => !found.has(topicId))),
      deleting: new Map([...known.deleting, ...Array.from(found, ([id, { name }]) => [id, name] as const)]),
    };
    this.#options.write(group, [stateTopicsRecord(groupId, group.topics)], (errorCode) =>
      reply({ errorCode, errorMessage: null, topics: found, refused }),
    );
  }

  #deletable(known: ShareStateTopics, topicNames: readonly string[]) {
    const found = new Map<string, StateTopic>();
    const refused: DeletedOffsetsTopic[] = [];
    for (const name of topicNames) {
      const topic = this.#options.topics.byName(name);
      const ready = topic === undefined ? undefined : known.initialized.get(topic.id);
      if (topic !== undefined && ready !== undefined) found.set(topic.id, ready);
      else if (topic !== undefined && known.deleting.has(topic.id)) {
        found.set(topic.id, { name, partitions: allPartitions(topic.partitionCount), sinceMs: 0 });
      } else {
        refused.push({
          ...{ topicName: name, topicId: null, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
          errorMessage:
            topic === undefined
              ? 'This server does not host this topic-partition.'
              : 'There is no offset information to delete.',
        });
      }
    }
    return { found, refused };
  }

  /** The share state of these is gone. */
  finishDeletingOffsets(groupId: string, topics: StateTopics, done: (errorCode: number) => void): void {
    const group = this.#options.groups.get(groupId);
    if (group === undefined || group.topics === null) {
      done(ErrorCode.NONE);
      return;
    }
    const { initializing, initialized, deleting } = group.topics;
    const left = new Map([...deleting].filter(([topicId]) => !topics.has(topicId)));
    group.topics = { initializing, initialized, deleting: left };
    this.#options.write(group, [stateTopicsRecord(groupId, group.topics)], done);
  }

  // Deleting groups ------------------------------------------------------------------------------------------------

  /** All its share state is to be deleted before the group is. */
  beginDeletingGroup(groupId: string, reply: (answer: BegunDeletion) => void): void {
    const group = this.#options.groups.get(groupId);
    const error = this.#emptyError(groupId, group);
    if (group === undefined || error !== undefined || group.topics === null) {
      reply({ ...(error ?? NO_ERROR), topics: new Map(), refused: [] });
      return;
    }
    const { initializing, initialized, deleting } = group.topics;
    const topics = mergeStateTopics(initialized, initializing);
    for (const topicId of deleting.keys()) {
      const topic = this.#options.topics.byId(topicId);
      if (topic === undefined || topics.has(topicId)) continue;
      topics.set(topicId, { name: topic.name, partitions: allPartitions(topic.partitionCount), sinceMs: 0 });
    }
    group.topics = {
      ...NO_TOPICS,
      deleting: new Map(Array.from(topics, ([topicId, { name }]) => [topicId, name])),
    };
    this.#options.write(group, [stateTopicsRecord(groupId, group.topics)], (errorCode) =>
      reply({ errorCode, errorMessage: null, topics, refused: [] }),
    );
  }

  /** Somebody may have joined meanwhile: then the group stays. */
  finishDeletingGroup(groupId: string, reply: (errorCode: number) => void): void {
    const { groups, append } = this.#options;
    const group = groups.get(groupId);
    const error = this.#emptyError(groupId, group);
    if (group === undefined || error !== undefined) {
      reply(error?.errorCode ?? ErrorCode.NONE);
      return;
    }
    // At once, so that a member that joins from now on founds a new group after the tombstones.
    groups.delete(groupId);
    append(shareGroupTombstones(groupId), (failure) => {
      if (failure !== null && !groups.has(groupId)) groups.set(groupId, group);
      reply(failure === null ? ErrorCode.NONE : appendErrorCode(failure));
    });
  }

  /** A topic is deleted: nothing has to be known of it any more. */
  forgetTopic(topicId: string, done: () => void): void {
    let open = 1;
    const one = () => {
      open--;
      if (open === 0) done();
    };
    for (const group of this.#options.groups.values()) {
      const { topics } = group;
      if (topics === null) continue;
      const all = [topics.initializing, topics.initialized, topics.deleting];
      if (!all.some((of) => of.has(topicId))) continue;
      group.topics = {
        initializing: without(topics.initializing, topicId),
        initialized: without(topics.initialized, topicId),
        deleting: without(topics.deleting, topicId),
      };
      open++;
      this.#options.write(group, [stateTopicsRecord(group.groupId, group.topics)], one);
    }
    one();
  }

  #emptyError(groupId: string, group: ShareGroup | undefined): GroupError | undefined {
    if (group === undefined) {
      return this.#options.isTaken(groupId)
        ? notShare(groupId)
        : { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: `Group ${groupId} not found.` };
    }
    return group.members.size > 0 ? NOT_EMPTY : undefined;
  }
}

const NO_ERROR: GroupError = { errorCode: ErrorCode.NONE, errorMessage: null };
const NOT_EMPTY: GroupError = {
  errorCode: ErrorCode.NON_EMPTY_GROUP,
  errorMessage: 'The group is not empty.',
};

function notShare(groupId: string): GroupError {
  return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: `Group ${groupId} is not a share group.` };
}

function allPartitions(count: number): Set<number> {
  return new Set(Array.from({ length: count }, (_, partition) => partition));
}

function without<T>(map: ReadonlyMap<string, T>, key: string): Map<string, T> {
  return new Map([...map].filter(([each]) => each !== key));
}
