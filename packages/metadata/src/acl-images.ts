// The rules of who may do what, by their ids and by what they say.
//
// Invariant: no two rules say the same.

import type { Uuid } from '@moldau/protocol';
import type { Acl, AclRecord, AclRemovedRecord } from './records.ts';

export interface AclImage extends Acl {
  readonly id: Uuid;
}

export class AclImages {
  readonly #byId = new Map<Uuid, AclImage>();
  readonly #idsByKey = new Map<string, Uuid>();

  get size(): number {
    return this.#byId.size;
  }

  /** In the order in which they were added. */
  all(): IterableIterator<AclImage> {
    return this.#byId.values();
  }

  get(id: Uuid): AclImage | undefined {
    return this.#byId.get(id);
  }

  /** Whether there is a rule that says exactly this. */
  has(acl: Acl): boolean {
    return this.#idsByKey.has(aclKey(acl));
  }

  apply(record: AclRecord | AclRemovedRecord): void {
    if (record.type === 'acl') {
      const { type: _, ...image } = record;
      this.#byId.set(image.id, image);
      this.#idsByKey.set(aclKey(image), image.id);
      return;
    }
    const removed = this.#byId.get(record.id);
    if (removed === undefined) return;
    this.#byId.delete(record.id);
    this.#idsByKey.delete(aclKey(removed));
  }

  /** Records that build the same. */
  *records(): IterableIterator<AclRecord> {
    for (const image of this.#byId.values()) yield { type: 'acl', ...image };
  }
}

/** The same for rules that say the same. */
export function aclKey(acl: Acl): string {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
  return JSON.stringify([
    ...[resourceType, resourceName, patternType],
    ...[principal, host, operation, permissionType],
  ]);
}
