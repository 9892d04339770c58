// A scripted coordinator in a network in memory, for one member of a group: it takes everybody in, and answers errors where a test says so.

import { createHash } from 'node:crypto';
import {
  apiVersionsRequest,
  type ConsumerGroupHeartbeatRequest,
  consumerGroupHeartbeatRequest,
  ErrorCode,
  findCoordinatorRequest,
  type HeartbeatRequest,
  heartbeatRequest,
  type Infer,
  type JoinGroupRequest,
  joinGroupRequest,
  type LeaveGroupRequest,
  leaveGroupRequest,
  type OffsetCommitRequest,
  offsetCommitRequest,
  offsetFetchRequest,
  type SyncGroupRequest,
  syncGroupRequest,
} from '@moldau/protocol';
import { Cluster } from '../../cluster/cluster.ts';
import { ClientWorld, metadataOf, ScriptedBroker } from '../../network/testing-network.ts';
import type { ClientOptions } from '../../options/client-options.ts';
import { createMembership } from './group-membership.ts';
import { RecordingHost } from './testing-members.ts';
import type { GroupSubscription, Membership, MembershipOptions } from './types.ts';

/** The id of a topic by its name. */
export function idOf(topic: string): string {
  return createHash('md5').update(topic).digest('base64url');
}

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
}

export class ScriptedCoordinator {
  readonly world: ClientWorld;
  readonly brokers: ScriptedBroker[];
  readonly log: LoggedLine[] = [];
  readonly host = new RecordingHost('the member');
  topics: { name: string; leaders: number[] }[] = [{ name: 'orders', leaders: [1, 1, 1] }];
  /** The broker that coordinates, by its number from 0 on. */
  place = 0;
  generation = 0;
  /** Called when a join has come, before it is answered. */
  whenJoining = (): void => {};
  readonly joins: JoinGroupRequest[] = [];
  readonly syncs: SyncGroupRequest[] = [];
  readonly beats: (HeartbeatRequest & { atMs: number })[] = [];
  readonly leaves: LeaveGroupRequest[] = [];
  readonly consumerBeats: (ConsumerGroupHeartbeatRequest & { atMs: number })[] = [];
  readonly commits: OffsetCommitRequest[] = [];
  /** What the next requests of an API are answered with, by its key; then no error. 'silence': not at all. */
  readonly errors = new Map<number, (number | 'silence')[]>();
  /** With the consumer protocol: what the member is to have, told whenever it is set. */
  target: { topic: string; partitions: number[] }[] | undefined;
  #cluster: Cluster | undefined;

  constructor(seed: number, { count = 1 }: { count?: number } = {}) {
    this.world = new ClientWorld(seed);
    const addresses = Array.from({ length: count }, (_, index) => `${['one', 'two', 'three'][index]}:9092`);
    this.brokers = addresses.map((address, index) => {
      const broker = new ScriptedBroker(() =>
        metadataOf(
          addresses,
          this.topics.map((topic) => ({ ...topic, id: idOf(topic.name) })),
        ),
      );
      this.world.network.place(address, broker);
      this.#serve(broker, index);
      return broker;
    });
  }

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('no member yet');
    return this.#cluster;
  }

  member(
    options: Partial<Omit<MembershipOptions, 'cluster' | 'host'>> & {
      subscription?: Partial<GroupSubscription>;
      client?: ClientOptions;
    } = {},
  ): Membership {
    const record =
      (level: string) =>
      (fields: object, message = ''): void => {
        this.log.push({ level, message: `${message} ${JSON.stringify(fields)}` });
      };
    const logger = {
      debug: record('debug'),
      info: record('info'),
      warn: record('warn'),
      error: record('error'),
    };
    const cluster = new Cluster(this.world.settings(options.client), {
      ...this.world.ports,
      logger: { ...this.world.ports.logger, ...logger },
    });
    this.#cluster = cluster;
    const membership = createMembership({
      ...{ groupId: 'the group', protocol: 'classic', ...options },
      ...{ cluster, host: this.host },
    });
    membership.subscribe({ topics: ['orders'], patterns: [], ...options.subscription });
    membership.start();
    return membership;
  }

  /** Offers the consumer protocol. */
  offerConsumerProtocol(version = 1): void {
    for (const broker of this.brokers) {
      broker.serve(
        consumerGroupHeartbeatRequest.apiKey,
        [0, version],
        (request: ConsumerGroupHeartbeatRequest) => this.#consumerBeat(request),
      );
      const answer = broker.answers.get(apiVersionsRequest.apiKey)!;
      broker.answers.set(apiVersionsRequest.apiKey, (...args: Parameters<typeof answer>) => ({
        ...(answer(...args) as object),
        finalizedFeaturesEpoch: 1,
        finalizedFeatures: [{ name: 'group.version', maxVersionLevel: 1, minVersionLevel: 1 }],
      }));
    }
  }

  fail(message: { apiKey: number }, ...errors: (number | 'silence')[]): void {
    this.errors.set(message.apiKey, [...(this.errors.get(message.apiKey) ?? []), ...errors]);
  }

  /** Lets time pass until it holds. */
  async until(isTrue: () => boolean, mostMs = 400_000): Promise<void> {
    const { time } = this.world;
    await time.advance(0);
    const endMs = time.monotonicMs() + mostMs;
    while (!isTrue()) {
      const stepMs = Math.max(0, time.nextDueMs - time.monotonicMs());
      if (!(time.monotonicMs() + stepMs <= endMs))
        throw new Error(`not within ${mostMs} ms: ${this.host.events.join(', ')} ${this.host.states}`);
      await time.advance(stepMs);
    }
  }

  #serve(broker: ScriptedBroker, index: number): void {
    const isHere = (): boolean => this.place === index;
    const answer = <Request>(
      message: { apiKey: number; versions: { max: number } },
      min: number,
      make: (request: Request, errorCode: number) => unknown,
    ): void => {
      const { apiKey } = message;
      broker.serve(apiKey, [min, message.versions.max], (request: Request) => {
        const error = isHere() ? (this.errors.get(apiKey)?.shift() ?? 0) : ErrorCode.NOT_COORDINATOR;
        return error === 'silence' ? undefined : make(request, error);
      });
    };
    broker.serve(
      findCoordinatorRequest.apiKey,
      [0, 6],
      ({ coordinatorKeys }: { coordinatorKeys: string[] }) => {
        const host = ['one', 'two', 'three'][this.place]!;
        const place = { nodeId: this.place + 1, host, port: 9092, errorCode: 0, errorMessage: null };
        return { ...place, coordinators: coordinatorKeys.map((key) => ({ key, ...place })) };
      },
    );
    answer(joinGroupRequest, 0, (request: JoinGroupRequest, errorCode) => this.#join(request, errorCode));
    answer(syncGroupRequest, 0, (request: SyncGroupRequest, errorCode) => {
      this.syncs.push(request);
      const assignment = request.assignments.find(
        ({ memberId }) => memberId === request.memberId,
      )?.assignment;
      return {
        errorCode,
        assignment: assignment ?? Buffer.alloc(0),
        protocolType: 'consumer',
        protocolName: 'range',
      };
    });
    answer(heartbeatRequest, 0, (request: HeartbeatRequest, errorCode) => {
      this.beats.push({ ...request, atMs: this.world.time.monotonicMs() });
      return { errorCode };
    });
    answer(leaveGroupRequest, 0, (request: LeaveGroupRequest, errorCode) => {
      this.leaves.push(request);
      return { errorCode, members: [] };
    });
    answer(offsetCommitRequest, 2, (request: OffsetCommitRequest, errorCode) => {
      this.commits.push(request);
      return {
        topics: request.topics.map(({ name, topicId, partitions }) => ({
          ...{ name, topicId },
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
        })),
      };
    });
    answer(offsetFetchRequest, 1, (request: Infer<typeof offsetFetchRequest>, errorCode) => {
      const topicsOf = (
        topics: readonly { name: string; topicId?: string; partitionIndexes: readonly number[] }[],
      ) =>
        topics.map(({ name, topicId, partitionIndexes }) => ({
          ...{ name, topicId },
          partitions: partitionIndexes.map((partitionIndex) => ({
            ...{ partitionIndex, errorCode, metadata: 'm', committedLeaderEpoch: 3 },
            committedOffset: partitionIndex === 0 ? -1 : 100 + partitionIndex,
          })),
        }));
      return {
        topics: topicsOf(request.topics ?? []),
        groups: request.groups.map(({ groupId, topics }) => ({ groupId, topics: topicsOf(topics ?? []) })),
      };
    });
  }

  #join(request: JoinGroupRequest, errorCode: number): unknown {
    this.joins.push(request);
    this.whenJoining();
    const memberId = request.memberId || 'member-1';
    if (errorCode === ErrorCode.NONE) this.generation++;
    return {
      errorCode,
      generationId: this.generation,
      protocolType: 'consumer',
      protocolName: request.protocols[0]!.name,
      leader: memberId,
      memberId,
      members: [
        { memberId, groupInstanceId: request.groupInstanceId, metadata: request.protocols[0]!.metadata },
      ],
    };
  }

  #consumerBeat(request: ConsumerGroupHeartbeatRequest): unknown {
    this.consumerBeats.push({ ...request, atMs: this.world.time.monotonicMs() });
    const errorCode = this.errors.get(consumerGroupHeartbeatRequest.apiKey)?.shift() ?? 0;
    if (errorCode === 'silence') return undefined;
    if (errorCode !== 0) return { errorCode, memberEpoch: 0, heartbeatIntervalMs: 0 };
    const { memberEpoch } = request;
    if (memberEpoch === 0) this.generation++;
    const target = this.target;
    this.target = undefined;
    return {
      errorCode,
      memberId: request.memberId || 'given by the broker',
      memberEpoch: memberEpoch < 0 ? memberEpoch : this.generation,
      heartbeatIntervalMs: 5_000,
      assignment:
        target === undefined
          ? null
          : {
              topicPartitions: target.map(({ topic, partitions }) => ({ topicId: idOf(topic), partitions })),
            },
    };
  }
}
