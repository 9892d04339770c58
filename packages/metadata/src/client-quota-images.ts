// The quotas that are set, by whom they are for.
//
// Invariants: an entity is there only while it has a quota; its parts are in the order of their types, so that one entity has one key; a
// ClientQuotaImage that was handed out never changes, another takes its place.

import type { ClientQuotaEntityPart, ClientQuotaRecord } from './records.ts';

export interface ClientQuotaImage {
  readonly entity: readonly ClientQuotaEntityPart[];
  /** By key, as in 'producer_byte_rate'. */
  readonly quotas: ReadonlyMap<string, number>;
}

export class ClientQuotaImages {
  readonly #images = new Map<string, ClientQuotaImage>();

  get size(): number {
    return this.#images.size;
  }

  /** In no order. */
  all(): IterableIterator<ClientQuotaImage> {
    return this.#images.values();
  }

  /** undefined when nothing is set for exactly this entity. Its parts may come in any order. */
  get(entity: readonly ClientQuotaEntityPart[]): ClientQuotaImage | undefined {
    return this.#images.get(clientQuotaKey(entity));
  }

  apply({ entity, key, value, isRemoved }: ClientQuotaRecord): void {
    const imageKey = clientQuotaKey(entity);
    const before = this.#images.get(imageKey);
    const quotas = new Map(before?.quotas);
    if (isRemoved) quotas.delete(key);
    else quotas.set(key, value);
    if (quotas.size === 0) this.#images.delete(imageKey);
    else this.#images.set(imageKey, { entity: before?.entity ?? inOrder(entity), quotas });
  }

  /** Records that build the same. */
  *records(): IterableIterator<ClientQuotaRecord> {
    for (const { entity, quotas } of this.#images.values()) {
      for (const [key, value] of quotas) yield { type: 'client-quota', entity, key, value, isRemoved: false };
    }
  }
}

function inOrder(entity: readonly ClientQuotaEntityPart[]): readonly ClientQuotaEntityPart[] {
  return entity
    .map(({ entityType, entityName }) => ({ entityType, entityName }))
    .sort((one, other) => (one.entityType < other.entityType ? -1 : 1));
}

/** The same for all orders of an entity's parts. */
export function clientQuotaKey(entity: readonly ClientQuotaEntityPart[]): string {
  return JSON.stringify(inOrder(entity).map(({ entityType, entityName }) => [entityType, entityName]));
}
