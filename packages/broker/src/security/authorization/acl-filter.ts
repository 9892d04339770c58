// Which access rules a filter means, as DescribeAcls and DeleteAcls name them.

import type { Acl } from '@moldau/metadata';
import { AclOperation, PatternType, PermissionType, ResourceType, WILDCARD } from './acl.ts';

export interface AclFilter {
  readonly resourceTypeFilter: number;
  /** null in these three: any. */
  readonly resourceNameFilter: string | null;
  readonly patternTypeFilter: number;
  readonly principalFilter: string | null;
  readonly hostFilter: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

export function matchesFilter(filter: AclFilter, acl: Acl): boolean {
  const { resourceTypeFilter, principalFilter, hostFilter, operation, permissionType } = filter;
  return (
    (resourceTypeFilter === ResourceType.ANY || resourceTypeFilter === acl.resourceType) &&
    matchesPattern(filter, acl) &&
    (principalFilter === null || principalFilter === acl.principal) &&
    (hostFilter === null || hostFilter === acl.host) &&
    (operation === AclOperation.ANY || operation === acl.operation) &&
    (permissionType === PermissionType.ANY || permissionType === acl.permissionType)
  );
}

function matchesPattern({ patternTypeFilter, resourceNameFilter: name }: AclFilter, acl: Acl): boolean {
  const isOfAnyType = patternTypeFilter === PatternType.ANY;
  const isMatch = patternTypeFilter === PatternType.MATCH;
  if (!isOfAnyType && !isMatch && patternTypeFilter !== acl.patternType) return false;
  if (name === null) return true;
  if (!isMatch) return name === acl.resourceName;
  return acl.patternType === PatternType.PREFIXED
    ? name.startsWith(acl.resourceName)
    : name === acl.resourceName || acl.resourceName === WILDCARD;
}

/** Whether a filter or a rule names its kinds by codes that Kafka knows. */
export function hasKnownCodes(codes: {
  resourceType: number;
  patternType: number;
  operation: number;
  permissionType: number;
}): boolean {
  return (
    isKnown(ResourceType, codes.resourceType) &&
    isKnown(PatternType, codes.patternType) &&
    isKnown(AclOperation, codes.operation) &&
    isKnown(PermissionType, codes.permissionType)
  );
}

function isKnown(codes: Readonly<Record<string, number>>, code: number): boolean {
  return code !== 0 && Object.values(codes).includes(code);
}
