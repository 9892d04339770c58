// Every metric there is: what Kafka has too is called as the usual configuration of Prometheus' JMX exporter calls it, so that dashboards made for
// Kafka work; what it does not have is moldau_*, or as Prometheus' own conventions have it. Where two configurations, or the exporter of offsets beside
// them, have names of their own, what many dashboards ask for has both. docs/monitoring.md is written from this table.

import type { MetricFamily } from './metric-sink.ts';

const TOPIC = ['topic'];
const PARTITION = ['topic', 'partition'];
const REQUEST = ['request'];
const LISTENER = ['listener', 'networkProcessor'];

/** Without a topic the sum over all topics. */
function perTopic(what: string, help: string): MetricFamily {
  return counter(`kafka_server_brokertopicmetrics_${what}_total`, help, TOPIC);
}

function counter(name: string, help: string, labels: readonly string[] = []): MetricFamily {
  return { name, type: 'counter', help, labels };
}

function gauge(name: string, help: string, labels: readonly string[] = []): MetricFamily {
  return { name, type: 'gauge', help, labels };
}

function requestTime(what: string, help: string): MetricFamily {
  return { name: `kafka_network_requestmetrics_${what}`, type: 'summary', help, labels: REQUEST };
}

export const families = {
  // Topics
  messagesIn: perTopic('messagesin', 'Records appended.'),
  bytesIn: perTopic('bytesin', 'Bytes of record batches appended.'),
  bytesOut: perTopic('bytesout', 'Bytes of record batches given to consumers.'),
  bytesRejected: perTopic('bytesrejected', 'Bytes of records that were too large.'),
  totalProduceRequests: perTopic(
    'totalproducerequests',
    'Appends asked for, of each partition in a request.',
  ),
  totalFetchRequests: perTopic('totalfetchrequests', 'Reads asked for, of each partition in a request.'),
  failedProduceRequests: perTopic('failedproducerequests', 'Appends that failed.'),
  failedFetchRequests: perTopic('failedfetchrequests', 'Reads that failed.'),
  topicsLeftOut: gauge(
    'moldau_metrics_topics_left_out',
    'Topics without series of their own: raise moldau.metrics.topics. Their traffic is that of the topic "(others)".',
  ),

  // Requests
  requests: counter('kafka_network_requestmetrics_requests_total', 'Requests answered.', [
    'request',
    'version',
  ]),
  errors: counter(
    'kafka_network_requestmetrics_errors_total',
    'Errors in answers; of an answer with long lists those of the first hundred entries.',
    ['request', 'error'],
  ),
  requestBytes: counter('moldau_request_bytes_total', 'Bytes of requests, headers included.', REQUEST),
  totalTime: requestTime(
    'totaltimems',
    'Milliseconds from the arrival of a request until its answer was sent.',
  ),
  queueTime: requestTime('requestqueuetimems', 'Milliseconds that requests waited for those before them.'),
  localTime: requestTime('localtimems', 'Milliseconds that the broker took, its disk included.'),
  remoteTime: requestTime(
    'remotetimems',
    'Milliseconds that requests waited for what their clients wanted them to wait for: records, other members.',
  ),
  sendTime: requestTime(
    'responsesendtimems',
    'Milliseconds until a finished answer was handed to the system.',
  ),
  throttled: counter(
    'moldau_quota_throttled_requests_total',
    'Requests whose client was held up by a quota.',
    ['quota'],
  ),
  throttleTime: counter(
    'moldau_quota_throttle_time_ms_total',
    'Milliseconds for which clients were held up by a quota.',
    ['quota'],
  ),
  slowRequests: counter('moldau_slow_requests_total', 'Requests slower than moldau.slow.request.ms.'),

  // Connections
  connections: gauge('kafka_server_socketservermetrics_connection_count', 'Connections open.', LISTENER),
  connectionsToo: gauge(
    'kafka_server_socket_server_metrics_connection_count',
    'The same, as Strimzi calls it.',
    LISTENER,
  ),
  connectionsMade: counter(
    'kafka_server_socketservermetrics_connection_creation_total',
    'Connections taken.',
    LISTENER,
  ),
  connectionsClosed: counter(
    'kafka_server_socketservermetrics_connection_close_total',
    'Connections ended.',
    LISTENER,
  ),
  loginsFailed: counter(
    'kafka_server_socketservermetrics_failed_authentication_total',
    'Logins and TLS handshakes that failed.',
    LISTENER,
  ),
  loginsSucceeded: counter(
    'kafka_server_socketservermetrics_successful_authentication_total',
    'Logins that succeeded.',
    LISTENER,
  ),
  connectionsRefused: counter(
    'moldau_connections_refused_total',
    'Connections refused because a limit or a quota was reached.',
    ['listener'],
  ),
  bufferedBytes: gauge(
    'moldau_network_buffered_bytes',
    'Memory held by requests that arrive and answers that leave.',
  ),
  certificateExpiry: gauge(
    'moldau_certificate_expiry_timestamp_seconds',
    'When the certificate of a listener ends, in seconds since 1970.',
    ['listener', 'subject'],
  ),

  // Replication
  leaderCount: gauge('kafka_server_replicamanager_leadercount', 'Partitions led by this broker.'),
  partitionCount: gauge('kafka_server_replicamanager_partitioncount', 'Partitions with a replica here.'),
  underReplicated: gauge(
    'kafka_server_replicamanager_underreplicatedpartitions',
    'Partitions led here that lack a replica in sync.',
  ),
  underMinIsr: gauge(
    'kafka_server_replicamanager_underminisrpartitioncount',
    'Partitions led here with fewer replicas in sync than min.insync.replicas: nobody can write to them with acks=all.',
  ),
  offlineReplicas: gauge(
    'kafka_server_replicamanager_offlinereplicacount',
    'Replicas here whose log dir is offline.',
  ),
  isrShrinks: counter(
    'kafka_server_replicamanager_isrshrinks_total',
    'Replicas that fell out of sync: none, as long as there is one of each partition.',
  ),
  isrExpands: counter('kafka_server_replicamanager_isrexpands_total', 'Replicas that came back in sync.'),
  purgatory: gauge(
    'kafka_server_delayedoperationpurgatory_purgatorysize',
    'Requests that wait: Fetch for records, Produce for the disk.',
    ['delayedOperation'],
  ),
  fetchSessions: gauge(
    'kafka_server_fetchsessioncache_numincrementalfetchsessions',
    'Incremental fetch sessions.',
  ),

  // Controller
  activeController: gauge(
    'kafka_controller_kafkacontroller_activecontrollercount',
    '1 where this broker is the controller.',
  ),
  topicCount: gauge('kafka_controller_kafkacontroller_globaltopiccount', 'Topics in the cluster.'),
  globalPartitions: gauge(
    'kafka_controller_kafkacontroller_globalpartitioncount',
    'Partitions in the cluster.',
  ),
  offlinePartitions: gauge(
    'kafka_controller_kafkacontroller_offlinepartitionscount',
    'Partitions that nobody leads.',
  ),
  imbalancedPartitions: gauge(
    'kafka_controller_kafkacontroller_preferredreplicaimbalancecount',
    'Partitions that another than their first replica leads.',
  ),
  uncleanElections: counter(
    'kafka_controller_controllerstats_uncleanleaderelections_total',
    'Leaders that were elected though they lack records: none, as long as there is one replica.',
  ),
  activeBrokers: gauge('kafka_controller_kafkacontroller_activebrokercount', 'Brokers in the cluster.'),

  brokers: gauge('kafka_brokers', 'The same, as the exporter of offsets calls it.'),
  topicPartitions: gauge('kafka_topic_partitions', 'Partitions of a topic.', TOPIC),

  // Logs
  logSize: gauge('kafka_log_log_size', 'Bytes of a partition that is in use.', PARTITION),
  logStart: gauge('kafka_log_log_logstartoffset', 'The first offset that can be read.', PARTITION),
  logEnd: gauge('kafka_log_log_logendoffset', 'The offset that the next record gets.', PARTITION),
  oldestOffset: gauge(
    'kafka_topic_partition_oldest_offset',
    'The first offset that can be read, as the exporter of offsets calls it.',
    PARTITION,
  ),
  newestOffset: gauge(
    'kafka_topic_partition_current_offset',
    'The offset that the next record gets, likewise.',
    PARTITION,
  ),
  logSegments: gauge('kafka_log_log_numlogsegments', 'Segments of the partition.', PARTITION),
  partitionsLeftOut: gauge(
    'moldau_metrics_partitions_left_out',
    'Partitions in use without series of their own: raise moldau.metrics.partitions.',
  ),
  offlineLogDirs: gauge('kafka_log_logmanager_offlinelogdirectorycount', 'Log dirs that cannot be used.'),
  logDirOffline: gauge('kafka_log_logmanager_logdirectoryoffline', '1 while a log dir cannot be used.', [
    'logDirectory',
  ]),
  logDirSize: gauge('moldau_log_dir_size_bytes', 'Size of the file system that a log dir is on.', [
    'logDirectory',
  ]),
  logDirFree: gauge('moldau_log_dir_free_bytes', 'What is free of it.', ['logDirectory']),
  cleanerDirty: gauge(
    'kafka_log_logcleanermanager_max_dirty_percent',
    'How much of the dirtiest compacted log is not compacted.',
  ),
  cleanerBuffer: gauge(
    'kafka_log_logcleaner_max_buffer_utilization_percent',
    'The highest share of its memory for keys that a compaction has used.',
  ),
  cleanerUncleanable: gauge(
    'kafka_log_logcleanermanager_uncleanable_partitions_count',
    'Partitions whose compaction failed, so that they grow for ever.',
  ),
  cleanerRuns: counter('moldau_log_cleaner_runs_total', 'Compactions that came to their end.'),
  cleanerCleaned: counter('moldau_log_cleaner_cleaned_bytes_total', 'Bytes of segments that were compacted.'),
  cleanerRemoved: counter(
    'moldau_log_cleaner_removed_bytes_total',
    'Bytes that compaction took out of them.',
  ),

  // Groups
  groups: gauge('kafka_coordinator_group_groupmetadatamanager_numgroups', 'Groups of all kinds.'),
  groupsByProtocol: gauge('kafka_server_groupcoordinatormetrics_group_count', 'Groups by protocol.', [
    'protocol',
  ]),
  groupsPreparing: gauge(
    'kafka_coordinator_group_groupmetadatamanager_numgroupspreparingrebalance',
    'Classic groups that wait for their members to join.',
  ),
  groupsCompleting: gauge(
    'kafka_coordinator_group_groupmetadatamanager_numgroupscompletingrebalance',
    'Classic groups that wait for their assignment.',
  ),
  groupsStable: gauge(
    'kafka_coordinator_group_groupmetadatamanager_numgroupsstable',
    'Classic groups at work.',
  ),
  groupsEmpty: gauge(
    'kafka_coordinator_group_groupmetadatamanager_numgroupsempty',
    'Classic groups without members.',
  ),
  groupsDead: gauge(
    'kafka_coordinator_group_groupmetadatamanager_numgroupsdead',
    'Classic groups about to go.',
  ),
  consumerGroups: gauge(
    'kafka_server_groupcoordinatormetrics_consumer_group_count',
    'Groups of the consumer protocol (KIP-848) by state.',
    ['state'],
  ),
  shareGroups: gauge('kafka_server_groupcoordinatormetrics_share_group_count', 'Share groups by state.', [
    'state',
  ]),
  offsets: gauge('kafka_coordinator_group_groupmetadatamanager_numoffsets', 'Offsets committed by groups.'),
  currentOffset: gauge('kafka_consumergroup_current_offset', 'The offset a group has committed.', [
    'consumergroup',
    ...PARTITION,
  ]),
  lag: gauge('kafka_consumergroup_lag', 'Records that a group has not committed yet.', [
    'consumergroup',
    ...PARTITION,
  ]),
  lagSeconds: gauge(
    'kafka_consumergroup_lag_seconds',
    'Age of the record at the committed offset; 0 when there is none that is not committed.',
    ['consumergroup', ...PARTITION],
  ),
  lagLeftOut: gauge(
    'moldau_metrics_offsets_left_out',
    'Committed offsets without series of their own: raise moldau.metrics.partitions.',
  ),

  // The process
  eventLoopDelay: {
    name: 'moldau_event_loop_delay_ms',
    type: 'summary',
    help: 'By how many milliseconds timers are late: for so long other requests held up everybody.',
    labels: [],
  },
  idle: gauge(
    'kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent',
    'Share of its time, 0 to 1, that the event loop has been idle since the last scrape.',
  ),
  networkIdle: gauge(
    'kafka_network_socketserver_networkprocessoravgidlepercent',
    'The same: one thread does both.',
  ),
  networkIdleToo: gauge(
    'kafka_network_socketserver_networkprocessoravgidle_percent',
    'The same, as Strimzi calls it.',
  ),
  cpu: counter('process_cpu_seconds_total', 'Processor time, user and system.'),
  residentMemory: gauge('process_resident_memory_bytes', 'Memory of the process.'),
  heap: gauge('nodejs_heap_size_used_bytes', 'Memory of JavaScript objects.'),
  externalMemory: gauge('nodejs_external_memory_bytes', 'Memory of buffers: records, above all.'),
  openFiles: gauge('process_open_fds', 'Files and sockets open.'),
  maxOpenFiles: gauge('process_max_fds', 'How many there may be.'),
  startTime: gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.'),
  uptime: gauge('moldau_uptime_seconds', 'How long the process has been running.'),
  buildInfo: gauge('moldau_build_info', 'Always 1.', ['version', 'runtime']),
  brokerState: gauge(
    'kafka_server_kafkaserver_brokerstate',
    "Kafka's number of the broker's state: 1 starting, 3 running, 6 stopping.",
  ),
} as const satisfies Record<string, MetricFamily>;
