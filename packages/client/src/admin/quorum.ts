// The quorum of controllers that keeps the cluster's metadata: who leads, how far each is, and who votes.

import {
  type DescribeQuorumResponse,
  describeQuorumRequest,
  describeQuorumResponse,
  ErrorCode,
  type Uuid,
  ZERO_UUID,
} from '@moldau/protocol';
import { addRaftVoterRequest, addRaftVoterResponse } from '@moldau/protocol/messages/80-add-raft-voter';
import {
  removeRaftVoterRequest,
  removeRaftVoterResponse,
} from '@moldau/protocol/messages/81-remove-raft-voter';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { BrokerError } from '../errors/kafka-error.ts';
import { wholeAnswer } from './results.ts';
import { brokerTimeoutMs } from './timing.ts';

export interface QuorumDescription {
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly voters: readonly QuorumReplica[];
  readonly observers: readonly QuorumReplica[];
  /** Where the voters are reached; empty where the broker is too old to tell. */
  readonly nodes: readonly { readonly id: number; readonly listeners: readonly VoterListener[] }[];
}

export interface QuorumReplica {
  readonly id: number;
  /** Undefined: the broker is too old to tell, or the quorum does not go by it. */
  readonly directoryId: Uuid | undefined;
  readonly logEndOffset: number;
  readonly lastFetchMs: number | undefined;
  readonly lastCaughtUpMs: number | undefined;
}

export interface VoterListener {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** A controller, by its node.id and the id of its metadata directory. */
export interface Voter {
  readonly id: number;
  readonly directoryId: Uuid;
}

const METADATA_TOPIC = '__cluster_metadata';
const DESCRIBE = { request: describeQuorumRequest, response: describeQuorumResponse };
const ADD = { request: addRaftVoterRequest, response: addRaftVoterResponse };
const REMOVE = { request: removeRaftVoterRequest, response: removeRaftVoterResponse };

type ReplicaState = DescribeQuorumResponse['topics'][number]['partitions'][number]['currentVoters'][number];

export class QuorumAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async describe(options: CallOptions = {}): Promise<QuorumDescription> {
    const input = { topics: [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }] };
    const answer = await this.#cluster.request(DESCRIBE, input, {
      ...options,
      to: 'any',
      retry: {
        errorOf: (answer) =>
          answer.errorCode || (partitionOf(answer)?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR),
        messageOf: (answer) => answer.errorMessage ?? partitionOf(answer)?.errorMessage ?? null,
        about: { operation: 'Describe' },
      },
    });
    const partition = partitionOf(answer);
    if (partition === undefined) throw new BrokerError(ErrorCode.UNKNOWN_SERVER_ERROR);
    return {
      ...{ leaderId: partition.leaderId, leaderEpoch: partition.leaderEpoch },
      highWatermark: partition.highWatermark,
      voters: partition.currentVoters.map(replica),
      observers: partition.observers.map(replica),
      nodes: answer.nodes.map(({ nodeId, listeners }) => ({ id: nodeId, listeners })),
    };
  }

  /** Lets a controller that observes vote; the quorum must be a dynamic one (KIP-853). Resolves when the quorum has agreed. */
  async addVoter(
    { id, directoryId }: Voter,
    listeners: readonly VoterListener[],
    options: CallOptions & { clusterId?: string } = {},
  ): Promise<void> {
    const timeoutMs = brokerTimeoutMs(this.#cluster, options);
    const voter = { voterId: id, voterDirectoryId: directoryId, clusterId: options.clusterId ?? null };
    await this.#cluster.request(
      ADD,
      { ...voter, timeoutMs, listeners },
      {
        ...options,
        to: 'any',
        retry: wholeAnswer('Alter'),
      },
    );
  }

  /** Takes the vote from a controller: do that before its machine goes for good. */
  async removeVoter(
    { id, directoryId }: Voter,
    options: CallOptions & { clusterId?: string } = {},
  ): Promise<void> {
    await this.#cluster.request(
      REMOVE,
      { voterId: id, voterDirectoryId: directoryId, clusterId: options.clusterId ?? null },
      {
        ...options,
        to: 'any',
        retry: wholeAnswer('Alter'),
      },
    );
  }
}

function partitionOf({ topics }: DescribeQuorumResponse) {
  return topics[0]?.partitions[0];
}

function replica(state: ReplicaState): QuorumReplica {
  const { replicaId, replicaDirectoryId, logEndOffset, lastFetchTimestamp, lastCaughtUpTimestamp } = state;
  return {
    id: replicaId,
    directoryId: replicaDirectoryId === ZERO_UUID ? undefined : replicaDirectoryId,
    logEndOffset,
    lastFetchMs: lastFetchTimestamp < 0 ? undefined : lastFetchTimestamp,
    lastCaughtUpMs: lastCaughtUpTimestamp < 0 ? undefined : lastCaughtUpTimestamp,
  };
}
