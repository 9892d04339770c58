// What access rules are made of, Kafka's numbers for it, and which rules make sense.

import { OptionsError } from '../errors/kafka-error.ts';
import { nearest } from '../options/properties.ts';
import { OPERATIONS, type Operation } from './names.ts';

const RESOURCE_TYPES = [
  'unknown',
  'any',
  'topic',
  'group',
  'cluster',
  'transactional-id',
  'delegation-token',
  'user',
] as const;
const PATTERNS = ['unknown', 'any', 'match', 'literal', 'prefixed'] as const;
const PERMISSIONS = ['unknown', 'any', 'deny', 'allow'] as const;

export type AclResourceType = Exclude<(typeof RESOURCE_TYPES)[number], 'unknown' | 'any'>;
export type AclPattern = 'literal' | 'prefixed';
export type AclPermission = 'allow' | 'deny';

/** What a rule is about. */
export interface AclResource {
  readonly type: AclResourceType;
  /** '*' with a literal pattern: all of the type. Of the cluster: 'kafka-cluster', which may be left out. */
  readonly name: string;
  /** 'prefixed': all whose names begin so. Default: 'literal'. */
  readonly pattern?: AclPattern;
}

/** A rule: who may, or may not, do what, with what, from where. */
export interface AclBinding {
  readonly resource: AclResource | { readonly type: 'cluster' };
  /** 'User:ada'; 'User:*' is everybody. */
  readonly principal: string;
  readonly operation: Operation;
  /** An address; default '*': any. */
  readonly host?: string;
  /** Default: 'allow'. What is denied is denied, whatever else is allowed. */
  readonly permission?: AclPermission;
}

/** A rule as brokers have it: nothing is left out. */
export interface AclDescription {
  readonly resource: Required<AclResource>;
  readonly principal: string;
  readonly operation: Operation;
  readonly host: string;
  readonly permission: AclPermission;
}

/** Which rules are meant: those that fit all that is given. */
export interface AclFilter {
  readonly resource?: {
    readonly type?: AclResourceType | 'any';
    readonly name?: string;
    /** 'match': all rules that count for the name: literal, prefixed and '*'. Default: 'any', of exactly this name. */
    readonly pattern?: AclPattern | 'any' | 'match';
  };
  readonly principal?: string;
  readonly operation?: Operation | 'any';
  readonly host?: string;
  readonly permission?: AclPermission | 'any';
}

const CLUSTER_NAME = 'kafka-cluster';

/** The operations that count for a type; 'all' does for each. */
const ALLOWED: Readonly<Record<AclResourceType, readonly Operation[]>> = {
  topic: ['read', 'write', 'create', 'delete', 'alter', 'describe', 'describe-configs', 'alter-configs'],
  group: ['read', 'delete', 'describe', 'describe-configs', 'alter-configs'],
  cluster: [
    'create',
    'alter',
    'describe',
    'cluster-action',
    'describe-configs',
    'alter-configs',
    'idempotent-write',
  ],
  'transactional-id': ['write', 'describe', 'two-phase-commit'],
  'delegation-token': ['describe'],
  user: ['create-tokens', 'describe-tokens'],
};

/** The binding as requests have it. @throws OptionsError for a rule that could never count */
export function encodeBinding({
  resource,
  principal,
  operation,
  host = '*',
  permission = 'allow',
}: AclBinding) {
  const { type } = resource;
  const name = 'name' in resource ? resource.name : CLUSTER_NAME;
  const pattern = ('name' in resource ? resource.pattern : undefined) ?? 'literal';
  const rule = `The access rule for ${principal} on ${type} ${name}`;
  const allowed = ALLOWED[type] as readonly Operation[] | undefined;
  if (name === '') throw new OptionsError(`${rule}: the resource has no name; '*' is all of them.`);
  if (type === 'cluster' && (name !== CLUSTER_NAME || pattern !== 'literal'))
    throw new OptionsError(`${rule}: the cluster is called ${CLUSTER_NAME}, and its pattern is literal.`);
  checkPrincipal(principal, rule);
  if (host === '') throw new OptionsError(`${rule}: the host is empty; '*' is any.`);
  const encoded = {
    resourceType: codeOf(RESOURCE_TYPES, type, 'type of resource', rule),
    resourceName: name,
    resourcePatternType: codeOf(PATTERNS, pattern, 'pattern', rule, ['any', 'match']),
    ...{ principal, host },
    operation: codeOf(OPERATIONS, operation, 'operation', rule, ['any']),
    permissionType: codeOf(PERMISSIONS, permission, 'permission', rule, ['any']),
  };
  if (operation !== 'all' && allowed?.includes(operation) === false)
    throw new OptionsError(
      `${rule}: nobody asks for '${operation}' there. A ${type} has ${allowed.join(', ')}, or all.`,
    );
  return encoded;
}

/** Kafka looks a rule's principal up as it is written. */
function checkPrincipal(principal: string, rule: string): void {
  if (/^[^:]+:.+$/.test(principal)) return;
  throw new OptionsError(`${rule}: a principal has a type and a name: User:${principal || 'ada'}.`);
}

/** The filter as requests have it. @throws OptionsError for values that do not exist */
export function encodeFilter(filter: AclFilter) {
  const { resource = {}, principal, operation = 'any', host, permission = 'any' } = filter;
  const { type = 'any', name, pattern = 'any' } = resource;
  const what = 'The filter for access rules';
  for (const [key, value] of [...Object.entries(filter), ...Object.entries(resource)])
    if (value === undefined) throw new OptionsError(`${what}: ${key} is undefined, which would mean any.`);
  return {
    resourceTypeFilter: codeOf(RESOURCE_TYPES, type, 'type of resource', what),
    resourceNameFilter: name ?? null,
    patternTypeFilter: codeOf(PATTERNS, pattern, 'pattern', what),
    principalFilter: principal ?? null,
    hostFilter: host ?? null,
    operation: codeOf(OPERATIONS, operation, 'operation', what),
    permissionType: codeOf(PERMISSIONS, permission, 'permission', what),
  };
}

interface EncodedAcl {
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

export function decodeAcl(
  { principal, host, operation, permissionType }: EncodedAcl,
  resource: { readonly resourceType: number; readonly resourceName: string; readonly patternType: number },
): AclDescription {
  return {
    resource: {
      type: (RESOURCE_TYPES[resource.resourceType] ?? 'unknown') as AclResourceType,
      name: resource.resourceName,
      pattern: (PATTERNS[resource.patternType] ?? 'unknown') as AclPattern,
    },
    ...{ principal, host },
    operation: (OPERATIONS[operation] ?? 'unknown') as Operation,
    permission: (PERMISSIONS[permissionType] ?? 'unknown') as AclPermission,
  };
}

function codeOf(
  names: readonly string[],
  name: string,
  what: string,
  where: string,
  not: readonly string[] = [],
): number {
  const choices = names.filter((each) => each !== 'unknown' && !not.includes(each));
  if (choices.includes(name)) return names.indexOf(name);
  const near = nearest(String(name), choices);
  const advice = near === undefined ? `it is one of ${choices.join(', ')}` : `did you mean ${near}?`;
  throw new OptionsError(
    `${where}: there is no ${what} '${name}': ${advice}${near === undefined ? '.' : ''}`,
  );
}
