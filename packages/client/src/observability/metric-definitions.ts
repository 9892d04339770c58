// The metrics of clients, by the names that Kafka's clients have for them: the one table, from which what is kept, what is told, and the documentation follow.
//
// A counter `x` is told as x-total and x-rate, a measure `x` as x-avg and x-max, a gauge as it is. Groups begin with the client's own name.

export type ClientKind = 'producer' | 'consumer' | 'share-consumer' | 'admin';

/** How groups of metrics begin. */
export const GROUP_PREFIXES: Readonly<Record<ClientKind, string>> = {
  producer: 'producer',
  consumer: 'consumer',
  'share-consumer': 'consumer-share',
  admin: 'admin-client',
};

export interface MetricDefinition {
  readonly kind: 'counter' | 'measure' | 'gauge';
  /** The end of its group: 'metrics', 'node-metrics'. */
  readonly group:
    | 'metrics'
    | 'node-metrics'
    | 'topic-metrics'
    | 'fetch-manager-metrics'
    | 'coordinator-metrics';
  readonly name: string;
  readonly unit: 'count' | 'ms' | 'bytes' | 'ratio';
  readonly description: string;
  readonly clients: readonly ClientKind[];
}

type Rest = [name: string, unit: MetricDefinition['unit'], description: string];

const ALL: readonly ClientKind[] = ['producer', 'consumer', 'share-consumer', 'admin'];
const PRODUCER: readonly ClientKind[] = ['producer'];
const READERS: readonly ClientKind[] = ['consumer', 'share-consumer'];
const CONSUMER: readonly ClientKind[] = ['consumer'];
const SHARE: readonly ClientKind[] = ['share-consumer'];

const define =
  (clients: readonly ClientKind[], group: MetricDefinition['group']) =>
  (kind: MetricDefinition['kind'], ...[name, unit, description]: Rest): MetricDefinition => ({
    ...{ kind, group, name, unit, description, clients },
  });

const client = define(ALL, 'metrics');
const node = define(ALL, 'node-metrics');
const producer = define(PRODUCER, 'metrics');
const topic = define(PRODUCER, 'topic-metrics');
const fetching = define(READERS, 'fetch-manager-metrics');
const lag = define(CONSUMER, 'fetch-manager-metrics');
const sharing = define(SHARE, 'fetch-manager-metrics');
const group = define(READERS, 'coordinator-metrics');
const commits = define(CONSUMER, 'coordinator-metrics');

export const METRICS = {
  connectionCreation: client('counter', 'connection-creation', 'count', 'connections that were made'),
  connectionClose: client('counter', 'connection-close', 'count', 'connections that ended'),
  connectionCount: client('gauge', 'connection-count', 'count', 'connections that there are'),
  connectionFailure: client('counter', 'connection-failure', 'count', 'connections that could not be made'),
  request: client('counter', 'request', 'count', 'requests that were sent'),
  response: client('counter', 'response', 'count', 'answers that came'),
  requestFailure: client('counter', 'request-failure', 'count', 'requests without an answer'),
  requestLatency: client('measure', 'request-latency', 'ms', 'from the request to its answer'),
  requestSize: client('measure', 'request-size', 'bytes', 'of a request'),
  outgoingByte: client('counter', 'outgoing-byte', 'bytes', 'sent to brokers'),
  incomingByte: client('counter', 'incoming-byte', 'bytes', 'read from brokers'),
  requestsInFlight: client('gauge', 'requests-in-flight', 'count', 'requests that await their answer'),
  retry: client('counter', 'request-retry', 'count', 'attempts that failed and were made again'),
  throttle: client('measure', 'throttle-time', 'ms', 'for which a broker asked to wait'),

  nodeRequest: node('counter', 'request', 'count', 'requests that were sent to the broker'),
  nodeLatency: node('measure', 'request-latency', 'ms', "from a request to the broker's answer"),
  nodeOutgoingByte: node('counter', 'outgoing-byte', 'bytes', 'sent to the broker'),
  nodeIncomingByte: node('counter', 'incoming-byte', 'bytes', 'read from the broker'),

  recordSend: producer('counter', 'record-send', 'count', 'records that were acknowledged'),
  recordError: producer('counter', 'record-error', 'count', 'records that failed'),
  recordRetry: producer('counter', 'record-retry', 'count', 'records that were sent again'),
  batchSize: producer('measure', 'batch-size', 'bytes', 'of a batch as it was sent'),
  recordsPerBatch: producer('measure', 'records-per-batch', 'count', 'records in a batch'),
  batchDeliveryTime: producer(
    'measure',
    'batch-delivery-time',
    'ms',
    'from the first record of a batch to its acknowledgement',
  ),
  produceThrottle: producer('measure', 'produce-throttle-time', 'ms', 'for which a broker asked to wait'),
  bufferTotal: producer('gauge', 'buffer-total-bytes', 'bytes', 'that records may take'),
  bufferAvailable: producer('gauge', 'buffer-available-bytes', 'bytes', 'that records do not take'),
  topicRecordSend: topic('counter', 'record-send', 'count', 'records of the topic that were acknowledged'),
  topicByte: topic('counter', 'byte', 'bytes', 'of batches of the topic'),
  topicRecordError: topic('counter', 'record-error', 'count', 'records of the topic that failed'),

  recordsConsumed: fetching('counter', 'records-consumed', 'count', 'records that were handed out'),
  bytesConsumed: fetching('counter', 'bytes-consumed', 'bytes', 'of answers with records, as they came'),
  fetch: fetching('counter', 'fetch', 'count', 'answers with records, or with none in time'),
  fetchLatency: fetching('measure', 'fetch-latency', 'ms', 'from a fetch to its answer'),
  fetchSize: fetching('measure', 'fetch-size', 'bytes', 'of an answer to a fetch'),
  fetchThrottle: fetching('measure', 'fetch-throttle-time', 'ms', 'for which a broker asked to wait'),
  recordsLagMax: lag(
    'gauge',
    'records-lag-max',
    'count',
    'records to the end of the partition that is behind the most',
  ),
  acknowledgementsSend: sharing(
    'counter',
    'acknowledgements-send',
    'count',
    'requests that acknowledged records by themselves',
  ),

  heartbeat: group('counter', 'heartbeat', 'count', 'heartbeats that were answered'),
  heartbeatTime: group('measure', 'heartbeat-response-time', 'ms', 'from a heartbeat to its answer'),
  assignedPartitions: group('gauge', 'assigned-partitions', 'count', 'partitions that are assigned'),
  rebalance: group('counter', 'rebalance', 'count', 'changes of the assignment'),
  commit: commits('counter', 'commit', 'count', 'commits that were answered'),
  commitLatency: commits('measure', 'commit-latency', 'ms', 'from a commit to its answer'),
  join: commits('counter', 'join', 'count', 'times that the group was joined'),
  sync: commits('counter', 'sync', 'count', 'assignments that were taken'),
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricId = keyof typeof METRICS;
