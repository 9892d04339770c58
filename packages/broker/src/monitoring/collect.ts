// Goes over all that there is to tell and tells it to a sink.
//
// Invariant: the work is bounded: as many series as are configured, and after every few hundred others get their turn; the caller goes on after
// each `yield`.

import { errorName } from '@moldau/protocol';
import type { ConsumerLag, LagEntry } from './consumer-lag.ts';
import type { Figures } from './figures.ts';
import { families } from './metric-families.ts';
import type { Labels, MetricFamily, MetricSink } from './metric-sink.ts';
import type { MonitoredBroker, MonitoredListener, MonitoredLog } from './monitored.ts';
import type { ApiFigures } from './request-figures.ts';
import type { TopicFigures } from './topic-traffic.ts';

const SERIES_IN_ONE_GO = 500;
/** The one event loop, where Kafka has a thread for some of the connections each. */
const NETWORK_PROCESSOR = '0';

export interface CollectLimits {
  readonly maxPartitions: number;
}

type Pauses = Generator<void, void>;

/** Calls `tell` for each item, and pauses now and then. */
function* each<T>(items: Iterable<T>, tell: (item: T) => void): Pauses {
  let count = 0;
  for (const item of items) {
    tell(item);
    count += 1;
    if (count % SERIES_IN_ONE_GO === 0) yield;
  }
}

const PER_TOPIC: readonly [MetricFamily, keyof TopicFigures][] = [
  [families.messagesIn, 'messagesIn'],
  [families.bytesIn, 'bytesIn'],
  [families.bytesOut, 'bytesOut'],
  [families.bytesRejected, 'bytesRejected'],
  [families.totalProduceRequests, 'produceRequests'],
  [families.totalFetchRequests, 'fetchRequests'],
  [families.failedProduceRequests, 'failedProduceRequests'],
  [families.failedFetchRequests, 'failedFetchRequests'],
];

export function* collectTopics({ topics }: Figures, sink: MetricSink): Pauses {
  const total = topics.total();
  const shown = [...topics.shown()].map(
    ([topic, figures]) => [sink.labels('topic', topic), figures] as const,
  );
  for (const [family, key] of PER_TOPIC) {
    sink.family(family);
    sink.value(total[key] as number);
    yield* each(shown, ([labels, figures]) => sink.value(figures[key] as number, labels));
  }
  sink.family(families.topicsLeftOut);
  sink.value(topics.leftOutCount);
}

export function* collectRequests(
  { requests }: Figures,
  { apiName, throttles }: MonitoredBroker,
  sink: MetricSink,
): Pauses {
  const shown = [...requests.shown()].flatMap(([apiKey, figures]) =>
    requestNames(apiName(apiKey)).map((request) => ({
      ...{ request, figures, labels: sink.labels('request', request) },
    })),
  );
  sink.family(families.requests);
  for (const { request, figures } of shown) {
    for (const [version, count] of figures.requestsByVersion.entries())
      if (count !== undefined) sink.value(count, sink.labels('request', request, 'version', String(version)));
  }
  sink.family(families.errors);
  for (const { request, figures } of shown) {
    for (const [code, count] of figures.errors)
      sink.value(count, sink.labels('request', request, 'error', errorName(code as never)));
  }
  sink.family(families.requestBytes);
  for (const { figures, labels } of shown) sink.value(figures.requestBytes, labels);
  yield;
  const times: [MetricFamily, (figures: ApiFigures) => ApiFigures['totalMs']][] = [
    [families.totalTime, (figures) => figures.totalMs],
    [families.queueTime, (figures) => figures.queueMs],
    [families.localTime, (figures) => figures.localMs],
    [families.remoteTime, (figures) => figures.waitedMs],
    [families.sendTime, (figures) => figures.sendMs],
  ];
  for (const [family, histogramOf] of times) {
    sink.family(family);
    for (const { figures, labels } of shown) sink.summary(histogramOf(figures), labels);
    yield;
  }
  const held = [...throttles()].map((each) => ({ ...each, labels: sink.labels('quota', each.quota) }));
  sink.family(families.throttled);
  for (const { count, labels } of held) sink.value(count, labels);
  sink.family(families.throttleTime);
  for (const { totalMs, labels } of held) sink.value(totalMs, labels);
}

/** Kafka has each Fetch twice: under its name, and by who asks. Here no followers do. */
function requestNames(api: string): readonly string[] {
  return api === 'Fetch' ? [api, 'FetchConsumer'] : [api];
}

const PER_LISTENER: readonly [MetricFamily, keyof MonitoredListener][] = [
  [families.connections, 'connections'],
  [families.connectionsToo, 'connections'],
  [families.connectionsMade, 'made'],
  [families.connectionsClosed, 'closed'],
  [families.loginsFailed, 'loginsFailed'],
  [families.loginsSucceeded, 'loginsSucceeded'],
];

export function collectConnections(broker: MonitoredBroker, sink: MetricSink): void {
  const listeners = [...broker.listeners()];
  for (const [family, key] of PER_LISTENER) {
    sink.family(family);
    for (const listener of listeners)
      sink.value(
        listener[key] as number,
        sink.labels('listener', listener.name, 'networkProcessor', NETWORK_PROCESSOR),
      );
  }
  sink.family(families.connectionsRefused);
  for (const { name, refused } of listeners) sink.value(refused, sink.labels('listener', name));
  single(sink, families.bufferedBytes, broker.bufferedBytes());
  sink.family(families.certificateExpiry);
  for (const { listener, subject, notAfterMs } of broker.certificates())
    sink.value(notAfterMs / 1000, sink.labels('listener', listener, 'subject', subject));
}

export function* collectReplication(
  { producesWaiting, topics }: Figures,
  broker: MonitoredBroker,
  sink: MetricSink,
): Pauses {
  const { nodeId, minInSyncReplicasOf } = broker;
  const image = broker.metadata();
  const counts = { leaders: 0, replicas: 0, lacking: 0, underMin: 0, leaderless: 0, imbalanced: 0 };
  yield* each(image.topics(), (topic) => {
    for (const { count, state } of topic.runs) {
      if (state.leader < 0) counts.leaderless += count;
      else if (state.leader !== state.replicas[0]) counts.imbalanced += count;
      if (state.replicas.includes(nodeId)) counts.replicas += count;
      if (state.leader !== nodeId) continue;
      counts.leaders += count;
      if (state.isr.length >= state.replicas.length) continue;
      counts.lacking += count;
      const wanted = Math.min(minInSyncReplicasOf(topic.name), state.replicas.length);
      if (state.isr.length < wanted) counts.underMin += count;
    }
  });
  single(sink, families.leaderCount, counts.leaders);
  single(sink, families.partitionCount, counts.replicas);
  single(sink, families.underReplicated, counts.lacking);
  single(sink, families.underMinIsr, counts.underMin);
  single(sink, families.offlineReplicas, broker.logs.offlineLogCount);
  single(sink, families.isrShrinks, 0);
  single(sink, families.isrExpands, 0);
  sink.family(families.purgatory);
  sink.value(broker.fetchesWaiting(), sink.labels('delayedOperation', 'Fetch'));
  sink.value(producesWaiting, sink.labels('delayedOperation', 'Produce'));
  single(sink, families.fetchSessions, broker.fetchSessions());
  single(sink, families.activeController, 1);
  single(sink, families.topicCount, image.topicCount);
  single(sink, families.globalPartitions, image.partitionCount);
  single(sink, families.offlinePartitions, counts.leaderless);
  single(sink, families.imbalancedPartitions, counts.imbalanced);
  single(sink, families.uncleanElections, 0);
  single(sink, families.activeBrokers, image.brokers.size);
  single(sink, families.brokers, image.brokers.size);
  sink.family(families.topicPartitions);
  yield* each(topics.shown(), ([name]) => {
    const topic = image.topicByName(name);
    if (topic !== undefined) sink.value(topic.partitionCount, sink.labels('topic', name));
  });
}

export function* collectLogs(
  { logs }: Pick<MonitoredBroker, 'logs'>,
  { maxPartitions }: CollectLimits,
  sink: MetricSink,
): Pauses {
  const shown: { log: MonitoredLog; labels: Labels }[] = [];
  let leftOut = 0;
  yield* each(logs.loadedLogs(), (log) => {
    if (shown.length >= maxPartitions) {
      leftOut += 1;
      return;
    }
    const dash = log.directoryName.lastIndexOf('-');
    const [topic, partition] = [log.directoryName.slice(0, dash), log.directoryName.slice(dash + 1)];
    shown.push({ log, labels: sink.labels('topic', topic, 'partition', partition) });
  });
  const values: [MetricFamily, (log: MonitoredLog) => number][] = [
    [families.logSize, (log) => log.sizeBytes],
    [families.logStart, (log) => log.logStartOffset],
    [families.logEnd, (log) => log.logEndOffset],
    [families.oldestOffset, (log) => log.logStartOffset],
    [families.newestOffset, (log) => log.logEndOffset],
    [families.logSegments, (log) => log.segmentCount],
  ];
  for (const [family, figureOf] of values) {
    sink.family(family);
    yield* each(shown, ({ log, labels }) => sink.value(figureOf(log), labels));
  }
  single(sink, families.partitionsLeftOut, leftOut);
  const cleaner = logs.cleaner.snapshot();
  single(sink, families.cleanerDirty, cleaner.maxDirtyRatio * 100);
  single(sink, families.cleanerBuffer, cleaner.maxMapFill * 100);
  single(sink, families.cleanerUncleanable, cleaner.uncleanable.length);
  single(sink, families.cleanerRuns, cleaner.runs);
  single(sink, families.cleanerCleaned, cleaner.cleanedBytes);
  single(sink, families.cleanerRemoved, cleaner.removedBytes);
}

export function* collectGroups(broker: MonitoredBroker, lag: ConsumerLag, sink: MetricSink): Pauses {
  const byType = { classic: 0, consumer: 0, share: 0 } as Record<string, number>;
  const byState = new Map<string, number>();
  yield* each(broker.groups(), ({ groupType, groupState }) => {
    byType[groupType] = (byType[groupType] ?? 0) + 1;
    const key = `${groupType} ${groupState}`;
    byState.set(key, (byState.get(key) ?? 0) + 1);
  });
  const countOf = (type: string, state: string) => byState.get(`${type} ${state}`) ?? 0;
  single(
    sink,
    families.groups,
    Object.values(byType).reduce((sum, count) => sum + count, 0),
  );
  sink.family(families.groupsByProtocol);
  for (const [type, count] of Object.entries(byType)) sink.value(count, sink.labels('protocol', type));
  single(sink, families.groupsPreparing, countOf('classic', 'PreparingRebalance'));
  single(sink, families.groupsCompleting, countOf('classic', 'CompletingRebalance'));
  single(sink, families.groupsStable, countOf('classic', 'Stable'));
  single(sink, families.groupsEmpty, countOf('classic', 'Empty'));
  single(sink, families.groupsDead, countOf('classic', 'Dead'));
  sink.family(families.consumerGroups);
  for (const state of ['Empty', 'Assigning', 'Reconciling', 'Stable', 'Dead'])
    sink.value(countOf('consumer', state), sink.labels('state', state.toLowerCase()));
  sink.family(families.shareGroups);
  for (const state of ['Empty', 'Stable', 'Dead'])
    sink.value(countOf('share', state), sink.labels('state', state.toLowerCase()));
  yield* collectLag(lag, sink);
}

function* collectLag(lag: ConsumerLag, sink: MetricSink): Pauses {
  const shown: (LagEntry & { labels: Labels })[] = [];
  let leftOut = 0;
  yield* each(lag.entries(), (entry) => {
    if (entry === undefined) {
      leftOut += 1;
      return;
    }
    const { groupId, topic, partition } = entry;
    const names = ['consumergroup', groupId, 'topic', topic, 'partition', String(partition)];
    shown.push({ ...entry, labels: sink.labels(...names) });
  });
  single(sink, families.offsets, shown.length + leftOut);
  sink.family(families.currentOffset);
  yield* each(shown, ({ offset, labels }) => sink.value(offset, labels));
  sink.family(families.lag);
  yield* each(shown, ({ records, labels }) => {
    if (records !== undefined) sink.value(records, labels);
  });
  sink.family(families.lagSeconds);
  yield* each(shown, ({ seconds, labels }) => {
    if (seconds !== undefined) sink.value(seconds, labels);
  });
  single(sink, families.lagLeftOut, leftOut);
}

export function single(sink: MetricSink, family: MetricFamily, value: number | undefined): void {
  sink.family(family);
  if (value !== undefined) sink.value(value);
}
