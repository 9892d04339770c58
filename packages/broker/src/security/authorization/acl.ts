// Kafka's words for access rules (KIP-11, KIP-290), by the codes that stand in requests and in the metadata log.

export const ResourceType = {
  UNKNOWN: 0,
  ANY: 1,
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
} as const;
export type ResourceType = number;

export const PatternType = {
  UNKNOWN: 0,
  ANY: 1,
  /** Of filters: the patterns that apply to a name, whatever their own type. */
  MATCH: 2,
  LITERAL: 3,
  PREFIXED: 4,
} as const;

export const AclOperation = {
  UNKNOWN: 0,
  ANY: 1,
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const;
export type AclOperation = number;

export const PermissionType = { UNKNOWN: 0, ANY: 1, DENY: 2, ALLOW: 3 } as const;

/** The only resource of the type CLUSTER. */
export const CLUSTER_NAME = 'kafka-cluster';
/** All names, or all addresses. As a name it counts only in a literal pattern. */
export const WILDCARD = '*';
/** Everybody, of whatever type of principal. */
export const EVERYBODY = 'User:*';

/** What can be done with a resource, in the order of the codes: what is told as authorized operations (KIP-430). */
export const OPERATIONS_OF: Readonly<Record<ResourceType, readonly AclOperation[]>> = {
  [ResourceType.TOPIC]: [
    ...[AclOperation.READ, AclOperation.WRITE, AclOperation.CREATE, AclOperation.DELETE],
    ...[AclOperation.ALTER, AclOperation.DESCRIBE],
    ...[AclOperation.DESCRIBE_CONFIGS, AclOperation.ALTER_CONFIGS],
  ],
  [ResourceType.GROUP]: [
    ...[AclOperation.READ, AclOperation.DELETE, AclOperation.DESCRIBE],
    ...[AclOperation.DESCRIBE_CONFIGS, AclOperation.ALTER_CONFIGS],
  ],
  [ResourceType.CLUSTER]: [
    ...[AclOperation.CREATE, AclOperation.ALTER, AclOperation.DESCRIBE, AclOperation.CLUSTER_ACTION],
    ...[AclOperation.DESCRIBE_CONFIGS, AclOperation.ALTER_CONFIGS, AclOperation.IDEMPOTENT_WRITE],
  ],
};

/** Kafka's name of a code, as in 'READ'; the number where it has none. */
export function nameOf(codes: Readonly<Record<string, number>>, code: number): string {
  return Object.keys(codes).find((name) => codes[name] === code) ?? String(code);
}
