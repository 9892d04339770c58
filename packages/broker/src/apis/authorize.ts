// How handlers ask the authorizer: by a permission of the table, and the resource's name.

import { KafkaError } from '@moldau/protocol';
import { CLUSTER_NAME, ResourceType } from '../security/authorization/acl.ts';
import type { Permission } from '../security/authorization/permissions.ts';
import type { RequestContext, Services } from './handler.ts';

/** What is told of a group whose members read what may not be seen. */
export const HIDDEN_TOPICS =
  'The group has described topic(s) that the client is not authorized to describe.';

type Asked = Pick<Services, 'authorizer'>;

/** @param resourceName left out for the cluster. */
export function may(
  { authorizer }: Asked,
  context: RequestContext,
  { operation, resourceType, denial }: Permission,
  resourceName: string = CLUSTER_NAME,
): boolean {
  return authorizer.isOpen || authorizer.allows(context, operation, resourceType, resourceName, denial);
}

/** @throws KafkaError with the error of the table */
export function demand(
  asked: Asked,
  context: RequestContext,
  permission: Permission,
  resourceName?: string,
): void {
  if (!may(asked, context, permission, resourceName)) throw refusal(permission);
}

/** The error of a permission that is missing, in Kafka's words. */
export function refusal({ denied }: Pick<Permission, 'denied'>): KafkaError {
  return new KafkaError(denied);
}

/** What may be done with the cluster, as those are told who may look at it (KIP-430). */
export function clusterOperations(asked: Asked, context: RequestContext, permission: Permission): number {
  if (!may(asked, context, permission)) return 0;
  return asked.authorizer.authorizedOperations(context, ResourceType.CLUSTER, CLUSTER_NAME);
}

/** Those that pass, and those that do not. */
export function partition<T>(items: readonly T[], passes: (item: T) => boolean): [passing: T[], others: T[]] {
  const passing: T[] = [];
  const others: T[] = [];
  for (const item of items) (passes(item) ? passing : others).push(item);
  return [passing, others];
}
