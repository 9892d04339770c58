// Which rules a command line of kafka-acls is about: resources, and who may or may not do what with them.

import type { AclPermission, AclResourceType, Operation } from '@moldau/client';
import { principalOf, upper } from './acls-words.ts';
import { UsageProblem } from './kafka-tool.ts';
import type { ToolOptions } from './tool-options.ts';

export type AclPatternText = 'literal' | 'prefixed' | 'any' | 'match';

export interface AclTarget {
  readonly type: AclResourceType;
  readonly name: string;
  readonly pattern: AclPatternText;
}

export interface AclEntry {
  readonly principal: string;
  readonly host: string;
  readonly operation: Operation;
  readonly permission: AclPermission;
}

export interface TargetRules {
  readonly target: AclTarget;
  readonly entries: readonly AclEntry[];
}

const CLUSTER: AclTarget = { type: 'cluster', name: 'kafka-cluster', pattern: 'literal' };

const NAMED: readonly (readonly [option: string, type: AclResourceType])[] = [
  ['topic', 'topic'],
  ['group', 'group'],
  ['transactional-id', 'transactional-id'],
  ['delegation-token', 'delegation-token'],
  ['user-principal', 'user'],
];

const OPERATIONS: readonly Operation[] = [
  ...(['all', 'read', 'write', 'create', 'delete', 'alter', 'describe', 'cluster-action'] as const),
  ...(['describe-configs', 'alter-configs', 'idempotent-write', 'create-tokens'] as const),
  ...(['describe-tokens', 'two-phase-commit'] as const),
];

/** What rules for each type may be about; 'all' always. */
const SUPPORTED: Readonly<Record<AclResourceType, readonly Operation[]>> = {
  topic: ['read', 'write', 'create', 'describe', 'delete', 'alter', 'describe-configs', 'alter-configs'],
  group: ['read', 'describe', 'delete', 'describe-configs', 'alter-configs'],
  cluster: [
    ...(['create', 'cluster-action', 'describe-configs', 'alter-configs'] as const),
    ...(['idempotent-write', 'alter', 'describe'] as const),
  ],
  'transactional-id': ['describe', 'write', 'two-phase-commit'],
  'delegation-token': ['describe'],
  user: ['create-tokens', 'describe-tokens'],
};

/** The resources that are given. */
export function targetsOf(options: ToolOptions): AclTarget[] {
  const pattern = options.get('resource-pattern-type')!.toLowerCase() as AclPatternText;
  const targets = NAMED.flatMap(([option, type]) =>
    options.all(option).map((name) => ({ type, name: name.trim(), pattern })),
  );
  const withCluster = pattern === 'literal' && options.has('cluster');
  return withoutTwins(withCluster ? [...targets, CLUSTER] : targets);
}

/** @throws UsageProblem without any resource, and for operations that a resource does not have */
export function rulesOfOptions(options: ToolOptions): TargetRules[] {
  const targets = targetsOf(options);
  const idempotent = options.has('idempotent') && targets.length === 0;
  if (targets.length === 0 && !idempotent) {
    throw new UsageProblem(
      'You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>',
    );
  }
  const rules = new Map<string, { target: AclTarget; entries: AclEntry[] }>();
  const add = (target: AclTarget, operations: readonly (Operation | undefined)[]): void => {
    const known = rules.get(keyOf(target)) ?? { target, entries: [] };
    rules.set(keyOf(target), known);
    for (const entry of entriesOf(options, target, operations))
      if (!known.entries.some((other) => isSame(other, entry))) known.entries.push(entry);
  };
  const of = (type: AclResourceType) => targets.filter((target) => target.type === type);
  if (options.has('producer')) {
    for (const topic of of('topic')) add(topic, ['write', 'describe', 'create']);
    for (const id of of('transactional-id')) add(id, ['write', 'describe']);
    if (options.has('idempotent')) add(CLUSTER, ['idempotent-write']);
  }
  if (options.has('consumer')) {
    for (const topic of of('topic')) add(topic, ['read', 'describe']);
    for (const group of of('group')) add(group, ['read']);
  }
  if (!options.has('producer') && !options.has('consumer')) {
    const operations = options.all('operation').map(operationOf);
    for (const target of targets) add(target, operations);
  }
  return [...rules.values()];
}

function entriesOf(
  options: ToolOptions,
  target: AclTarget,
  operations: readonly (Operation | undefined)[],
): AclEntry[] {
  const supported: readonly Operation[] = [...SUPPORTED[target.type], 'all'];
  const entries = (['allow', 'deny'] as const).flatMap((permission) => {
    const principals = options.all(`${permission}-principal`).map(principalOf);
    const given = options.all(`${permission}-host`).map((host) => host.trim());
    const hosts = given.length > 0 ? given : ['*'];
    return principals.flatMap((principal) =>
      operations.flatMap((operation) => hosts.map((host) => ({ principal, host, operation, permission }))),
    );
  });
  return entries.map(({ operation, ...entry }) => {
    if (operation !== undefined && supported.includes(operation)) return { ...entry, operation };
    throw new UsageProblem(
      `ResourceType ${upper(target.type)} only supports operations [${supported.map(upper).join(', ')}]`,
    );
  });
}

/** undefined: there is none of this name. Capitals make no difference. */
function operationOf(text: string): Operation | undefined {
  const wanted = text.trim().toLowerCase();
  return OPERATIONS.find((operation) => operation.replaceAll('-', '') === wanted);
}

function withoutTwins(targets: readonly AclTarget[]): AclTarget[] {
  return [...new Map(targets.map((target) => [keyOf(target), target])).values()];
}

function keyOf({ type, name, pattern }: AclTarget): string {
  return `${type} ${pattern} ${name}`;
}

function isSame(left: AclEntry, right: AclEntry): boolean {
  return (
    left.principal === right.principal &&
    left.host === right.host &&
    left.operation === right.operation &&
    left.permission === right.permission
  );
}
