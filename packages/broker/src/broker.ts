// Puts a broker together and takes it apart: the only place that constructs its rooms.
//
// The order of the start is the order of trust: the folders are locked before anything in them is read, the metadata is
// read before logs are made, and clients are let in last. The stop goes the other way.

import type { Clock, Disk, GssApi, Http, Logger, Network, Random, Timers } from '@moldau/io';
import { LogManager } from '@moldau/log';
import {
  adoptKafkaFolder,
  type BrokerImage,
  ConfigResourceType,
  EmbeddedMetadataStore,
  GROUP_METADATA_TOPIC,
  isInternalTopic,
  MetadataStoreError,
  SHARE_GROUP_STATE_TOPIC,
  TRANSACTION_STATE_TOPIC,
} from '@moldau/metadata';
import { ErrorCode, KafkaError, uuidFromBytes } from '@moldau/protocol';
import { dispatch } from './apis/dispatch.ts';
import type { ApiHandler, Services } from './apis/handler.ts';
import { handlers } from './apis/handlers.ts';
import type { BrokerConfig } from './config/broker-config.ts';
import { ConsumerGroupSettings } from './config/consumer-group-settings.ts';
import type { PageAddress } from './config/monitoring-settings.ts';
import { ShareSettings } from './config/share-settings.ts';
import { TopicConfigs } from './config/topic-settings.ts';
import { Controller } from './controller/controller.ts';
import { DelegationTokenExpiry } from './controller/delegation-token-expiry.ts';
import { featureProblem, TRANSACTION_VERSION } from './controller/features.ts';
import { GroupCoordinator } from './coordinators/groups/group-coordinator.ts';
import { groupTopicsOf } from './coordinators/groups/group-topics.ts';
import { PartitionLogs } from './coordinators/runtime/partition-logs.ts';
import { ShareCoordinator } from './coordinators/share/share-coordinator.ts';
import { ShareFetcher } from './coordinators/share/share-fetcher.ts';
import { ShareGroupCoordinator } from './coordinators/share/share-group-coordinator.ts';
import { SharePartitions } from './coordinators/share/share-partitions.ts';
import type { ShareServices } from './coordinators/share/share-services.ts';
import { ShareSessions } from './coordinators/share/share-sessions.ts';
import type { TransactionVersion } from './coordinators/transactions/transaction-commands.ts';
import { TransactionCoordinator } from './coordinators/transactions/transaction-coordinator.ts';
import { TransactionVerifier } from './coordinators/transactions/transaction-verifier.ts';
import { Figures } from './monitoring/figures.ts';
import { type LoggerName, type LogLevelName, LogLevels } from './monitoring/log-levels.ts';
import { Monitoring, type MonitoringWorld } from './monitoring/monitoring.ts';
import { SlowRequests } from './monitoring/slow-requests.ts';
import {
  DEFAULT_NETWORK_LIMITS,
  type NetworkLimits,
  Server,
  type ServerListener,
  shareDescriptors,
} from './network/mod.ts';
import { RateLimitedLog } from './network/rate-limited-log.ts';
import { ClientQuotas } from './quotas/client-quotas.ts';
import { ConnectionQuotas } from './quotas/connection-quotas.ts';
import { FetchSessions } from './replication/fetch-sessions.ts';
import { Fetcher } from './replication/fetcher.ts';
import { MetadataFollower } from './replication/metadata-follower.ts';
import { PartitionRegistry } from './replication/partition-registry.ts';
import { ProducerIds } from './replication/producer-ids.ts';
import { TransactionMarkers } from './replication/transaction-markers.ts';
import { ListenerLogins } from './security/authentication/listener-logins.ts';
import { AuditLog } from './security/authorization/audit-log.ts';
import { AclAuthorizer, OPEN_AUTHORIZER } from './security/authorization/authorizer.ts';
import { DelegationTokens } from './security/delegation-tokens.ts';
import { type CertificateInForce, ListenerCertificates } from './security/tls/listener-certificates.ts';
import { ClientMetricsStore } from './telemetry/client-metrics-store.ts';
import { ClientTelemetry } from './telemetry/client-telemetry.ts';

const METADATA_DIRECTORY = '__moldau_metadata';
/** How long requests in process may take at a stop. */
const STOP_GRACE_MS = 1000;

const apiNames = new Map(handlers.map(({ apiKey, name }) => [apiKey, name]));

export interface BrokerOptions {
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly http: Http;
  readonly gssapi: GssApi;
  /** Gets all lines that the levels of the broker's loggers let pass. */
  readonly logger: Logger;
  /** Of all loggers, until one is given its own. Default: all that the logger takes. */
  readonly logLevel?: LogLevelName;
  /** Of single loggers. */
  readonly ownLogLevels?: ReadonlyMap<LoggerName, LogLevelName>;
  /** Metrics and health are not served without. */
  readonly monitoring?: MonitoringWorld;
}

export interface RunningBroker {
  /** Where it listens, ports as the system gave them. */
  readonly listeners: readonly ServerListener[];
  readonly clusterId: string;
  /** Where metrics and health are served; undefined when they are not. */
  readonly monitoringAddress?: PageAddress | undefined;
  /** The certificates that listeners show now. */
  certificates(): CertificateInForce[];
  /** Answers what is in process, writes what is queued, and leaves folders that the next start need not scan. */
  stop(): Promise<void>;
}

/** Rejects with LogDirError, MetadataStoreError, or Node's error of a listener; nothing is left open then. */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const running = await start(options, (close) => closers.push(close));
    return { ...running, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param onStop what closes a room; called in the opposite order at the stop. */
async function start(options: BrokerOptions, onStop: (close: () => Promise<unknown>) => void) {
  const { config, clock, timers, random, disk, network, http, gssapi } = options;
  const logLevels = new LogLevels(options.logger, options.logLevel ?? 'TRACE');
  for (const [name, level] of options.ownLogLevels ?? []) logLevels.set(name, level);
  const figures = new Figures({ maxTopics: config.get('moldau.metrics.topics') });
  const slowRequests = watchSlowRequests(options, logLevels);
  const monitoring = await openMonitoring(options, { logLevels, figures, slowRequests });
  if (monitoring !== undefined) onStop(() => monitoring.close());
  const logger = logLevels.of('security');
  const certificates = await ListenerCertificates.open(
    config.listeners.map(({ name }) => config.listenerSecurity(name)),
    { disk, clock, timers, logger },
  );
  onStop(async () => certificates.close());
  const knownClusterId = await storedClusterId(options);
  const clusterId = knownClusterId ?? config.initialClusterId ?? uuidFromBytes(random.bytes(16));
  const { maxOpenFiles } = (await options.monitoring?.process.figures()) ?? {};
  const tlsListeners = config.listeners.filter(({ name }) => certificates.tlsOf(name) !== undefined).length;
  const descriptors = shareDescriptors(maxOpenFiles, config.logs.maxOpenFiles, tlsListeners);
  const logs = await LogManager.open({
    ...{ disk, clock, timers, random, logger: logLevels.of('log') },
    ...config.logs,
    maxOpenFiles: descriptors.logs,
    identity: { clusterId, nodeId: config.nodeId },
  });
  onStop(() => logs.close());
  const store = await EmbeddedMetadataStore.open({
    ...{ disk, logger: logLevels.of('metadata') },
    directory: `${config.logDirs[0]}/${METADATA_DIRECTORY}`,
  });
  onStop(() => store.close());
  const follower = new MetadataFollower();
  await store.watch(0, follower);
  const session = await store.openSession(config.nodeId);
  onStop(() => session.close());
  const { image } = follower;
  const controllerEpoch = await session.claimController();
  const controller = new Controller({
    ...{ store, follower, controllerEpoch, config, random },
    logger: logLevels.of('controller'),
  });
  const delegationTokens = new DelegationTokens({
    secretKey: config.get('delegation.token.secret.key'),
    metadata: () => image,
  });
  const topicConfigs = new TopicConfigs(config);
  const settingsOf = (topicName: string) =>
    topicConfigs.settings(image.topicConfigs(topicName), isInternalTopic(topicName));
  const partitions = new PartitionRegistry({
    ...{ logs, settingsOf, metadata: () => image },
    traffic: figures.topics,
  });
  const shareSettings = new ShareSettings(config, (groupId) =>
    image.configs(ConfigResourceType.GROUP, groupId),
  );
  const topics = groupTopicsOf(image, () => follower.position);
  const consumerConfig = new ConsumerGroupSettings(config, (groupId) =>
    image.configs(ConfigResourceType.GROUP, groupId),
  );
  const verifier = new TransactionVerifier({
    ...{ clock, timers },
    config: config.verification,
    transactions: () => transactions,
  });
  const coordinatorLogger = logLevels.of('coordinators');
  const coordinatorOptions = { ...options, logger: coordinatorLogger };
  const groups = new GroupCoordinator({
    ...{ clock, timers, random, logger: coordinatorLogger },
    config: config.groups,
    logs: internalTopicLogs(
      { topic: GROUP_METADATA_TOPIC, partitionCount: () => config.offsetsTopicPartitions },
      { follower, controller, partitions, logs },
    ),
    consumer: { config: consumerConfig, topics },
    share: { config: shareSettings, topics },
    verifier,
  });
  const producerIds = new ProducerIds(() => controller.reserveProducerIds());
  const transactionMarkers = new TransactionMarkers({
    ...{ partitions, clock },
    completeTransaction: (partition, marker) => groups.completeTransaction(partition, marker),
  });
  const transactions = openTransactions(coordinatorOptions, {
    ...{ follower, controller, partitions, logs, producerIds, transactionMarkers },
  });
  const share = openShareGroups(coordinatorOptions, {
    ...{ follower, controller, partitions, logs, groups, shareSettings },
  });
  const fetcher = new Fetcher({ partitions, timers, clock, logger: logLevels.of('replication') });
  const quotas = new ClientQuotas({
    clock,
    windows: () => config.quotaWindows,
    mutationWindows: () => config.mutationQuotaWindows,
  });
  const connectionQuotas = new ConnectionQuotas({
    windows: () => config.quotaWindows,
    brokerRate: () => config.maxConnectionCreationRate,
    listenerRate: (listenerName) => config.maxConnectionCreationRateOf(listenerName),
    lookup: (host) => network.lookup(host),
  });
  const telemetry = new ClientTelemetry({
    ...{ clock, random },
    sink: new ClientMetricsStore(),
    maxBytes: () => config.telemetryMaxBytes,
    subscriptions: () =>
      image
        .configuredResources(ConfigResourceType.CLIENT_METRICS)
        .map((name) => image.configs(ConfigResourceType.CLIENT_METRICS, name)),
  });
  const updateQuotas = (): void => {
    quotas.update(image.clientQuotas.all());
    connectionQuotas.update(image.clientQuotas.all());
  };
  updateQuotas();
  const authorizer =
    config.authorizer === undefined
      ? undefined
      : new AclAuthorizer({
          ...config.authorizer,
          acls: image.acls.all(),
          audit: new AuditLog({ logger: logLevels.of('audit'), clock, apiName }),
        });
  const services: Services = {
    authorizer: authorizer ?? OPEN_AUTHORIZER,
    ...{ quotas, network, telemetry, figures, logLevels },
    ...{ config, topicConfigs, clock, timers, random, logger: logLevels.of('apis') },
    ...{
      controller,
      partitions,
      groups,
      transactions,
      verifier,
      transactionMarkers,
      share,
      fetcher,
      logs,
      handlers,
      producerIds,
    },
    delegationTokens,
    metadata: () => image,
    metadataPosition: () => follower.position,
    fetchSessions: new FetchSessions({ clock, random, maxSessions: config.fetchSessionSlots }),
  };
  const limits: NetworkLimits = {
    ...DEFAULT_NETWORK_LIMITS,
    ...config.network,
    maxDescriptors: descriptors.connections,
    maxHandshakes: descriptors.handshakes,
  };
  const updateConfig = (): void => {
    const own = image.configs(ConfigResourceType.BROKER, String(config.nodeId));
    for (const problem of config.update(own, image.configs(ConfigResourceType.BROKER, ''))) {
      logLevels.of('controller').warn({ problem }, 'a stored broker config is left out');
    }
    slowRequests.configured();
    Object.assign(limits, config.network);
    logs.cleaner.configure(config.cleaner);
  };
  updateConfig();
  follower.subscribe({
    topicRemoved(topic) {
      share.partitions.topicRemoved(topic.id);
      const removed = Promise.all([
        partitions.topicRemoved(topic),
        groups.onTopicDeleted(topic.name, topic.id),
        share.groups.onTopicDeleted(topic.id),
      ]);
      removed.catch((error: unknown) =>
        logLevels
          .of('controller')
          .error({ err: error, topic: topic.name }, 'a deleted topic left something behind'),
      );
    },
    aclChanged: (record) => authorizer?.aclChanged(record),
    clientQuotasChanged: updateQuotas,
    clientMetricsConfigured: () => telemetry.subscriptionsChanged(),
    topicConfigured: (topic) => partitions.topicConfigured(topic),
    brokersConfigured() {
      updateConfig();
      partitions.allConfigured();
    },
  });
  const logins = new ListenerLogins({
    delegationTokens,
    ...{ config, clock, timers, random, disk, http, gssapi, logger },
    metadata: () => image,
  });
  onStop(async () => logins.close());
  const server = new Server<ApiHandler>({
    ...{ network, clock, timers, logger: logLevels.of('network') },
    limits,
    apis: handlers,
    finished(request, sentMs) {
      figures.requests.record(request, sentMs);
      slowRequests.look(request, sentMs);
    },
    admit: (listenerName, address, nowMs) => connectionQuotas.admit(listenerName, address, nowMs),
    authenticationFor: (listenerName, transport) => logins.authenticationFor(listenerName, transport),
    dispatch: (api, frame, bodyOffset, context) => dispatch(api, frame, bodyOffset, context, services),
  });
  monitoring?.watch({
    ...{ nodeId: config.nodeId, clusterId, logs, apiName, metadata: () => image },
    minInSyncReplicasOf: (topic) => settingsOf(topic).minInSyncReplicas,
    partition: (topic, index) => partitions.get(topic, index),
    listeners: () => server.listenerFigures(),
    bufferedBytes: () => server.bufferedBytes,
    certificates: () => certificates.inForce(),
    groups: () => groups.loadedGroups(),
    offsets: () => groups.loadedOffsets(),
    fetchesWaiting: () => fetcher.waitingCount,
    fetchSessions: () => services.fetchSessions.count,
    throttles: () => quotas.throttles,
  });
  onStop(async () => {
    monitoring?.stopping();
    fetcher.stop();
    share.fetcher.stop();
    // All at once: requests that wait for their group are answered by its close.
    await Promise.all([
      server.stop(STOP_GRACE_MS),
      groups.close(),
      transactions.close(),
      share.state.close(),
    ]);
    share.partitions.close();
  });
  const { backlog } = config.network;
  if (image.clusterId === '') {
    const adopted = await adoptKafkaFolder({ disk, logDirs: config.logDirs, nodeId: config.nodeId });
    await controller.formCluster(clusterId, adopted);
  } else if (logs.mayHaveLostRecords) {
    await controller.raiseLeaderEpochs();
  }
  await Promise.all([controller.finalizeFeatures(), controller.ensureClusterSecret()]);
  await controller.createInitialUsers(config.initialUsers);
  const problem = featureProblem(image.features);
  if (problem !== undefined) throw new MetadataStoreError(problem);
  const listeners = await Promise.all(
    config.listeners.map((listener) =>
      server.listen({ ...listener, backlog, tls: certificates.tlsOf(listener.name) }),
    ),
  );
  certificates.follow((name, tls) => server.updateTls(name, tls));
  config.onChange(() => certificates.configChanged());
  await controller.registerBroker(ownImage(config, listeners));
  await createInitialTopics(config, controller, logLevels.of('controller'));
  const tokenExpiry = new DelegationTokenExpiry({
    ...{ controller, clock, timers, logger },
    intervalMs: config.get('delegation.token.expiry.check.interval.ms'),
  });
  onStop(async () => tokenExpiry.stop());
  if (delegationTokens.isEnabled) tokenExpiry.start();
  transactions
    .start()
    .catch((error: unknown) => coordinatorLogger.error({ err: error }, 'transactions could not be loaded'));
  share.state.start();
  groups
    .start()
    .catch((error: unknown) => coordinatorLogger.error({ err: error }, 'groups could not be loaded'));
  monitoring?.started();
  return {
    ...{ listeners, clusterId, certificates: () => certificates.inForce() },
    monitoringAddress: monitoring?.address,
  };
}

function apiName(apiKey: number): string {
  return apiNames.get(apiKey) ?? String(apiKey);
}

function watchSlowRequests({ config, clock }: BrokerOptions, logLevels: LogLevels): SlowRequests {
  const log = new RateLimitedLog(logLevels.of('requests'), clock);
  return new SlowRequests({
    apiName,
    thresholdMs: () => config.slowRequestMs,
    warn: (kind, fields, message) => log.warn(kind, fields, message),
  });
}

async function openMonitoring(
  { config, clock, timers, disk, http, monitoring }: BrokerOptions,
  { logLevels, ...watched }: { logLevels: LogLevels; figures: Figures; slowRequests: SlowRequests },
): Promise<Monitoring | undefined> {
  const { monitoringAddress: address, isMonitoringAskedFor: isAskedFor, metricsExport } = config;
  const isWatched = address !== undefined || metricsExport !== undefined;
  if (monitoring === undefined || !isWatched) return undefined;
  return Monitoring.open({
    ...{ clock, timers, disk, http, logger: logLevels.of('monitoring') },
    ...monitoring,
    ...watched,
    ...{ address, isAskedFor, metricsExport },
    settings: {
      get maxPartitions() {
        return config.get('moldau.metrics.partitions');
      },
      get lagIntervalMs() {
        return config.get('moldau.metrics.lag.interval.ms');
      },
    },
  });
}

interface Rooms {
  readonly follower: MetadataFollower;
  readonly controller: Controller;
  readonly partitions: PartitionRegistry;
  readonly logs: LogManager;
}

/** The logs of a coordinator: the partitions of its topic, which is made when the first of them is needed. */
function internalTopicLogs(
  { topic, partitionCount }: { topic: string; partitionCount: () => number },
  { follower: { image }, controller, partitions, logs }: Rooms,
): PartitionLogs {
  const partitionFolder = new RegExp(`^${topic}-(\\d+)$`);
  return new PartitionLogs({
    partitionCount: () => image.topicByName(topic)?.partitionCount ?? partitionCount(),
    partitionsOnDisk: () =>
      logs.directoryNames().flatMap((name) => {
        const found = partitionFolder.exec(name);
        return found === null ? [] : [Number(found[1])];
      }),
    async partition(index) {
      if (image.topicByName(topic) === undefined) await controller.ensureTopic(topic);
      const partition = partitions.get(topic, index);
      if (partition !== undefined) return partition;
      throw new KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, `${topic} has no partition ${index}`);
    },
  });
}

function openTransactions(
  { config, clock, timers, logger }: BrokerOptions,
  rooms: Rooms & { producerIds: ProducerIds; transactionMarkers: TransactionMarkers },
): TransactionCoordinator {
  const { image } = rooms.follower;
  return new TransactionCoordinator({
    ...{ clock, timers, logger },
    config: config.transactions,
    logs: internalTopicLogs(
      {
        topic: TRANSACTION_STATE_TOPIC,
        partitionCount: () => config.get('transaction.state.log.num.partitions'),
      },
      rooms,
    ),
    newProducerId: () => rooms.producerIds.next(),
    writeMarkers: (markers) => rooms.transactionMarkers.write(markers),
    serverVersion: () => image.featureLevel(TRANSACTION_VERSION) as TransactionVersion,
    coordinatorEpoch: (partition) =>
      image.topicByName(TRANSACTION_STATE_TOPIC)?.partition(partition)?.leaderEpoch ?? 0,
  });
}

function openShareGroups(
  { config, clock, timers, logger }: BrokerOptions,
  rooms: Rooms & { groups: GroupCoordinator; shareSettings: ShareSettings },
): ShareServices {
  const { partitions, groups, shareSettings } = rooms;
  const { image } = rooms.follower;
  const state = new ShareCoordinator({
    ...{ clock, timers, logger },
    logs: internalTopicLogs(
      {
        topic: SHARE_GROUP_STATE_TOPIC,
        partitionCount: () => config.get('share.coordinator.state.topic.num.partitions'),
      },
      rooms,
    ),
    log: (index) => partitions.get(SHARE_GROUP_STATE_TOPIC, index)?.log,
    partitionExists: (topicId, index) => image.topicById(topicId)?.partition(index) !== undefined,
    updatesPerSnapshot: () => config.get('share.coordinator.snapshot.update.records.per.snapshot'),
  });
  const sharePartitions = new SharePartitions({
    ...{ partitions, clock, timers, logger },
    ...{ coordinator: state, config: shareSettings },
  });
  const sessions = new ShareSessions({
    maxSessions: () => shareSettings.maxSessions,
    onLost: (groupId, memberId, held) => void sharePartitions.release(groupId, memberId, held),
    onGroupEmpty: (groupId) => sharePartitions.dropGroup(groupId),
  });
  const shareGroups = new ShareGroupCoordinator({
    ...{ shards: groups, coordinator: state, config: shareSettings, logger },
    topics: groupTopicsOf(image, () => rooms.follower.position),
    async endOffset(topicId, index) {
      const partition = partitions.getById(topicId, index);
      await partition?.log.ready();
      return partition?.highWatermark;
    },
  });
  const fetcher = new ShareFetcher({ sharePartitions, config: shareSettings, clock, timers });
  return {
    config: shareSettings,
    groups: shareGroups,
    state,
    sessions,
    partitions: sharePartitions,
    fetcher,
  };
}

function ownImage(config: BrokerConfig, listeners: readonly ServerListener[]): BrokerImage {
  const endpoints = config.advertisedListeners.map(({ name, protocol, host, port }) => ({
    listener: name,
    host,
    port: port === 0 ? listeners.find((listener) => listener.name === name)!.port : port,
    securityProtocol: protocol,
  }));
  return { brokerId: config.nodeId, rack: config.rack, endpoints };
}

/** A topic that cannot be made is no reason not to serve the others. */
async function createInitialTopics(
  config: BrokerConfig,
  controller: Controller,
  logger: Logger,
): Promise<void> {
  if (config.initialTopics.length === 0) return;
  for (const { name, errorCode, errorMessage } of await controller.createInitialTopics(
    config.initialTopics,
  )) {
    if (errorCode !== ErrorCode.NONE)
      logger.error({ topic: name, errorMessage }, `cannot create the topic ${name}`);
  }
}

/** The cluster that the folders belong to already. Several clusters in one set of folders are refused when the logs open. */
async function storedClusterId({ disk, config }: BrokerOptions): Promise<string | undefined> {
  for (const directory of config.logDirs) {
    const path = `${directory}/meta.properties`;
    if ((await disk.stat(path)) === undefined) continue;
    const found = /^cluster\.id=(.*)$/m.exec((await disk.readFile(path)).toString());
    if (found !== null) return found[1];
  }
  return undefined;
}
