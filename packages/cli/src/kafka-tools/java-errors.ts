// What Kafka's tools say of errors: the names that Java gives them, and the messages of Kafka where the broker sent none.
//
// Invariant: scripts look for these texts, so they are Kafka's own.

import { BrokerError, KafkaError, PartialFailureError } from '@moldau/client/admin';

/** Where the name of the exception does not follow from that of the error. */
const NAMES: Readonly<Record<string, string>> = {
  UNKNOWN_SERVER_ERROR: 'UnknownServerException',
  CORRUPT_MESSAGE: 'CorruptRecordException',
  REQUEST_TIMED_OUT: 'TimeoutException',
  MESSAGE_TOO_LARGE: 'RecordTooLargeException',
  STALE_CONTROLLER_EPOCH: 'ControllerMovedException',
  OFFSET_METADATA_TOO_LARGE: 'OffsetMetadataTooLarge',
  NETWORK_EXCEPTION: 'NetworkException',
  INVALID_TOPIC_EXCEPTION: 'InvalidTopicException',
  RECORD_LIST_TOO_LARGE: 'RecordBatchTooLargeException',
  TOPIC_AUTHORIZATION_FAILED: 'TopicAuthorizationException',
  GROUP_AUTHORIZATION_FAILED: 'GroupAuthorizationException',
  CLUSTER_AUTHORIZATION_FAILED: 'ClusterAuthorizationException',
  TOPIC_ALREADY_EXISTS: 'TopicExistsException',
  INVALID_CONFIG: 'InvalidConfigurationException',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'OutOfOrderSequenceException',
  DUPLICATE_SEQUENCE_NUMBER: 'DuplicateSequenceException',
  INVALID_PRODUCER_ID_MAPPING: 'InvalidPidMappingException',
  INVALID_TRANSACTION_TIMEOUT: 'InvalidTxnTimeoutException',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'TransactionalIdAuthorizationException',
  KAFKA_STORAGE_ERROR: 'KafkaStorageException',
  SASL_AUTHENTICATION_FAILED: 'SaslAuthenticationException',
  DELEGATION_TOKEN_AUTH_DISABLED: 'DelegationTokenDisabledException',
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: 'UnsupportedByAuthenticationException',
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: 'DelegationTokenAuthorizationException',
  NON_EMPTY_GROUP: 'GroupNotEmptyException',
  PRINCIPAL_DESERIALIZATION_FAILURE: 'PrincipalDeserializationException',
  FETCH_SESSION_TOPIC_ID_ERROR: 'FetchSessionTopicIdException',
  INVALID_REGULAR_EXPRESSION: 'InvalidRegularExpression',
  TIMED_OUT: 'TimeoutException',
  NO_BROKER_REACHABLE: 'TimeoutException',
  CONNECTION_FAILED: 'TimeoutException',
  CONNECTION_LOST: 'DisconnectException',
  AUTHENTICATION_FAILED: 'SaslAuthenticationException',
};

/** Of the errors that tools meet. */
const MESSAGES: Readonly<Record<string, string>> = {
  UNKNOWN_SERVER_ERROR: 'The server experienced an unexpected error when processing the request.',
  OFFSET_OUT_OF_RANGE: 'The requested offset is not within the range of offsets maintained by the server.',
  UNKNOWN_TOPIC_OR_PARTITION: 'This server does not host this topic-partition.',
  UNKNOWN_TOPIC_ID: 'This server does not host this topic ID.',
  LEADER_NOT_AVAILABLE:
    'There is no leader for this topic-partition as we are in the middle of a leadership election.',
  REQUEST_TIMED_OUT: 'The request timed out.',
  COORDINATOR_LOAD_IN_PROGRESS: "The coordinator is loading and hence can't process requests.",
  COORDINATOR_NOT_AVAILABLE: 'The coordinator is not available.',
  NOT_COORDINATOR: 'This is not the correct coordinator.',
  INVALID_TOPIC_EXCEPTION: 'The request attempted to perform an operation on an invalid topic.',
  INVALID_GROUP_ID: 'The group id is invalid.',
  UNKNOWN_MEMBER_ID: 'The coordinator is not aware of this member.',
  REBALANCE_IN_PROGRESS: 'The group is rebalancing, so a rejoin is needed.',
  TOPIC_AUTHORIZATION_FAILED: 'Topic authorization failed.',
  GROUP_AUTHORIZATION_FAILED: 'Group authorization failed.',
  CLUSTER_AUTHORIZATION_FAILED: 'Cluster authorization failed.',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'Transactional Id authorization failed.',
  UNSUPPORTED_VERSION: 'The version of API is not supported.',
  TOPIC_ALREADY_EXISTS: 'Topic with this name already exists.',
  INVALID_PARTITIONS: 'Number of partitions is below 1.',
  INVALID_REPLICATION_FACTOR: 'Replication factor is below 1 or larger than the number of available brokers.',
  INVALID_REPLICA_ASSIGNMENT: 'Replica assignment is invalid.',
  INVALID_CONFIG: 'Configuration is invalid.',
  NOT_CONTROLLER: 'This is not the correct controller for this cluster.',
  INVALID_REQUEST:
    'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.',
  POLICY_VIOLATION: 'Request parameters do not satisfy the configured policy.',
  SECURITY_DISABLED: 'Security features are disabled.',
  LOG_DIR_NOT_FOUND: 'The user-specified log directory is not found in the broker config.',
  REASSIGNMENT_IN_PROGRESS: 'A partition reassignment is in progress.',
  NO_REASSIGNMENT_IN_PROGRESS: 'No partition reassignment is in progress.',
  NON_EMPTY_GROUP: 'The group is not empty.',
  GROUP_ID_NOT_FOUND: 'The group id does not exist.',
  GROUP_SUBSCRIBED_TO_TOPIC:
    'Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.',
  TOPIC_DELETION_DISABLED: 'Topic deletion is disabled.',
  PREFERRED_LEADER_NOT_AVAILABLE: 'The preferred leader was not available.',
  ELIGIBLE_LEADERS_NOT_AVAILABLE: 'Eligible topic partition leaders are not available.',
  ELECTION_NOT_NEEDED: 'Leader election not needed for topic partition.',
  RESOURCE_NOT_FOUND: 'A request illegally referred to a resource that does not exist.',
  DUPLICATE_RESOURCE: 'A request illegally referred to the same resource twice.',
  UNACCEPTABLE_CREDENTIAL: 'Requested credential would not meet criteria for acceptability.',
  TRANSACTIONAL_ID_NOT_FOUND: 'The transactionalId could not be found.',
  THROTTLING_QUOTA_EXCEEDED: 'The throttling quota has been exceeded.',
  DELEGATION_TOKEN_AUTH_DISABLED: 'Delegation Token feature is not enabled.',
  DELEGATION_TOKEN_NOT_FOUND: 'Delegation Token is not found on server.',
  DELEGATION_TOKEN_OWNER_MISMATCH: 'Specified Principal is not valid Owner/Renewer.',
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED:
    'Delegation Token requests are not allowed on PLAINTEXT/1-way SSL channels and on delegation token authenticated channels.',
  DELEGATION_TOKEN_EXPIRED: 'Delegation Token is expired.',
  BROKER_ID_NOT_REGISTERED: 'The given broker ID was not registered.',
  INVALID_UPDATE_VERSION: 'The given update version was invalid.',
  FEATURE_UPDATE_FAILED: 'Unable to update finalized features due to an unexpected server error.',
  INVALID_REGULAR_EXPRESSION: 'The regular expression is not valid.',
};

/** Where several things were asked for in one call, Java's tools throw what went wrong first. */
function firstOf(error: unknown): unknown {
  return error instanceof PartialFailureError ? error.errors[0] : error;
}

/** 'org.apache.kafka.common.errors.TopicExistsException'; of what is not Kafka's, Java's plain one. */
export function javaName(failure: unknown): string {
  const error = firstOf(failure);
  if (error instanceof Error && 'javaName' in error) return String(error.javaName);
  if (!(error instanceof KafkaError)) return 'java.lang.RuntimeException';
  if (error.code === 'INVALID_OPTIONS') return 'org.apache.kafka.common.config.ConfigException';
  const words = error.code.split('_').map((word) => word[0] + word.slice(1).toLowerCase());
  const isPlain = error.code === 'INVALID_RECORD';
  const name = NAMES[error.code] ?? `${words.join('')}Exception`;
  return `org.apache.kafka.common.${isPlain ? '' : 'errors.'}${name}`;
}

/** What Java's client would say: the broker's own words, or Kafka's. */
export function javaMessage(failure: unknown): string {
  const error = firstOf(failure);
  if (error instanceof BrokerError) return error.said ?? MESSAGES[error.code] ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** As the first line of a stack trace. */
export function javaText(error: unknown): string {
  return `${javaName(error)}: ${javaMessage(error)}`;
}

/** An exception that a tool itself throws: `java.lang.IllegalArgumentException` and the like. */
export class JavaError extends Error {
  override readonly name = 'JavaError';
  readonly javaName: string;

  constructor(javaName: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.javaName = javaName;
  }
}

export const illegalArgument = (message: string) =>
  new JavaError('java.lang.IllegalArgumentException', message);

/** As Java's producers and consumers, which look for topics themselves, say it. */
export function invalidTopic(error: unknown): unknown {
  const found = firstOf(error);
  if (!(found instanceof KafkaError) || found.code !== 'INVALID_TOPIC_EXCEPTION' || found.topic === undefined)
    return error;
  return new JavaError(javaName(found), `Invalid topics: [${found.topic}]`);
}

/** As a stack trace has it without the places in Java's source: the error, and what it came of, a line each. */
export function javaTrace(error: unknown): string {
  const cause = error instanceof JavaError ? error.cause : undefined;
  if (cause === undefined) return javaText(error);
  return `${javaText(error)}\nCaused by: ${javaText(cause).replaceAll('\n', ' ')}`;
}

/** As Java wraps an error that came up elsewhere: its message is the whole text of the other. */
export function wrapped(javaName: string, error: unknown): JavaError {
  return new JavaError(javaName, javaText(error));
}

/** What a future that failed throws. */
export const executionError = (error: unknown) => wrapped('java.util.concurrent.ExecutionException', error);

export const runtimeError = (error: unknown) => wrapped('java.lang.RuntimeException', error);

/** The result of each of so many things that were asked for in one call, or its error. */
export async function eachOutcome<Result>(
  count: number,
  call: () => Promise<readonly Result[]> | Promise<void>,
): Promise<(Result | undefined | KafkaError)[]> {
  try {
    const results = await call();
    return Array.from({ length: count }, (_, index) => (results ?? [])[index]);
  } catch (error) {
    if (error instanceof PartialFailureError) return error.results as (Result | KafkaError)[];
    if (!(error instanceof KafkaError)) throw error;
    return Array.from({ length: count }, () => error);
  }
}
