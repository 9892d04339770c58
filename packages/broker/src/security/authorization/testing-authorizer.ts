// For tests of the authorizer: rules in few words, somebody who asks, and a log that can be read.

import type { Acl, AclImage } from '@moldau/metadata';
import { ManualTime } from '@moldau/testing';
import { AclOperation, PatternType, PermissionType, ResourceType } from './acl.ts';
import { AuditLog } from './audit-log.ts';
import { AclAuthorizer, type AclAuthorizerOptions, type Requester } from './authorizer.ts';

let lastId = 0;

/** A rule that allows User:alice to read the topic 'orders', but for what is said otherwise. */
export function acl(differences: Partial<Acl> = {}): AclImage {
  lastId += 1;
  return {
    ...{ id: String(lastId), resourceType: ResourceType.TOPIC, resourceName: 'orders' },
    ...{ patternType: PatternType.LITERAL, principal: 'User:alice', host: '*' },
    ...{ operation: AclOperation.READ, permissionType: PermissionType.ALLOW },
    ...differences,
  };
}

export function requester(principal = 'User:alice', host = '127.0.0.1'): Requester {
  return { principal, clientHost: `/${host}`, apiKey: 0 };
}

export interface AuditLine {
  readonly level: 'debug' | 'warn';
  readonly fields: Readonly<Record<string, unknown>>;
}

export function auditTo(lines: AuditLine[], time = new ManualTime(), debug = false): AuditLog {
  const write = (level: AuditLine['level']) => (fields: object) =>
    lines.push({ level, fields: fields as AuditLine['fields'] });
  return new AuditLog({
    logger: {
      ...{ debug: write('debug'), warn: write('warn'), info() {}, error() {} },
      isLevelEnabled: () => debug,
    },
    clock: time,
    apiName: (key) => `Api${key}`,
  });
}

export function authorizerOf(
  acls: readonly AclImage[],
  options: Partial<AclAuthorizerOptions> = {},
): AclAuthorizer {
  return new AclAuthorizer({
    ...{ superUsers: new Set<string>(), allowsUnruled: false, acls, audit: auditTo([]) },
    ...options,
  });
}
