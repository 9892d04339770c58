// Membership in a share group (KIP-932): joins by its first heartbeat, stays in by the next ones, leaves by the last. Which partitions to read is the
// coordinator's to say; members of a share group need not agree on anything, so a change of them holds up nobody.
//
// Invariants: one heartbeat is under way at a time. Heartbeats have a timer of their own and never wait for the application. After the group has
// forgotten the member, it joins again under the same id, with nothing assigned until it is told.

import type { Timer } from '@moldau/io';
import {
  ErrorCode,
  type ShareGroupHeartbeatResponse,
  shareGroupHeartbeatRequest,
  shareGroupHeartbeatResponse,
  type Uuid,
} from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { Backoff } from '../network/backoff.ts';
import { within } from '../network/waiting.ts';

const API = {
  request: shareGroupHeartbeatRequest,
  response: shareGroupHeartbeatResponse,
  neededFor: 'share groups',
};
const JOINING_EPOCH = 0;
const LEAVING_EPOCH = -1;
const ID_BYTES = 16;

/** Partitions by the id of their topic. */
export type ShareAssignment = ReadonlyMap<Uuid, readonly number[]>;

export interface ShareMembershipHost {
  /** All that the member is to read from now on. */
  assigned(assignment: ShareAssignment): void;
  /** The member is out for good. */
  failed(error: KafkaError): void;
}

export interface ShareMembershipOptions {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly rack: string | undefined;
  readonly host: ShareMembershipHost;
}

export class ShareMembership {
  /** Chosen here, once: the group knows the member by it for as long as it lives. */
  readonly memberId: string;
  readonly #options: ShareMembershipOptions;
  readonly #backoff: Backoff;
  #epoch = JOINING_EPOCH;
  #topics: readonly string[] = [];
  /** The coordinator has not been told of the topics yet. */
  #isResubscribed = false;
  #isStarted = false;
  #isOver = false;
  #underWay: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(options: ShareMembershipOptions) {
    const { settings, ports } = options.cluster;
    this.#options = options;
    this.#backoff = new Backoff(settings.retryBackoffMs, settings.retryBackoffMaxMs, ports.random);
    this.memberId = ports.random.bytes(ID_BYTES).toString('base64url');
  }

  get isMember(): boolean {
    return this.#epoch > JOINING_EPOCH;
  }

  /** Joins when that has not been done. */
  subscribe(topics: readonly string[]): void {
    if (this.#isOver) return;
    this.#topics = topics;
    this.#isResubscribed = true;
    this.#isStarted = true;
    this.#schedule(0);
  }

  /** Tells the coordinator, if there is one in time, that the member is gone. Never rejects: it finds out by itself later. */
  async leave(timeoutMs: number): Promise<void> {
    if (this.#isOver) return;
    this.#stop();
    const { cluster, groupId } = this.#options;
    const { clock } = cluster.ports;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const late = (): KafkaError => new TimeoutError('The coordinator did not answer in time.');
    try {
      await within(cluster.ports, { deadlineMs }, this.#underWay ?? Promise.resolve(), late);
      if (!this.isMember) return;
      const leftMs = Math.max(1, deadlineMs - clock.monotonicMs());
      await this.#send({ memberEpoch: LEAVING_EPOCH, timeoutMs: leftMs });
    } catch (error) {
      cluster.ports.logger.debug({ group: groupId, error }, 'the share group was left without a word');
    }
    this.#epoch = JOINING_EPOCH;
  }

  #stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(delayMs: number): void {
    if (this.#isOver || !this.#isStarted) return;
    this.#timer?.cancel();
    this.#timer = this.#options.cluster.ports.timers.after(delayMs, () => {
      this.#timer = undefined;
      if (this.#underWay !== undefined) return;
      this.#underWay = this.#beat().finally(() => {
        this.#underWay = undefined;
      });
    });
  }

  async #beat(): Promise<void> {
    const isTold = this.#isResubscribed || this.#epoch === JOINING_EPOCH;
    this.#isResubscribed = false;
    try {
      const answer = await this.#send({ memberEpoch: this.#epoch, isTold });
      if (this.#isOver) return;
      this.#backoff.succeeded();
      this.#take(answer);
      this.#schedule(this.#isResubscribed ? 0 : answer.heartbeatIntervalMs);
    } catch (error) {
      this.#isResubscribed ||= isTold;
      this.#failed(error);
    }
  }

  #take({ memberEpoch, assignment }: ShareGroupHeartbeatResponse): void {
    const { groupId, host, cluster } = this.#options;
    if (this.#epoch === JOINING_EPOCH)
      cluster.ports.logger.info(
        { group: groupId, memberId: this.memberId, memberEpoch },
        'joined the share group',
      );
    this.#epoch = memberEpoch;
    if (assignment === null) return;
    host.assigned(
      new Map(assignment.topicPartitions.map(({ topicId, partitions }) => [topicId, partitions])),
    );
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    const { groupId, host, cluster } = this.#options;
    const { code } = error as KafkaError;
    if (code === 'UNKNOWN_MEMBER_ID' || code === 'FENCED_MEMBER_EPOCH') {
      cluster.ports.logger.warn(
        { group: groupId, memberId: this.memberId, code },
        'out of the share group: joins again',
      );
      this.#epoch = JOINING_EPOCH;
      host.assigned(new Map());
      this.#schedule(0);
      return;
    }
    if (!(error instanceof KafkaError) || !error.retriable) {
      this.#stop();
      this.#epoch = JOINING_EPOCH;
      host.assigned(new Map());
      host.failed(
        error instanceof KafkaError ? error : new KafkaError('UNKNOWN_SERVER_ERROR', String(error)),
      );
      return;
    }
    cluster.coordinators.forget('group', groupId);
    this.#schedule(this.#backoff.failed());
  }

  async #send({
    memberEpoch,
    isTold = false,
    timeoutMs,
  }: {
    memberEpoch: number;
    isTold?: boolean;
    timeoutMs?: number;
  }): Promise<ShareGroupHeartbeatResponse> {
    const { cluster, groupId, rack } = this.#options;
    const answer = await cluster.request(
      API,
      {
        ...{ groupId, memberId: this.memberId, memberEpoch },
        rackId: isTold ? (rack ?? null) : null,
        subscribedTopicNames: isTold ? [...this.#topics] : null,
      },
      { to: { coordinatorOf: 'group', key: groupId }, timeoutMs },
    );
    if (answer.errorCode === ErrorCode.NONE) return answer;
    const { errorCode, errorMessage: said } = answer;
    const resource = errorCode === ErrorCode.GROUP_AUTHORIZATION_FAILED ? `group ${groupId}` : undefined;
    throw new BrokerError(errorCode, { said, resource, operation: 'Read' });
  }
}
