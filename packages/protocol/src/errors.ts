// Kafka's error codes: the one table that brokers answer from and clients read. Whether an error is retriable is Kafka's
// own word; the messages, which tell a person what to do, are ours.

/** Kafka's error codes by name. */
export const ErrorCode = {
  UNKNOWN_SERVER_ERROR: -1,
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  INVALID_FETCH_SIZE: 4,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  BROKER_NOT_AVAILABLE: 8,
  REPLICA_NOT_AVAILABLE: 9,
  MESSAGE_TOO_LARGE: 10,
  STALE_CONTROLLER_EPOCH: 11,
  OFFSET_METADATA_TOO_LARGE: 12,
  NETWORK_EXCEPTION: 13,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  INVALID_TOPIC_EXCEPTION: 17,
  RECORD_LIST_TOO_LARGE: 18,
  NOT_ENOUGH_REPLICAS: 19,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 20,
  INVALID_REQUIRED_ACKS: 21,
  ILLEGAL_GENERATION: 22,
  INCONSISTENT_GROUP_PROTOCOL: 23,
  INVALID_GROUP_ID: 24,
  UNKNOWN_MEMBER_ID: 25,
  INVALID_SESSION_TIMEOUT: 26,
  REBALANCE_IN_PROGRESS: 27,
  INVALID_COMMIT_OFFSET_SIZE: 28,
  TOPIC_AUTHORIZATION_FAILED: 29,
  GROUP_AUTHORIZATION_FAILED: 30,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  INVALID_TIMESTAMP: 32,
  UNSUPPORTED_SASL_MECHANISM: 33,
  ILLEGAL_SASL_STATE: 34,
  UNSUPPORTED_VERSION: 35,
  TOPIC_ALREADY_EXISTS: 36,
  INVALID_PARTITIONS: 37,
  INVALID_REPLICATION_FACTOR: 38,
  INVALID_REPLICA_ASSIGNMENT: 39,
  INVALID_CONFIG: 40,
  NOT_CONTROLLER: 41,
  INVALID_REQUEST: 42,
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 43,
  POLICY_VIOLATION: 44,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  DUPLICATE_SEQUENCE_NUMBER: 46,
  INVALID_PRODUCER_EPOCH: 47,
  INVALID_TXN_STATE: 48,
  INVALID_PRODUCER_ID_MAPPING: 49,
  INVALID_TRANSACTION_TIMEOUT: 50,
  CONCURRENT_TRANSACTIONS: 51,
  TRANSACTION_COORDINATOR_FENCED: 52,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 53,
  SECURITY_DISABLED: 54,
  OPERATION_NOT_ATTEMPTED: 55,
  KAFKA_STORAGE_ERROR: 56,
  LOG_DIR_NOT_FOUND: 57,
  SASL_AUTHENTICATION_FAILED: 58,
  UNKNOWN_PRODUCER_ID: 59,
  REASSIGNMENT_IN_PROGRESS: 60,
  DELEGATION_TOKEN_AUTH_DISABLED: 61,
  DELEGATION_TOKEN_NOT_FOUND: 62,
  DELEGATION_TOKEN_OWNER_MISMATCH: 63,
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: 64,
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: 65,
  DELEGATION_TOKEN_EXPIRED: 66,
  INVALID_PRINCIPAL_TYPE: 67,
  NON_EMPTY_GROUP: 68,
  GROUP_ID_NOT_FOUND: 69,
  FETCH_SESSION_ID_NOT_FOUND: 70,
  INVALID_FETCH_SESSION_EPOCH: 71,
  LISTENER_NOT_FOUND: 72,
  TOPIC_DELETION_DISABLED: 73,
  FENCED_LEADER_EPOCH: 74,
  UNKNOWN_LEADER_EPOCH: 75,
  UNSUPPORTED_COMPRESSION_TYPE: 76,
  STALE_BROKER_EPOCH: 77,
  OFFSET_NOT_AVAILABLE: 78,
  MEMBER_ID_REQUIRED: 79,
  PREFERRED_LEADER_NOT_AVAILABLE: 80,
  GROUP_MAX_SIZE_REACHED: 81,
  FENCED_INSTANCE_ID: 82,
  ELIGIBLE_LEADERS_NOT_AVAILABLE: 83,
  ELECTION_NOT_NEEDED: 84,
  NO_REASSIGNMENT_IN_PROGRESS: 85,
  GROUP_SUBSCRIBED_TO_TOPIC: 86,
  INVALID_RECORD: 87,
  UNSTABLE_OFFSET_COMMIT: 88,
  THROTTLING_QUOTA_EXCEEDED: 89,
  PRODUCER_FENCED: 90,
  RESOURCE_NOT_FOUND: 91,
  DUPLICATE_RESOURCE: 92,
  UNACCEPTABLE_CREDENTIAL: 93,
  INCONSISTENT_VOTER_SET: 94,
  INVALID_UPDATE_VERSION: 95,
  FEATURE_UPDATE_FAILED: 96,
  PRINCIPAL_DESERIALIZATION_FAILURE: 97,
  SNAPSHOT_NOT_FOUND: 98,
  POSITION_OUT_OF_RANGE: 99,
  UNKNOWN_TOPIC_ID: 100,
  DUPLICATE_BROKER_REGISTRATION: 101,
  BROKER_ID_NOT_REGISTERED: 102,
  INCONSISTENT_TOPIC_ID: 103,
  INCONSISTENT_CLUSTER_ID: 104,
  TRANSACTIONAL_ID_NOT_FOUND: 105,
  FETCH_SESSION_TOPIC_ID_ERROR: 106,
  INELIGIBLE_REPLICA: 107,
  NEW_LEADER_ELECTED: 108,
  OFFSET_MOVED_TO_TIERED_STORAGE: 109,
  FENCED_MEMBER_EPOCH: 110,
  UNRELEASED_INSTANCE_ID: 111,
  UNSUPPORTED_ASSIGNOR: 112,
  STALE_MEMBER_EPOCH: 113,
  MISMATCHED_ENDPOINT_TYPE: 114,
  UNSUPPORTED_ENDPOINT_TYPE: 115,
  UNKNOWN_CONTROLLER_ID: 116,
  UNKNOWN_SUBSCRIPTION_ID: 117,
  TELEMETRY_TOO_LARGE: 118,
  INVALID_REGISTRATION: 119,
  TRANSACTION_ABORTABLE: 120,
  INVALID_RECORD_STATE: 121,
  SHARE_SESSION_NOT_FOUND: 122,
  INVALID_SHARE_SESSION_EPOCH: 123,
  FENCED_STATE_EPOCH: 124,
  INVALID_VOTER_KEY: 125,
  DUPLICATE_VOTER: 126,
  VOTER_NOT_FOUND: 127,
  INVALID_REGULAR_EXPRESSION: 128,
  REBOOTSTRAP_REQUIRED: 129,
  STREAMS_INVALID_TOPOLOGY: 130,
  STREAMS_INVALID_TOPOLOGY_EPOCH: 131,
  STREAMS_TOPOLOGY_FENCED: 132,
  SHARE_SESSION_LIMIT_REACHED: 133,
} as const;
/** Any int16: a newer peer may answer codes that this table does not have. */
export type ErrorCode = number;

export type ErrorName = keyof typeof ErrorCode;

const MESSAGES: { readonly [name in ErrorName]: string } = {
  UNKNOWN_SERVER_ERROR: "The broker met an error that it did not expect. The broker's log has the details.",
  NONE: 'No error.',
  OFFSET_OUT_OF_RANGE:
    'The offset is outside of what the partition keeps. Start again from its earliest or latest offset.',
  CORRUPT_MESSAGE: 'The record batch is damaged: its size or checksum does not fit its bytes. Send it again.',
  UNKNOWN_TOPIC_OR_PARTITION:
    'This broker has no such topic or partition. Check the name, or create the topic first.',
  INVALID_FETCH_SIZE: 'The fetch asks for a negative number of bytes. Ask for zero or more.',
  LEADER_NOT_AVAILABLE: 'The partition has no leader just now. Refresh the metadata and try again.',
  NOT_LEADER_OR_FOLLOWER:
    'This broker does not keep that partition. Refresh the metadata and ask its leader.',
  REQUEST_TIMED_OUT: 'The request could not be completed within its timeout. Try again, or allow more time.',
  BROKER_NOT_AVAILABLE: 'The broker is not available. Check that it is running.',
  REPLICA_NOT_AVAILABLE: 'The replica is not available on this broker. Refresh the metadata and try again.',
  MESSAGE_TOO_LARGE:
    'The record batch is larger than the topic allows. Raise max.message.bytes of the topic, or send smaller batches.',
  STALE_CONTROLLER_EPOCH: 'The request comes from a controller that has been replaced.',
  OFFSET_METADATA_TOO_LARGE:
    'The metadata of the committed offset is too long. Shorten it, or raise offset.metadata.max.bytes.',
  NETWORK_EXCEPTION: 'The connection broke before the answer came. Try again.',
  COORDINATOR_LOAD_IN_PROGRESS: 'The coordinator is still reading its state. Try again in a moment.',
  COORDINATOR_NOT_AVAILABLE: 'There is no coordinator just now. Try again in a moment.',
  NOT_COORDINATOR: 'This broker is not the coordinator. Look the coordinator up again.',
  INVALID_TOPIC_EXCEPTION:
    "The topic's name is not allowed: use 1 to 249 letters, digits, '.', '_' or '-', but not '.' or '..' alone.",
  RECORD_LIST_TOO_LARGE:
    'The record batch is larger than a segment of the topic. Send smaller batches, or raise segment.bytes.',
  NOT_ENOUGH_REPLICAS:
    'Fewer replicas are in sync than min.insync.replicas asks for. Bring brokers back, or lower min.insync.replicas.',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    'The records are written, but on fewer in-sync replicas than min.insync.replicas asks for.',
  INVALID_REQUIRED_ACKS: 'The value of acks is not allowed. Use 0, 1 or -1 (all).',
  ILLEGAL_GENERATION: 'The group has moved on to another generation. Join it again.',
  INCONSISTENT_GROUP_PROTOCOL:
    'The member shares no protocol with the rest of the group. Give all members a common type and assignor.',
  INVALID_GROUP_ID: 'The group id is not allowed. It must not be empty.',
  UNKNOWN_MEMBER_ID:
    'The group does not know this member; it may have been removed after missing heartbeats. Join the group again.',
  INVALID_SESSION_TIMEOUT:
    'The session timeout is outside of what the broker allows (group.min.session.timeout.ms to group.max.session.timeout.ms).',
  REBALANCE_IN_PROGRESS: 'The group is rebalancing. Join it again.',
  INVALID_COMMIT_OFFSET_SIZE: 'The committed offsets do not fit into one record. Commit fewer at once.',
  TOPIC_AUTHORIZATION_FAILED: 'No access to the topic. Ask for an access rule for this principal.',
  GROUP_AUTHORIZATION_FAILED: 'No access to the group. Ask for an access rule for this principal.',
  CLUSTER_AUTHORIZATION_FAILED:
    'No access to the cluster for this operation. Ask for an access rule for this principal.',
  INVALID_TIMESTAMP:
    "A record's timestamp is too far from the broker's time. Check the clock, or message.timestamp.before.max.ms and message.timestamp.after.max.ms.",
  UNSUPPORTED_SASL_MECHANISM: 'The broker does not offer this SASL mechanism. Use one of those it lists.',
  ILLEGAL_SASL_STATE: 'The request does not belong at this point of the SASL exchange.',
  UNSUPPORTED_VERSION: 'The broker does not speak this version of the API. Use one that ApiVersions lists.',
  TOPIC_ALREADY_EXISTS: 'A topic with this name exists already.',
  INVALID_PARTITIONS:
    'The number of partitions is not allowed. Give at least 1 and, for an existing topic, more than it has.',
  INVALID_REPLICATION_FACTOR:
    'The replication factor is not allowed. Give at least 1 and no more than there are brokers.',
  INVALID_REPLICA_ASSIGNMENT:
    'The assignment of replicas is not allowed. Number the partitions from 0 and name existing brokers, each once.',
  INVALID_CONFIG: 'The configuration is not allowed. Check its keys and values.',
  NOT_CONTROLLER: 'This broker is not the controller. Ask the controller that the metadata names.',
  INVALID_REQUEST:
    'The request contradicts itself or the protocol: the broker is too old for what was asked, or the client makes a mistake.',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'The record format does not support this. Send record batches of magic 2.',
  POLICY_VIOLATION: 'A policy of the cluster forbids this.',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'A batch of this producer is missing: its sequence numbers have a gap.',
  DUPLICATE_SEQUENCE_NUMBER: 'The producer sent this sequence number before.',
  INVALID_PRODUCER_EPOCH: "The producer's epoch is an old one: another producer has taken its id over.",
  INVALID_TXN_STATE: 'The transaction is not in a state that allows this.',
  INVALID_PRODUCER_ID_MAPPING:
    'The producer id is not the one that this transactional id has now. Initialise the producer again.',
  INVALID_TRANSACTION_TIMEOUT:
    'The transaction timeout is longer than the broker allows (transaction.max.timeout.ms).',
  CONCURRENT_TRANSACTIONS:
    "The producer's previous transaction is still being completed. Try again in a moment.",
  TRANSACTION_COORDINATOR_FENCED: 'The transaction marker comes from a coordinator that has been replaced.',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    'No access to the transactional id. Ask for an access rule for this principal.',
  SECURITY_DISABLED: 'The broker has no authorizer, so there are no access rules. Configure one first.',
  OPERATION_NOT_ATTEMPTED: 'Not attempted, because another part of the request failed.',
  KAFKA_STORAGE_ERROR:
    "The broker's disk failed under this partition. Check the broker's log and its log directory.",
  LOG_DIR_NOT_FOUND: 'The broker has no such log directory. Name one of its log.dirs.',
  SASL_AUTHENTICATION_FAILED: 'The login was refused. Check user and password or token.',
  UNKNOWN_PRODUCER_ID: 'The broker has forgotten this producer, because all of its records have expired.',
  REASSIGNMENT_IN_PROGRESS: 'The partition is being moved. Wait until that is done.',
  DELEGATION_TOKEN_AUTH_DISABLED:
    'Delegation tokens are switched off. Set delegation.token.secret.key on the broker.',
  DELEGATION_TOKEN_NOT_FOUND: 'There is no such delegation token.',
  DELEGATION_TOKEN_OWNER_MISMATCH: 'The delegation token belongs to another principal.',
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED:
    'Delegation tokens are only handed out over an authenticated connection, and not to one that used a token.',
  DELEGATION_TOKEN_AUTHORIZATION_FAILED:
    'No access to the delegation token. Ask for an access rule for this principal.',
  DELEGATION_TOKEN_EXPIRED: 'The delegation token has expired. Get a new one.',
  INVALID_PRINCIPAL_TYPE: "The type of principal is not supported. Use 'User'.",
  NON_EMPTY_GROUP: 'The group still has members. Stop its members first.',
  GROUP_ID_NOT_FOUND: 'There is no such group.',
  FETCH_SESSION_ID_NOT_FOUND: 'The broker has dropped this fetch session. Start a new one.',
  INVALID_FETCH_SESSION_EPOCH: 'The fetch session is at another epoch. Start a new one.',
  LISTENER_NOT_FOUND:
    'The leader has no listener of the name this connection came through. Give all brokers the same listener names.',
  TOPIC_DELETION_DISABLED: 'Deleting topics is switched off. Set delete.topic.enable=true on the broker.',
  FENCED_LEADER_EPOCH:
    'The client knows an older leader of the partition. Refresh the metadata and try again.',
  UNKNOWN_LEADER_EPOCH:
    'The client knows a newer leader of the partition than this broker. Try again in a moment.',
  UNSUPPORTED_COMPRESSION_TYPE:
    'This version of the request does not allow the compression. Use another codec, or a newer client.',
  STALE_BROKER_EPOCH: 'The broker has registered again since it sent this.',
  OFFSET_NOT_AVAILABLE:
    'A new leader does not know yet how far the partition is committed. Try again in a moment.',
  MEMBER_ID_REQUIRED: 'Join again with the member id that this answer gives.',
  PREFERRED_LEADER_NOT_AVAILABLE:
    'The preferred leader of the partition is not available. Bring its broker back.',
  GROUP_MAX_SIZE_REACHED: 'The group has as many members as it may (group.max.size).',
  FENCED_INSTANCE_ID: 'Another member has taken this group.instance.id over. Give every member its own.',
  ELIGIBLE_LEADERS_NOT_AVAILABLE: 'No replica that may lead the partition is available. Bring a broker back.',
  ELECTION_NOT_NEEDED: 'The partition has the right leader already.',
  NO_REASSIGNMENT_IN_PROGRESS: 'The partition is not being moved.',
  GROUP_SUBSCRIBED_TO_TOPIC: 'The group still reads the topic. Unsubscribe its members first.',
  INVALID_RECORD: 'A record of the batch is not valid, so the whole batch was refused.',
  UNSTABLE_OFFSET_COMMIT: 'A transaction that commits these offsets is still open. Try again in a moment.',
  THROTTLING_QUOTA_EXCEEDED: 'The quota is used up. Try again after the throttle time.',
  PRODUCER_FENCED: 'Another producer has started with the same transactional id. Stop this one.',
  RESOURCE_NOT_FOUND: 'There is no such resource.',
  DUPLICATE_RESOURCE: 'The request names the same resource twice.',
  UNACCEPTABLE_CREDENTIAL:
    'The credential is not acceptable. Give a user name and between 4096 and 16384 iterations.',
  INCONSISTENT_VOTER_SET: 'The two sides do not agree on who votes in the metadata quorum.',
  INVALID_UPDATE_VERSION: 'The update was made from an old state. Read it again and repeat the change.',
  FEATURE_UPDATE_FAILED: 'The feature level could not be changed.',
  PRINCIPAL_DESERIALIZATION_FAILURE:
    'The principal of a forwarded request cannot be read. Check that all brokers build principals the same way.',
  SNAPSHOT_NOT_FOUND: 'There is no such metadata snapshot.',
  POSITION_OUT_OF_RANGE: 'The position is outside of the metadata snapshot.',
  UNKNOWN_TOPIC_ID:
    'This broker knows no topic with that id; it may have been deleted. Refresh the metadata.',
  DUPLICATE_BROKER_REGISTRATION: 'Another running broker has this id. Give every broker its own node.id.',
  BROKER_ID_NOT_REGISTERED: 'No broker with this id has registered.',
  INCONSISTENT_TOPIC_ID:
    'The topic has another id here than in the request; it may have been created anew. Refresh the metadata.',
  INCONSISTENT_CLUSTER_ID: 'The request is meant for another cluster. Check the address.',
  TRANSACTIONAL_ID_NOT_FOUND: 'There is no such transactional id.',
  FETCH_SESSION_TOPIC_ID_ERROR:
    'The fetch session mixes requests with and without topic ids. Start a new one.',
  INELIGIBLE_REPLICA: 'The replica may not join those in sync now.',
  NEW_LEADER_ELECTED: "The change has moved the partition's leadership to another broker.",
  OFFSET_MOVED_TO_TIERED_STORAGE:
    'The offset has moved to remote storage. Start from the earliest local offset.',
  FENCED_MEMBER_EPOCH: "The member's epoch is not the group's. Leave all partitions and join again.",
  UNRELEASED_INSTANCE_ID:
    'The member that had this group.instance.id has not left yet. Try again once it has.',
  UNSUPPORTED_ASSIGNOR: 'The broker does not have this assignor. Use one of group.consumer.assignors.',
  STALE_MEMBER_EPOCH: "The member's epoch is an old one. Try again with the one of the latest heartbeat.",
  MISMATCHED_ENDPOINT_TYPE:
    'The request went to the wrong kind of server: a broker instead of a controller, or the reverse.',
  UNSUPPORTED_ENDPOINT_TYPE: 'This kind of server cannot be asked for.',
  UNKNOWN_CONTROLLER_ID: 'There is no controller with this id.',
  UNKNOWN_SUBSCRIPTION_ID: 'The metrics subscription has changed. Get it again.',
  TELEMETRY_TOO_LARGE: 'The metrics are larger than the broker takes (telemetry.max.bytes).',
  INVALID_REGISTRATION: 'The controller refuses this registration. Check the settings of the broker.',
  TRANSACTION_ABORTABLE: 'The transaction cannot be completed. Abort it; the producer may go on after that.',
  INVALID_RECORD_STATE: 'The record is not acquired by this member, so it cannot be acknowledged.',
  SHARE_SESSION_NOT_FOUND: 'The broker has dropped this share session. Start a new one.',
  INVALID_SHARE_SESSION_EPOCH: 'The share session is at another epoch. Start a new one.',
  FENCED_STATE_EPOCH: 'The share state is at a newer epoch.',
  INVALID_VOTER_KEY: "The voter's id and directory id do not belong together.",
  DUPLICATE_VOTER: 'The voter is a member of the quorum already.',
  VOTER_NOT_FOUND: 'The voter is not a member of the quorum.',
  INVALID_REGULAR_EXPRESSION:
    'The regular expression of the subscription is not valid. Use the syntax of RE2.',
  REBOOTSTRAP_REQUIRED:
    "The client's view of the cluster is too old. Start again from the bootstrap addresses.",
  STREAMS_INVALID_TOPOLOGY: 'The topology is not valid. Check its topics and subtopologies.',
  STREAMS_INVALID_TOPOLOGY_EPOCH: 'The epoch of the topology is not valid.',
  STREAMS_TOPOLOGY_FENCED: "The topology is older than the group's. Start the member with the new one.",
  SHARE_SESSION_LIMIT_REACHED: 'The broker has as many share sessions as it may. Try again later.',
};

const RETRIABLE: ReadonlySet<ErrorName> = new Set([
  'CORRUPT_MESSAGE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'CONCURRENT_TRANSACTIONS',
  'KAFKA_STORAGE_ERROR',
  'FETCH_SESSION_ID_NOT_FOUND',
  'INVALID_FETCH_SESSION_EPOCH',
  'LISTENER_NOT_FOUND',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'PREFERRED_LEADER_NOT_AVAILABLE',
  'ELIGIBLE_LEADERS_NOT_AVAILABLE',
  'ELECTION_NOT_NEEDED',
  'UNSTABLE_OFFSET_COMMIT',
  'THROTTLING_QUOTA_EXCEEDED',
  'UNKNOWN_TOPIC_ID',
  'INCONSISTENT_TOPIC_ID',
  'FETCH_SESSION_TOPIC_ID_ERROR',
  'SHARE_SESSION_NOT_FOUND',
  'INVALID_SHARE_SESSION_EPOCH',
  'SHARE_SESSION_LIMIT_REACHED',
] as const);

const NAMES: ReadonlyMap<number, ErrorName> = new Map(
  Object.entries(ErrorCode).map(([name, code]) => [code, name as ErrorName]),
);

/** Kafka's name of the code, such as 'OFFSET_OUT_OF_RANGE'; 'ERROR_<code>' for one that is not known. */
export function errorName(code: ErrorCode): string {
  return NAMES.get(code) ?? `ERROR_${code}`;
}

/** Whether the same request may succeed later. False for codes that are not known. */
export function isRetriable(code: ErrorCode): boolean {
  const name = NAMES.get(code);
  return name !== undefined && RETRIABLE.has(name);
}

/** What the code means and what to do about it, for a person. */
export function errorMessage(code: ErrorCode): string {
  const name = NAMES.get(code);
  return name === undefined
    ? `The broker answered error ${code}, which this version does not know.`
    : MESSAGES[name];
}

/** An error that is answered with its code. Its message is the table's, unless a more precise one is given. */
export class KafkaError extends Error {
  override readonly name: string = 'KafkaError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string = errorMessage(code)) {
    super(message);
    this.code = code;
  }

  /** Kafka's name of the code. */
  get codeName(): string {
    return errorName(this.code);
  }
}
