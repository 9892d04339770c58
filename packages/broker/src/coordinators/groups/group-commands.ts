// What can be asked of a group and what it answers, in one shape for all versions of the protocol. Decoded requests
// fit these as they are; what a version lacks is at its default.

/** Who asks. */
export interface GroupCaller {
  readonly apiVersion: number;
  readonly clientId: string | null;
  readonly clientHost: string;
  /** Whether a topic may be shown to the caller; left out when all may be. */
  readonly maySeeTopic?: TopicFilter;
}

export type TopicFilter = (topicName: string) => boolean;

/** Called once with the answer, at once or much later. */
export type Reply<T> = (answer: T) => void;

export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface JoinCommand {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  /** -1 in versions without it: the session timeout counts. */
  readonly rebalanceTimeoutMs: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
  readonly reason: string | null;
}

export interface JoinAnswer {
  errorCode: number;
  generationId: number;
  protocolType: string | null;
  protocolName: string | null;
  leader: string;
  skipAssignment: boolean;
  memberId: string;
  members: { memberId: string; groupInstanceId: string | null; metadata: Buffer }[];
}

export interface SyncCommand {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[];
}

export interface SyncAnswer {
  errorCode: number;
  protocolType: string | null;
  protocolName: string | null;
  assignment: Buffer;
}

export interface HeartbeatCommand {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface LeaveCommand {
  readonly groupId: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly groupInstanceId: string | null;
    readonly reason: string | null;
  }[];
}

export interface LeaveAnswer {
  errorCode: number;
  members: { memberId: string; groupInstanceId: string | null; errorCode: number }[];
}

export interface ConsumerHeartbeatCommand {
  readonly groupId: string;
  /** Empty when the broker is to choose one (version 0). */
  readonly memberId: string;
  /** 0 joins, -1 leaves, -2 leaves for a while (static members). */
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** -1: as before. So does null in what follows. */
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  /** What the member owns. */
  readonly topicPartitions:
    | readonly { readonly topicId: string; readonly partitions: readonly number[] }[]
    | null;
}

export interface ConsumerHeartbeatAnswer {
  errorCode: number;
  errorMessage: string | null;
  memberId: string | null;
  memberEpoch: number;
  heartbeatIntervalMs: number;
  /** Null: as before. */
  assignment: { topicPartitions: { topicId: string; partitions: number[] }[] } | null;
}

export interface DescribedPartitions {
  topicPartitions: { topicId: string; topicName: string; partitions: number[] }[];
}

export interface DescribedConsumerGroup {
  errorCode: number;
  errorMessage: string | null;
  groupId: string;
  groupState: string;
  groupEpoch: number;
  assignmentEpoch: number;
  assignorName: string;
  members: {
    memberId: string;
    instanceId: string | null;
    rackId: string | null;
    memberEpoch: number;
    clientId: string;
    clientHost: string;
    subscribedTopicNames: string[];
    subscribedTopicRegex: string | null;
    assignment: DescribedPartitions;
    targetAssignment: DescribedPartitions;
    /** 0 classic, 1 consumer protocol. */
    memberType: number;
  }[];
}

export interface CommitOffsetsCommand {
  readonly groupId: string;
  readonly generationIdOrMemberEpoch: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  /** -1: the broker's own retention. */
  readonly retentionTimeMs: number;
  /** Topics and partitions that exist; who calls has checked that. */
  readonly topics: readonly {
    readonly name: string;
    readonly topicId: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly committedOffset: number;
      readonly committedLeaderEpoch: number;
      readonly committedMetadata: string | null;
    }[];
  }[];
}

/** A commit as a part of a producer's transaction. */
export interface CommitTransactionalOffsetsCommand extends CommitOffsetsCommand {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Error codes in the order of the command's topics and their partitions. */
export type CommitOffsetsAnswer = number[][];

export interface FetchOffsetsCommand {
  readonly groupId: string;
  /** Null, with an epoch of -1: not a member, or one of the classic protocol. */
  readonly memberId?: string | null;
  readonly memberEpoch?: number;
  /** Offsets whose successor is in a transaction that has not ended are told apart, not told (KIP-447). */
  readonly requireStable?: boolean;
  /** Null asks for every topic the group has offsets of. */
  readonly topics:
    | readonly {
        readonly name: string;
        readonly topicId: string;
        readonly partitionIndexes: readonly number[];
      }[]
    | null;
}

export interface FetchedPartition {
  partitionIndex: number;
  /** -1 when nothing is committed. */
  committedOffset: number;
  committedLeaderEpoch: number;
  metadata: string;
  errorCode: number;
}

export interface FetchedTopic {
  name: string;
  topicId: string;
  partitions: FetchedPartition[];
}

export interface DeleteOffsetsCommand {
  readonly groupId: string;
  readonly topics: readonly { readonly name: string; readonly partitionIndexes: readonly number[] }[];
}

export interface DeleteOffsetsAnswer {
  errorCode: number;
  /** Error codes in the order of the command's topics and their partitions. */
  partitionErrorCodes: number[][];
}

export interface ListedGroup {
  groupId: string;
  protocolType: string;
  groupState: string;
  groupType: string;
}

export interface DescribedMember {
  memberId: string;
  groupInstanceId: string | null;
  clientId: string;
  clientHost: string;
  memberMetadata: Buffer;
  memberAssignment: Buffer;
}

export interface DescribedGroup {
  groupId: string;
  /** Null: all is well. Else there is no classic group of this id, and the state is Dead. */
  problem: string | null;
  groupState: string;
  protocolType: string;
  protocolData: string;
  members: DescribedMember[];
}
