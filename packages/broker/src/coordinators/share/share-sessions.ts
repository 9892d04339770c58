// Share sessions (KIP-932): the broker remembers which partitions a member fetches, so that a request names only what
// changes. A session is known by its group and member, and belongs to the connection it was opened on.
//
// Invariants: at most `maxSessions` live at once; a session's epoch goes up by one with every request served in it.

import { ErrorCode } from '@moldau/protocol';

export const INITIAL_EPOCH = 0;
export const FINAL_EPOCH = -1;
const MAX_EPOCH = 0x7fffffff;

/** A partition by its topic's id. */
export interface TopicPartition {
  readonly topicId: string;
  readonly partition: number;
}

interface SessionPartition extends TopicPartition {
  /** Its next answer is told even when it says nothing: it is new here, or it has just had an error. */
  isAwaited: boolean;
}

interface Session {
  readonly groupId: string;
  readonly memberId: string;
  epoch: number;
  readonly partitions: Map<string, SessionPartition>;
  isOpen: boolean;
  /** Called when it is closed. */
  readonly watchers: Set<() => void>;
}

export interface ShareSessionRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly epoch: number;
  readonly partitions: readonly TopicPartition[];
  readonly forgotten: readonly TopicPartition[];
  readonly hasAcknowledgements: boolean;
}

export interface ShareSessionView {
  /** A session error to answer with, or NONE. */
  readonly errorCode: number;
  readonly partitions: readonly TopicPartition[];
  /** Whether a partition's part belongs in the answer; to be asked once for each. */
  isTold(partition: TopicPartition, part: { hasRecords: boolean; errorCode: number }): boolean;
  /** What is acquired when it is no longer open would never be released. */
  isOpen(): boolean;
  /** Registers what to do when the session is closed, its connection gone or not; returns the way to take that back. */
  onClosed(run: () => void): () => void;
}

export interface ShareSessionsOptions {
  readonly maxSessions: () => number;
  /** The member's connection is gone: what it holds is to be released. */
  readonly onLost: (groupId: string, memberId: string, partitions: readonly TopicPartition[]) => void;
  /** A connection of the group is gone, and nobody in it has a session. */
  readonly onGroupEmpty: (groupId: string) => void;
}

export class ShareSessions {
  readonly #options: ShareSessionsOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #countByGroup = new Map<string, number>();

  constructor(options: ShareSessionsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /** @param onClosed registers what to do when the connection is gone. */
  view(request: ShareSessionRequest, onClosed: (run: () => void) => void): ShareSessionView {
    const { groupId, memberId, epoch } = request;
    const session = this.#sessions.get(keyOf(groupId, memberId));
    if (epoch === FINAL_EPOCH)
      return session === undefined ? refused(ErrorCode.SHARE_SESSION_NOT_FOUND) : NOTHING;
    if (epoch === INITIAL_EPOCH) return this.#open(request, onClosed);
    if (session === undefined) return refused(ErrorCode.SHARE_SESSION_NOT_FOUND);
    if (session.epoch !== epoch) return refused(ErrorCode.INVALID_SHARE_SESSION_EPOCH);
    update(session, request);
    session.epoch = epochAfter(epoch);
    return { ...viewOf(session), isTold: (partition, part) => isTold(session, partition, part) };
  }

  /** The error code of a ShareAcknowledge; its session goes on when there is none. */
  acknowledge(groupId: string, memberId: string, epoch: number): number {
    if (epoch === INITIAL_EPOCH) return ErrorCode.INVALID_SHARE_SESSION_EPOCH;
    const session = this.#sessions.get(keyOf(groupId, memberId));
    if (session === undefined) return ErrorCode.SHARE_SESSION_NOT_FOUND;
    if (epoch === FINAL_EPOCH) return ErrorCode.NONE;
    if (session.epoch !== epoch) return ErrorCode.INVALID_SHARE_SESSION_EPOCH;
    session.epoch = epochAfter(epoch);
    return ErrorCode.NONE;
  }

  /** Ends a session. The partitions it had. */
  close(groupId: string, memberId: string): readonly TopicPartition[] {
    const key = keyOf(groupId, memberId);
    const session = this.#sessions.get(key);
    if (session === undefined) return [];
    this.#sessions.delete(key);
    const left = (this.#countByGroup.get(groupId) ?? 1) - 1;
    if (left > 0) this.#countByGroup.set(groupId, left);
    else this.#countByGroup.delete(groupId);
    session.isOpen = false;
    for (const run of session.watchers) run();
    return [...session.partitions.values()];
  }

  #open(request: ShareSessionRequest, onClosed: (run: () => void) => void): ShareSessionView {
    const { groupId, memberId, partitions, hasAcknowledgements } = request;
    if (hasAcknowledgements) return refused(ErrorCode.INVALID_REQUEST);
    this.close(groupId, memberId);
    if (this.#sessions.size >= this.#options.maxSessions())
      return refused(ErrorCode.SHARE_SESSION_LIMIT_REACHED);
    const session: Session = {
      ...{ groupId, memberId, epoch: epochAfter(INITIAL_EPOCH) },
      partitions: new Map(partitions.map((each) => [partitionKey(each), { ...each, isAwaited: false }])),
      ...{ isOpen: true, watchers: new Set() },
    };
    this.#sessions.set(keyOf(groupId, memberId), session);
    this.#countByGroup.set(groupId, (this.#countByGroup.get(groupId) ?? 0) + 1);
    onClosed(() => this.#connectionLost(session));
    return { ...viewOf(session), isTold: () => true };
  }

  #connectionLost(session: Session): void {
    const { groupId, memberId } = session;
    if (this.#sessions.get(keyOf(groupId, memberId)) === session) {
      this.#options.onLost(groupId, memberId, this.close(groupId, memberId));
    }
    if (!this.#countByGroup.has(groupId)) this.#options.onGroupEmpty(groupId);
  }
}

function update(session: Session, { partitions, forgotten }: ShareSessionRequest): void {
  for (const each of partitions) {
    const key = partitionKey(each);
    if (!session.partitions.has(key)) session.partitions.set(key, { ...each, isAwaited: true });
  }
  for (const each of forgotten) session.partitions.delete(partitionKey(each));
}

function isTold(
  session: Session,
  partition: TopicPartition,
  { hasRecords, errorCode }: { hasRecords: boolean; errorCode: number },
): boolean {
  const known = session.partitions.get(partitionKey(partition));
  if (known === undefined) return true;
  const isAwaited = known.isAwaited;
  known.isAwaited = errorCode !== ErrorCode.NONE;
  return isAwaited || hasRecords || errorCode !== ErrorCode.NONE;
}

function epochAfter(epoch: number): number {
  return epoch === MAX_EPOCH ? 1 : epoch + 1;
}

/** Member ids are of 36 characters at most, group ids of any. */
function keyOf(groupId: string, memberId: string): string {
  // Both are whatever clients say, slashes too: one must not be taken for the other's.
  return `${memberId.length}/${memberId}/${groupId}`;
}

function partitionKey({ topicId, partition }: TopicPartition): string {
  return `${topicId}/${partition}`;
}

function viewOf(session: Session): Omit<ShareSessionView, 'isTold'> {
  const { watchers } = session;
  return {
    errorCode: ErrorCode.NONE,
    partitions: [...session.partitions.values()],
    isOpen: () => session.isOpen,
    onClosed(run) {
      watchers.add(run);
      return () => watchers.delete(run);
    },
  };
}

function refused(errorCode: number): ShareSessionView {
  return { ...NOTHING, errorCode };
}

const NOTHING: ShareSessionView = {
  ...{ errorCode: ErrorCode.NONE, partitions: [], isTold: () => true, isOpen: () => false },
  onClosed: () => () => {},
};
