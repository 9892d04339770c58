// For tests of the admin: one of a broker in this process, or of the one at MOLDAU_TEST_BROKERS (host:port) if that is set; and members of groups.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  consumerGroupHeartbeatRequest,
  consumerGroupHeartbeatResponse,
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  encodeBatch,
  encodeVersioned,
  joinGroupRequest,
  joinGroupResponse,
  produceRequest,
  produceResponse,
  shareGroupHeartbeatRequest,
  shareGroupHeartbeatResponse,
  syncGroupRequest,
  syncGroupResponse,
} from '@moldau/protocol';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import { Cluster, type Destination } from '../cluster/cluster.ts';
import { elsewhere } from '../cluster/testing-elsewhere.ts';
import { Kafka } from '../kafka.ts';
import { resolveClientOptions } from '../options/client-options.ts';
import { nodePorts } from '../options/ports.ts';
import type { Admin } from './admin.ts';

const PRODUCE = { request: produceRequest, response: produceResponse, maxVersion: 12 };
const JOIN = { request: joinGroupRequest, response: joinGroupResponse };
const SYNC = { request: syncGroupRequest, response: syncGroupResponse };
const CONSUMER_HEARTBEAT = {
  request: consumerGroupHeartbeatRequest,
  response: consumerGroupHeartbeatResponse,
};
const SHARE_HEARTBEAT = { request: shareGroupHeartbeatRequest, response: shareGroupHeartbeatResponse };

export class AdminWorld {
  readonly broker: TestBroker | undefined;
  readonly brokers: string;
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** For requests that the admin does not make. */
  readonly cluster: Cluster;

  private constructor(broker: TestBroker | undefined, brokers: string) {
    this.broker = broker;
    this.brokers = brokers;
    this.kafka = new Kafka({ brokers, clientId: 'admin-test' });
    this.admin = this.kafka.admin();
    this.cluster = new Cluster(resolveClientOptions({ brokers, clientId: 'member' }), nodePorts);
  }

  /** Settings and log directories are of the broker in this process. */
  static async start(options: Parameters<typeof startTestBroker>[0] = {}): Promise<AdminWorld> {
    if (elsewhere !== undefined) return new AdminWorld(undefined, elsewhere);
    const broker = await startTestBroker(options);
    return new AdminWorld(broker, `127.0.0.1:${broker.port}`);
  }

  async stop(): Promise<void> {
    await this.cluster.close();
    await this.kafka.close();
    await this.broker?.stop();
  }

  name(): string {
    return `admin-${randomUUID()}`;
  }

  /** Brokers learn of topics a moment after they are made. */
  async made(partitions = 1): Promise<string> {
    const topic = this.name();
    await this.admin.topics.create({ name: topic, partitions });
    for (;;) {
      const found = await this.admin.topics.describe(topic).catch(() => []);
      if (found[0]?.partitions.length === partitions) return topic;
    }
  }

  async write(topic: string, partition: number, timestamps: readonly number[]): Promise<void> {
    const records = encodeBatch({
      records: timestamps.map((timestamp) => ({ timestamp, key: null, value: Buffer.from('v') })),
    });
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
    await this.cluster.request(
      PRODUCE,
      { acks: -1, timeoutMs: 10_000, topicData },
      {
        ...{ to: { leaderOf: { topic, partition } }, purpose: 'produce' },
        retry: { errorOf: ({ responses }) => responses[0]!.partitionResponses[0]!.errorCode },
      },
    );
  }

  /** A static member of a classic group, the only one, with an assignment of its own making. Returns its id. */
  async joinClassic(
    groupId: string,
    instanceId: string,
    topic: string,
    partitions: readonly number[],
  ): Promise<string> {
    const to: Destination = { coordinatorOf: 'group', key: groupId };
    const metadata = encodeVersioned(consumerProtocolSubscription, { topics: [topic] }, 1);
    const joined = await this.cluster.request(
      JOIN,
      {
        ...{ groupId, memberId: '', groupInstanceId: instanceId, protocolType: 'consumer' },
        ...{ sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, protocols: [{ name: 'range', metadata }] },
      },
      { to, retry: { errorOf: ({ errorCode }) => errorCode } },
    );
    const { memberId, generationId } = joined;
    const assignment = encodeVersioned(
      consumerProtocolAssignment,
      { assignedPartitions: [{ topic, partitions }] },
      1,
    );
    const synced = await this.cluster.request(
      SYNC,
      {
        ...{ groupId, memberId, generationId, groupInstanceId: instanceId },
        ...{ protocolType: 'consumer', protocolName: 'range', assignments: [{ memberId, assignment }] },
      },
      { to, retry: { errorOf: ({ errorCode }) => errorCode } },
    );
    assert.equal(synced.errorCode, 0);
    return memberId;
  }

  /** With an epoch of 0 a member joins, of -1 it leaves. */
  async beatConsumer(groupId: string, memberId: string, memberEpoch: number, topic: string): Promise<number> {
    const answer = await this.cluster.request(
      CONSUMER_HEARTBEAT,
      {
        ...{ groupId, memberId, memberEpoch, rebalanceTimeoutMs: 10_000 },
        ...{ subscribedTopicNames: [topic], topicPartitions: [] },
      },
      { to: { coordinatorOf: 'group', key: groupId }, retry: { errorOf: ({ errorCode }) => errorCode } },
    );
    return answer.memberEpoch;
  }

  async beatShare(groupId: string, memberId: string, memberEpoch: number, topic: string): Promise<number> {
    const answer = await this.cluster.request(
      SHARE_HEARTBEAT,
      { groupId, memberId, memberEpoch, subscribedTopicNames: [topic] },
      { to: { coordinatorOf: 'group', key: groupId }, retry: { errorOf: ({ errorCode }) => errorCode } },
    );
    return answer.memberEpoch;
  }
}

/** Asks until the answer is as wanted: brokers learn of changes a moment after they are made. */
export async function eventually<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  const deadlineMs = performance.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    assert.ok(performance.now() < deadlineMs, `not as wanted in time: ${JSON.stringify(answer)}`);
  }
}
