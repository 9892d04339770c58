// `moldau acl list`, `add` and `delete`

import type { AclBinding, AclDescription, AclFilter, AclResourceType, Operation } from '@moldau/client';
import type { CommandArguments, CommandContext, CommandOptions } from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { doneOf } from '../command-line/several.ts';

interface Chosen {
  readonly principal?: readonly string[];
  readonly operation?: readonly Operation[];
  readonly host?: readonly string[];
  readonly topic?: readonly string[];
  readonly group?: readonly string[];
  readonly transactionalId?: readonly string[];
  readonly token?: readonly string[];
  readonly cluster?: boolean;
  readonly deny?: boolean;
  readonly allow?: boolean;
  readonly prefixed?: boolean;
  readonly matching?: boolean;
}

interface Named {
  readonly type: AclResourceType;
  readonly name: string;
}

export async function list(
  context: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  await print(context, await fitting(context, filtersOf(options as Chosen)));
}

export async function add(
  context: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const chosen = options as Chosen;
  const { principal = [], operation = [], host = ['*'], deny, prefixed } = chosen;
  const resources = resourcesOf(chosen);
  if (principal.length === 0) throw new UsageError('say who, with --principal');
  if (operation.length === 0) throw new UsageError('say what, with --operation');
  if (resources.length === 0)
    throw new UsageError('say with what: --topic, --group, --transactional-id, --token or --cluster');
  const rules = resources.flatMap((resource) =>
    principal.flatMap((who) =>
      operation.flatMap((operation) =>
        host.map((host): Required<AclBinding> & AclDescription => ({
          resource: {
            ...resource,
            pattern: prefixed === true && resource.type !== 'cluster' ? 'prefixed' : 'literal',
          },
          ...{ principal: principalOf(who), operation, host },
          permission: deny === true ? 'deny' : 'allow',
        })),
      ),
    ),
  );
  const { admin, signal, isDryRun, tell } = context;
  if (isDryRun) tell('nothing was added: this was a dry run');
  const added = isDryRun ? rules : await doneOf(context, rules, admin.acls.create(rules, { signal }));
  await print(context, added);
}

export async function remove(
  context: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const filters = filtersOf(options as Chosen);
  if (filters.some((filter) => Object.keys(filter).length === 0))
    throw new UsageError('say which: every access rule would be deleted');
  const { admin, signal, isDryRun, tell, confirm } = context;
  const found = await fitting(context, filters);
  if (found.length === 0) tell('no access rule fits');
  else if (isDryRun) tell('nothing was deleted: this was a dry run');
  else {
    await confirm(`Delete ${found.length} access rule${found.length === 1 ? '' : 's'}?`);
    await admin.acls.delete(filters, { signal });
  }
  await print(context, found);
}

/** Each once, whichever of the filters it fits. */
async function fitting(
  { admin, signal }: CommandContext,
  filters: readonly AclFilter[],
): Promise<AclDescription[]> {
  const found = await Promise.all(filters.map((filter) => admin.acls.list(filter, { signal })));
  return [...new Map(found.flat().map((rule) => [JSON.stringify(rule), rule])).values()];
}

/** One for each combination of what is given; what is not given is any. */
function filtersOf(chosen: Chosen): AclFilter[] {
  const { principal, operation, host, deny, allow, matching } = chosen;
  if (deny === true && allow === true)
    throw new UsageError('say either --deny or --allow, or neither for both');
  const permission = deny === true ? 'deny' : allow === true ? 'allow' : undefined;
  const resources = resourcesOf(chosen);
  return orAny(resources).flatMap((resource) =>
    orAny(principal).flatMap((who) =>
      orAny(operation).flatMap((operation) =>
        orAny(host).map(
          (host): AclFilter => ({
            ...(resource && { resource: { ...resource, pattern: matching === true ? 'match' : 'any' } }),
            ...(who !== undefined && { principal: principalOf(who) }),
            ...(operation !== undefined && { operation }),
            ...(host !== undefined && { host }),
            ...(permission !== undefined && { permission }),
          }),
        ),
      ),
    ),
  );
}

function orAny<Item>(items: readonly Item[] = []): readonly (Item | undefined)[] {
  return items.length === 0 ? [undefined] : items;
}

function resourcesOf({ topic = [], group = [], transactionalId = [], token = [], cluster }: Chosen): Named[] {
  const named = (type: AclResourceType, names: readonly string[]): Named[] =>
    names.map((name) => ({ type, name }));
  return [
    ...named('topic', topic),
    ...named('group', group),
    ...named('transactional-id', transactionalId),
    ...named('delegation-token', token),
    ...named('cluster', cluster === true ? ['kafka-cluster'] : []),
  ];
}

/** ada is User:ada. */
function principalOf(name: string): string {
  return name.includes(':') ? name : `User:${name}`;
}

async function print({ output }: CommandContext, rules: readonly AclDescription[]): Promise<void> {
  await output.rows(
    [
      { title: 'principal', show: ({ principal }) => principal },
      { title: 'permission', show: ({ permission }) => permission },
      { title: 'operation', show: ({ operation }) => operation },
      { title: 'resource', show: ({ resource }) => resource },
      { title: 'name', show: ({ name }) => name },
      { title: 'pattern', show: ({ pattern }) => pattern },
      { title: 'host', show: ({ host }) => host },
    ],
    rules.map(({ resource: { type, name, pattern }, principal, permission, operation, host }) => ({
      ...{ principal, permission, operation, resource: type, name, pattern, host },
    })),
  );
}
