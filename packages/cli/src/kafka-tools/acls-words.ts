// How kafka-acls reads principals, and writes what rules are made of.

import type { AclPermission, Operation } from '@moldau/client';
import { illegalArgument } from './java-errors.ts';

/** 'User:ada'. @throws JavaError */
export function principalOf(text: string): string {
  const trimmed = text.trim();
  if (trimmed.includes(':')) return trimmed;
  throw illegalArgument(`expected a string in format principalType:principalName but got ${trimmed}`);
}

export function resourceText(resource: { type: string; name: string; pattern: string }): string {
  const { type, name, pattern } = resource;
  return `ResourcePattern(resourceType=${upper(type)}, name=${name}, patternType=${upper(pattern)})`;
}

export function entryText(entry: {
  readonly principal: string;
  readonly host: string;
  readonly operation: Operation;
  readonly permission: AclPermission;
}): string {
  const { principal, host, operation, permission } = entry;
  return `(principal=${principal}, host=${host}, operation=${upper(operation)}, permissionType=${upper(permission)})`;
}

/** 'describe-configs' is DESCRIBE_CONFIGS. */
export function upper(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}
