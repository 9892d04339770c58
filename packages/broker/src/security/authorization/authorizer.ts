// Decides who may do what, by Kafka's rules: a rule that denies wins over all that allow, super users may do everything, and what no
// rule speaks of is denied unless allow.everyone.if.no.acl.found says otherwise.
//
// Invariant: a decision is that of the rules in force. Decisions are kept, since clients ask the same again and again; all of them are
// dropped when a rule comes or goes, and when they have become MAX_DECISIONS.

import type { AclImage, AclRecord, AclRemovedRecord } from '@moldau/metadata';
import type { AuthorizerSettings } from '../../config/authorizer-settings.ts';
import {
  type AclOperation,
  OPERATIONS_OF,
  AclOperation as Operation,
  PatternType,
  PermissionType,
  type ResourceType,
  WILDCARD,
} from './acl.ts';
import { AclIndex } from './acl-index.ts';
import type { AuditLog } from './audit-log.ts';

/** Who asks, and by which API. A RequestContext is one. */
export interface Requester {
  /** As in 'User:alice'. */
  readonly principal: string;
  /** As Kafka prints it, with a slash in front: '/127.0.0.1'. */
  readonly clientHost: string;
  readonly apiKey: number;
}

/** What becomes of a denial: a line of the audit log, or nothing where the question is only which of several answers to give. */
export type Denial = 'audited' | 'silent';

export interface Authorizer {
  /** There is no authorizer: everything is allowed, at no cost. */
  readonly isOpen: boolean;
  allows(
    requester: Requester,
    operation: AclOperation,
    resourceType: ResourceType,
    resourceName: string,
    denial?: Denial,
  ): boolean;
  /** Whether there may be a resource of this type that the operation is allowed on (KIP-679). */
  allowsOnAny(requester: Requester, operation: AclOperation, resourceType: ResourceType): boolean;
  /** What may be done with a resource, a bit for each operation's code (KIP-430). */
  authorizedOperations(requester: Requester, resourceType: ResourceType, resourceName: string): number;
}

/** Nothing is forbidden. */
export const OPEN_AUTHORIZER: Authorizer = {
  isOpen: true,
  allows: () => true,
  allowsOnAny: () => true,
  authorizedOperations: (_requester, resourceType) => bitsOf(OPERATIONS_OF[resourceType] ?? []),
};

export interface AclAuthorizerOptions extends AuthorizerSettings {
  readonly acls: Iterable<AclImage>;
  readonly audit: AuditLog;
}

const MAX_DECISIONS = 100_000;
/** Longer names, which strangers may invent, are decided afresh each time. */
const MAX_KEPT_NAME_LENGTH = 256;
/** Kafka asks for a resource of this name to find out who may do everything. */
const ANY_NAME = 'hardcode';

export class AclAuthorizer implements Authorizer {
  readonly isOpen = false;
  readonly #options: AclAuthorizerOptions;
  readonly #index = new AclIndex();
  readonly #acls = new Map<string, AclImage>();
  /** By principal and by host. */
  readonly #requesters = new Map<string, Map<string, Decisions>>();
  #decisionCount = 0;

  constructor(options: AclAuthorizerOptions) {
    this.#options = options;
    for (const acl of options.acls) this.#add(acl);
  }

  aclChanged(record: AclRecord | AclRemovedRecord): void {
    if (record.type === 'acl') this.#add(record);
    else {
      const acl = this.#acls.get(record.id);
      if (acl !== undefined) this.#index.remove(acl);
      this.#acls.delete(record.id);
    }
    this.#forget();
  }

  allows(
    requester: Requester,
    operation: AclOperation,
    resourceType: ResourceType,
    resourceName: string,
    denial: Denial = 'audited',
  ): boolean {
    const decisions = this.#decisionsOf(requester).of(resourceType, operation);
    let isAllowed = decisions.get(resourceName);
    if (isAllowed === undefined) {
      isAllowed = this.#decide(requester, operation, resourceType, resourceName);
      if (resourceName.length <= MAX_KEPT_NAME_LENGTH) {
        decisions.set(resourceName, isAllowed);
        this.#count();
      }
    }
    const { audit } = this.#options;
    if (isAllowed) audit.allowed(requester, { operation, resourceType, resourceName });
    else if (denial === 'audited') audit.denied(requester, { operation, resourceType, resourceName });
    return isAllowed;
  }

  allowsOnAny(requester: Requester, operation: AclOperation, resourceType: ResourceType): boolean {
    // Whoever may do it with a resource that no rule names may do it with all but some.
    if (this.allows(requester, operation, resourceType, ANY_NAME, 'silent')) return true;
    const { onAny } = this.#decisionsOf(requester);
    const key = keyOf(resourceType, operation);
    let isAllowed = onAny.get(key);
    if (isAllowed === undefined) {
      isAllowed = this.#decideOnAny(requester, operation, resourceType);
      onAny.set(key, isAllowed);
      this.#count();
    }
    if (!isAllowed)
      this.#options.audit.denied(requester, { operation, resourceType, resourceName: WILDCARD });
    return isAllowed;
  }

  authorizedOperations(requester: Requester, resourceType: ResourceType, resourceName: string): number {
    const operations = OPERATIONS_OF[resourceType] ?? [];
    return bitsOf(
      operations.filter((operation) =>
        this.allows(requester, operation, resourceType, resourceName, 'silent'),
      ),
    );
  }

  #add(acl: AclImage): void {
    this.#acls.set(acl.id, acl);
    this.#index.add(acl);
  }

  #decide(
    { principal, clientHost }: Requester,
    operation: AclOperation,
    resourceType: ResourceType,
    resourceName: string,
  ): boolean {
    if (this.#options.superUsers.has(principal)) return true;
    const host = clientHost.slice(1);
    const verdict = this.#index.decide({ principal, host, operation, resourceType, resourceName });
    return verdict === 'unruled' ? this.#options.allowsUnruled : verdict === 'allowed';
  }

  /** A pattern that allows counts unless one that denies covers all of it. */
  #decideOnAny({ principal, clientHost }: Requester, operation: AclOperation, resourceType: ResourceType) {
    const host = clientHost.slice(1);
    const denied = { literals: new Set<string>(), prefixes: new Set<string>() };
    const allowed: AclImage[] = [];
    for (const acl of this.#index.rulesOf(principal, resourceType)) {
      if (acl.host !== host && acl.host !== WILDCARD) continue;
      if (acl.operation !== operation && acl.operation !== Operation.ALL) continue;
      if (acl.permissionType !== PermissionType.DENY) allowed.push(acl);
      else if (isWildcard(acl)) return false;
      else (isLiteral(acl) ? denied.literals : denied.prefixes).add(acl.resourceName);
    }
    return allowed.some((acl) => {
      const { resourceName } = acl;
      if (isWildcard(acl)) return true;
      if (isLiteral(acl) && denied.literals.has(resourceName)) return false;
      for (const prefix of denied.prefixes) if (resourceName.startsWith(prefix)) return false;
      return true;
    });
  }

  #decisionsOf({ principal, clientHost }: Requester): Decisions {
    let byHost = this.#requesters.get(principal);
    if (byHost === undefined) {
      byHost = new Map();
      this.#requesters.set(principal, byHost);
    }
    let decisions = byHost.get(clientHost);
    if (decisions === undefined) {
      decisions = new Decisions();
      byHost.set(clientHost, decisions);
    }
    return decisions;
  }

  #count(): void {
    this.#decisionCount += 1;
    if (this.#decisionCount > MAX_DECISIONS) this.#forget();
  }

  #forget(): void {
    this.#requesters.clear();
    this.#decisionCount = 0;
  }
}

/** What has been decided for one principal on one host. */
class Decisions {
  /** By resource type and operation, then by the resource's name. */
  readonly #byAction = new Map<number, Map<string, boolean>>();
  /** By resource type and operation. */
  readonly onAny = new Map<number, boolean>();

  of(resourceType: number, operation: number): Map<string, boolean> {
    const key = keyOf(resourceType, operation);
    let decisions = this.#byAction.get(key);
    if (decisions === undefined) {
      decisions = new Map();
      this.#byAction.set(key, decisions);
    }
    return decisions;
  }
}

function keyOf(resourceType: number, operation: number): number {
  return resourceType * 256 + operation;
}

function isLiteral({ patternType }: AclImage): boolean {
  return patternType === PatternType.LITERAL;
}

function isWildcard(acl: AclImage): boolean {
  return isLiteral(acl) && acl.resourceName === WILDCARD;
}

function bitsOf(operations: readonly AclOperation[]): number {
  return operations.reduce((bits, operation) => bits | (1 << operation), 0);
}
