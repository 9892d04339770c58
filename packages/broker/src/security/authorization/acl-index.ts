// Access rules, found by the resource that is asked for: a decision looks at the rules that apply to it and at no others, however
// many there are.
//
// Rules stand under their pattern and under their principal. Literal patterns are found by the name; of prefixes the lengths that occur
// are known, so that one look-up for each length finds those that a name begins with.

import type { Acl, AclImage } from '@moldau/metadata';
import { AclOperation, EVERYBODY, PatternType, PermissionType, WILDCARD } from './acl.ts';

/** What is asked: may this principal, from this host, do this with the resource? */
export interface Action {
  readonly principal: string;
  /** As in '127.0.0.1'. */
  readonly host: string;
  readonly operation: number;
  readonly resourceType: number;
  readonly resourceName: string;
}

/** 'unruled': no rule speaks of this resource, be it for others. */
export type Verdict = 'allowed' | 'denied' | 'unruled';

/** An operation that may be done by whoever may do one of these. Only rules that allow imply. */
const IMPLIED_BY: Readonly<Record<number, ReadonlySet<number>>> = {
  [AclOperation.DESCRIBE]: new Set([
    ...[AclOperation.DESCRIBE, AclOperation.READ, AclOperation.WRITE],
    ...[AclOperation.DELETE, AclOperation.ALTER],
  ]),
  [AclOperation.DESCRIBE_CONFIGS]: new Set([AclOperation.DESCRIBE_CONFIGS, AclOperation.ALTER_CONFIGS]),
};

/** The rules of one pattern, by principal. */
type PatternRules = Map<string, AclImage[]>;

export class AclIndex {
  readonly #byType = new Map<number, TypeIndex>();

  add(acl: AclImage): void {
    let index = this.#byType.get(acl.resourceType);
    if (index === undefined) {
      index = new TypeIndex();
      this.#byType.set(acl.resourceType, index);
    }
    index.add(acl);
  }

  remove(acl: AclImage): void {
    this.#byType.get(acl.resourceType)?.remove(acl);
  }

  /** A rule that denies decides, whatever others allow. */
  decide(action: Action): Verdict {
    const patterns = this.#byType.get(action.resourceType)?.patternsOf(action.resourceName) ?? [];
    let isAllowed = false;
    let isRuled = false;
    for (const rules of patterns) {
      isRuled = true;
      for (const principal of [action.principal, EVERYBODY]) {
        for (const acl of rules.get(principal) ?? []) {
          if (!appliesTo(acl, action)) continue;
          if (acl.permissionType === PermissionType.DENY) return 'denied';
          isAllowed = true;
        }
      }
    }
    if (isAllowed) return 'allowed';
    return isRuled ? 'denied' : 'unruled';
  }

  /** All rules for resources of one type that name the principal or everybody. */
  *rulesOf(principal: string, resourceType: number): IterableIterator<AclImage> {
    for (const rules of this.#byType.get(resourceType)?.all() ?? []) {
      yield* rules.get(principal) ?? [];
      if (principal !== EVERYBODY) yield* rules.get(EVERYBODY) ?? [];
    }
  }
}

/** Whether a rule whose pattern and principal fit speaks of the action. */
function appliesTo({ host, operation, permissionType }: Acl, action: Action): boolean {
  if (host !== WILDCARD && host !== action.host) return false;
  if (operation === AclOperation.ALL || operation === action.operation) return true;
  return permissionType === PermissionType.ALLOW && (IMPLIED_BY[action.operation]?.has(operation) ?? false);
}

/** The rules for resources of one type. */
class TypeIndex {
  readonly #literals = new Map<string, PatternRules>();
  readonly #prefixes = new Map<string, PatternRules>();
  /** How many prefixes there are of each length. */
  readonly #prefixLengths = new Map<number, number>();

  add(acl: AclImage): void {
    const patterns = this.#patterns(acl);
    let rules = patterns.get(acl.resourceName);
    if (rules === undefined) {
      rules = new Map();
      patterns.set(acl.resourceName, rules);
      if (patterns === this.#prefixes) this.#countLength(acl.resourceName.length, 1);
    }
    const ofPrincipal = rules.get(acl.principal);
    if (ofPrincipal === undefined) rules.set(acl.principal, [acl]);
    else ofPrincipal.push(acl);
  }

  remove({ id, resourceName, principal, ...acl }: AclImage): void {
    const patterns = this.#patterns(acl);
    const rules = patterns.get(resourceName);
    if (rules === undefined) return;
    const left = (rules.get(principal) ?? []).filter((other) => other.id !== id);
    if (left.length > 0) rules.set(principal, left);
    else rules.delete(principal);
    if (rules.size > 0) return;
    patterns.delete(resourceName);
    if (patterns === this.#prefixes) this.#countLength(resourceName.length, -1);
  }

  /** The rules of the patterns that a name matches. */
  *patternsOf(name: string): IterableIterator<PatternRules> {
    const literal = this.#literals.get(name);
    if (literal !== undefined) yield literal;
    const wildcard = name === WILDCARD ? undefined : this.#literals.get(WILDCARD);
    if (wildcard !== undefined) yield wildcard;
    for (const length of this.#prefixLengths.keys()) {
      const prefixed = length <= name.length ? this.#prefixes.get(name.slice(0, length)) : undefined;
      if (prefixed !== undefined) yield prefixed;
    }
  }

  *all(): IterableIterator<PatternRules> {
    yield* this.#literals.values();
    yield* this.#prefixes.values();
  }

  #patterns({ patternType }: Pick<Acl, 'patternType'>): Map<string, PatternRules> {
    return patternType === PatternType.PREFIXED ? this.#prefixes : this.#literals;
  }

  #countLength(length: number, change: number): void {
    const count = (this.#prefixLengths.get(length) ?? 0) + change;
    if (count > 0) this.#prefixLengths.set(length, count);
    else this.#prefixLengths.delete(length);
  }
}
