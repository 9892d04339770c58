// Which of the quotas of one kind is for a client: the most specific one, of Kafka's eight levels.
//
//   1 user and client id           4 any user and client id           7 client id
//   2 user and any client id       5 any user and any client id       8 any client id
//   3 user                         6 any user
//
// Where it is found also says who shares it: each pair of user and client id has one of its own (1, 2, 4, 5), all client ids of a user
// have one together (3, 6), or all users of a client id (7, 8).

import type { ClientQuotaEntityPart } from '@moldau/metadata';

export interface FoundQuota {
  readonly limit: number;
  /** Those with the same share one quota. */
  readonly sharer: string;
}

/** By client id; null stands for all that have none of their own. */
type ByClientId = Map<string | null, number>;
/** undefined stands for a quota of all client ids together. */
type OfUser = Map<string | null | undefined, number>;

export class QuotaLevels {
  /** null stands for users that have none of their own. */
  readonly #byUser = new Map<string | null, OfUser>();
  readonly #byClientId: ByClientId = new Map();

  get isEmpty(): boolean {
    return this.#byUser.size === 0 && this.#byClientId.size === 0;
  }

  add(entity: readonly ClientQuotaEntityPart[], limit: number): void {
    const user = entity.find(({ entityType }) => entityType === 'user');
    const clientId = entity.find(({ entityType }) => entityType === 'client-id');
    if (user === undefined) {
      if (clientId !== undefined) this.#byClientId.set(clientId.entityName, limit);
      return;
    }
    const ofUser = this.#byUser.get(user.entityName) ?? new Map<string | null | undefined, number>();
    ofUser.set(clientId?.entityName, limit);
    this.#byUser.set(user.entityName, ofUser);
  }

  /** undefined when none is for this client. */
  find(user: string, clientId: string): FoundQuota | undefined {
    for (const name of [user, null]) {
      const ofUser = this.#byUser.get(name);
      if (ofUser === undefined) continue;
      const ofPair = ofUser.get(clientId) ?? ofUser.get(null);
      if (ofPair !== undefined) return { limit: ofPair, sharer: `pair/${user.length}/${user}/${clientId}` };
      const ofAll = ofUser.get(undefined);
      if (ofAll !== undefined) return { limit: ofAll, sharer: `user/${user}` };
    }
    const limit = this.#byClientId.get(clientId) ?? this.#byClientId.get(null);
    return limit === undefined ? undefined : { limit, sharer: `client/${clientId}` };
  }
}
