// Makes a consumer of its parts, on a cluster of its own.

import type { TopicPartition } from '../cluster/ask-leaders.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ConnectionError } from '../errors/kafka-error.ts';
import type { RebalanceReport } from '../observability/instruments.ts';
import type { Producer } from '../producer/producer.ts';
import { watchPartitions } from './assignment/partition-watch.ts';
import { Consumer } from './consumer.ts';
import type { ConsumerParts } from './consumer-core.ts';
import { Fetcher } from './fetching/fetcher.ts';
import { createMembership } from './groups/group-membership.ts';
import { GroupOffsets } from './groups/group-offsets.ts';
import type { MembershipHost } from './groups/types.ts';
import type { ConsumerSettings } from './options/consumer-options.ts';
import { OffsetQueries } from './positions/offset-queries.ts';
import { KnownTopics } from './subscription.ts';

/** `newProducer` is asked when the first record is put aside into a topic. */
export function openConsumer(
  cluster: Cluster,
  settings: ConsumerSettings,
  newProducer: () => Pick<Producer, 'send' | 'close'>,
): Consumer {
  const topics = new KnownTopics();
  const fetcher = new Fetcher(cluster, { ...settings, serdesOf: topics.serdesOf });
  observe(cluster, fetcher);
  return new Consumer({
    ...{ ports: cluster.ports, settings, topics },
    retryBackoffMaxMs: cluster.settings.retryBackoffMaxMs,
    fetcher,
    tracing: cluster.instruments?.tracing,
    queries: new OffsetQueries(cluster, settings.isolation),
    watchPartitions: (subscription, onPartitions) => watchPartitions(cluster, subscription, onPartitions),
    group: settings.groupId === undefined ? undefined : groupOf(cluster, settings, settings.groupId),
    reconnect: (partitions) => reconnect(cluster, settings.groupId, partitions),
    deadLetters: deadLetters(newProducer),
    disconnect: () => cluster.close(),
  });
}

function groupOf(
  cluster: Cluster,
  settings: ConsumerSettings,
  groupId: string,
): NonNullable<ConsumerParts['group']> {
  const { instanceId, groupProtocol: protocol, assignors, serverAssignor, rack: rackId } = settings;
  const { sessionTimeoutMs, heartbeatIntervalMs, maxPollIntervalMs, isolation } = settings;
  return {
    offsets: (membership) =>
      new GroupOffsets({
        ...{ cluster, groupId },
        requiresStable: isolation === 'read-committed',
        get membership() {
          return membership();
        },
      }),
    join: (host) =>
      createMembership({
        ...{ cluster, groupId, instanceId, protocol, assignors },
        host: observed(host, cluster, groupId),
        settings: { sessionTimeoutMs, heartbeatIntervalMs, maxPollIntervalMs, rackId, serverAssignor },
      }),
  };
}

function observe({ instruments }: Cluster, fetcher: Fetcher): void {
  instruments?.gauge('assignedPartitions', () => fetcher.assigned().length);
  instruments?.gauge('recordsLagMax', () => {
    const lags = fetcher.assigned().flatMap((partition) => fetcher.lagOf(partition).records ?? []);
    return lags.length === 0 ? undefined : Math.max(...lags);
  });
}

/** Changes of the assignment are told before they count. */
function observed(host: MembershipHost, { instruments, ports }: Cluster, groupId: string): MembershipHost {
  const tell = (change: RebalanceReport['change'], partitions: readonly TopicPartition[]): void => {
    const names = partitions.map(({ topic, partition }) => `${topic}-${partition}`);
    ports.logger.info({ group: groupId, partitions: names }, `partitions ${change}`);
    instruments?.rebalanced({ groupId, change, partitions });
  };
  return {
    assigned(partitions) {
      tell('assigned', partitions);
      return host.assigned(partitions);
    },
    revoked(partitions) {
      tell('revoked', partitions);
      return host.revoked(partitions);
    },
    lost(partitions) {
      tell('lost', partitions);
      host.lost(partitions);
    },
    failed: (error) => host.failed(error),
    stateChanged: (state) => host.stateChanged?.(state),
  };
}

/** Whatever holds up these partitions: leaders that moved, a connection that is dead without anybody's having been told, a coordinator that moved. */
function reconnect(
  cluster: Cluster,
  groupId: string | undefined,
  partitions: readonly TopicPartition[],
): void {
  const topics = [...new Set(partitions.map(({ topic }) => topic))];
  cluster.outdated({ topics, reason: 'records are there and do not come' });
  if (groupId !== undefined) cluster.coordinators.forget('group', groupId);
  const leaders = new Set(
    partitions.map(({ topic, partition }) => cluster.metadata.leader(topic, partition)?.id),
  );
  for (const leader of leaders) {
    const connection = leader === undefined ? undefined : cluster.connected(leader, 'fetch');
    const message = `${connection?.address}: given up, for it brought no records though there are some.`;
    connection?.close(new ConnectionError('CONNECTION_LOST', message, { broker: connection.address }));
  }
}

function deadLetters(newProducer: () => Pick<Producer, 'send' | 'close'>): ConsumerParts['deadLetters'] {
  let producer: Pick<Producer, 'send' | 'close'> | undefined;
  return {
    send: (topic, record) => {
      producer ??= newProducer();
      return producer.send(topic, record);
    },
    close: async (options) => {
      await producer?.close(options);
    },
  };
}
