// What the APIs of configs have in common: who may see or change the configs of what.

import { ConfigResourceType } from '@moldau/metadata';
import type { Permission, permissions } from '../security/authorization/permissions.ts';
import { demand, may, refusal } from './authorize.ts';
import type { RequestContext, Services } from './handler.ts';

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

type ConfigPermissions = (typeof permissions)['describeConfigs' | 'alterConfigs' | 'incrementalAlterConfigs'];

/** undefined for a kind of resource that there is not. */
function permissionOf(type: number, { topic, group, cluster }: ConfigPermissions): Permission | undefined {
  switch (type) {
    case ConfigResourceType.TOPIC:
      return topic;
    case ConfigResourceType.GROUP:
      return group;
    case ConfigResourceType.BROKER:
    case ConfigResourceType.BROKER_LOGGER:
    case ConfigResourceType.CLIENT_METRICS:
      return cluster;
    default:
      return undefined;
  }
}

function nameFor(permission: Permission, ofKind: ConfigPermissions, name: string): string | undefined {
  return permission === ofKind.cluster ? undefined : name;
}

/** @throws KafkaError when the resource's configs may not be seen or changed */
export function checkPermission(
  { resourceType, resourceName }: Resource,
  ofKind: ConfigPermissions,
  context: RequestContext,
  services: Services,
): void {
  const permission = permissionOf(resourceType, ofKind);
  if (permission === undefined) return;
  demand(services, context, permission, nameFor(permission, ofKind, resourceName));
}

/** The resources whose configs may be changed, and answers for the others. */
export function splitByPermission<R extends Resource>(
  resources: readonly R[],
  ofKind: ConfigPermissions,
  context: RequestContext,
  services: Services,
) {
  const allowed: R[] = [];
  const refused = [];
  for (const resource of resources) {
    const { resourceType, resourceName } = resource;
    const permission = permissionOf(resourceType, ofKind);
    const isAllowed =
      permission === undefined ||
      may(services, context, permission, nameFor(permission, ofKind, resourceName));
    if (isAllowed) allowed.push(resource);
    else {
      const { code, message } = refusal(permission);
      refused.push({ errorCode: code, errorMessage: message, resourceType, resourceName });
    }
  }
  return { allowed, refused };
}
