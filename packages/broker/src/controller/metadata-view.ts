// The image as the commands of one batch see it: with what the commands before them in the batch have decided, which is
// not committed yet.
//
// Invariant: the image under it does not change while a view of it is used.

import {
  type Acl,
  type AclImage,
  AclImages,
  type AclRemovedRecord,
  aclKey,
  type BrokerImage,
  type ClientQuotaEntityPart,
  CollidingNames,
  ConfigResourceType,
  type Configs,
  clientQuotaKey,
  type DelegationTokenImage,
  type MetadataRecord,
  type ScramCredential,
  TopicImage,
} from '@moldau/metadata';
import type { Uuid } from '@moldau/protocol';

type ClientQuotaEntity = readonly ClientQuotaEntityPart[];
type ClientQuotas = ReadonlyMap<string, number>;
type ScramCredentials = ReadonlyMap<number, ScramCredential>;

/** What commands read: the image, or a view of it. */
export interface ReadableMetadata {
  readonly clusterId: string;
  readonly nextProducerId: number;
  readonly brokers: ReadonlyMap<number, BrokerImage>;
  readonly acls: { has(acl: Acl): boolean; get(id: Uuid): AclImage | undefined; all(): Iterable<AclImage> };
  readonly clientQuotas: { get(entity: ClientQuotaEntity): { readonly quotas: ClientQuotas } | undefined };
  /** Of one user, by mechanism. */
  readonly scramCredentials: { of(user: string): ScramCredentials };
  /** By id. */
  readonly delegationTokens: ReadonlyMap<string, DelegationTokenImage>;
  readonly clusterSecret: Buffer | undefined;
  featureLevel(name: string): number;
  topicByName(name: string): TopicImage | undefined;
  topicById(id: Uuid): TopicImage | undefined;
  collidingTopic(name: string): string | undefined;
  configs(type: number, name: string): Configs;
}

export class MetadataView implements ReadableMetadata {
  readonly #base: ReadableMetadata;
  /** null: removed. */
  readonly #topicsByName = new Map<string, TopicImage | null>();
  readonly #topicsById = new Map<Uuid, TopicImage | null>();
  readonly #collidingNames = new CollidingNames();
  readonly #configs = new Map<string, Configs>();
  #brokers: ReadonlyMap<number, BrokerImage> | undefined;
  #clusterId: string | undefined;
  #nextProducerId: number | undefined;
  readonly #featureLevels = new Map<string, number>();
  readonly #clientQuotas = new Map<string, { readonly quotas: ClientQuotas }>();
  readonly clientQuotas = {
    get: (entity: ClientQuotaEntity) =>
      this.#clientQuotas.get(clientQuotaKey(entity)) ?? this.#base.clientQuotas.get(entity),
  };
  readonly #addedAcls = new AclImages();
  readonly #removedAclIds = new Set<Uuid>();
  /** Of the removed ones below this view, by what they say. */
  readonly #removedAclKeys = new Set<string>();
  readonly acls = {
    has: (acl: Acl) =>
      this.#addedAcls.has(acl) || (this.#base.acls.has(acl) && !this.#removedAclKeys.has(aclKey(acl))),
    get: (id: Uuid) =>
      this.#addedAcls.get(id) ?? (this.#removedAclIds.has(id) ? undefined : this.#base.acls.get(id)),
    all: () => this.#allAcls(),
  };

  readonly #scramCredentials = new Map<string, ScramCredentials>();
  readonly scramCredentials = {
    of: (user: string) => this.#scramCredentials.get(user) ?? this.#base.scramCredentials.of(user),
  };
  #delegationTokens: Map<string, DelegationTokenImage> | undefined;
  #clusterSecret: Buffer | undefined;

  constructor(base: ReadableMetadata) {
    this.#base = base;
  }

  get clusterId(): string {
    return this.#clusterId ?? this.#base.clusterId;
  }

  get nextProducerId(): number {
    return this.#nextProducerId ?? this.#base.nextProducerId;
  }

  get brokers(): ReadonlyMap<number, BrokerImage> {
    return this.#brokers ?? this.#base.brokers;
  }

  get delegationTokens(): ReadonlyMap<string, DelegationTokenImage> {
    return this.#delegationTokens ?? this.#base.delegationTokens;
  }

  get clusterSecret(): Buffer | undefined {
    return this.#clusterSecret ?? this.#base.clusterSecret;
  }

  featureLevel(name: string): number {
    return this.#featureLevels.get(name) ?? this.#base.featureLevel(name);
  }

  topicByName(name: string): TopicImage | undefined {
    const changed = this.#topicsByName.get(name);
    return changed === undefined ? this.#base.topicByName(name) : (changed ?? undefined);
  }

  topicById(id: Uuid): TopicImage | undefined {
    const changed = this.#topicsById.get(id);
    return changed === undefined ? this.#base.topicById(id) : (changed ?? undefined);
  }

  collidingTopic(name: string): string | undefined {
    const isNew = (other: string) => (this.#topicsByName.get(other) ?? null) !== null;
    const colliding = this.#collidingNames.find(name, isNew);
    if (colliding !== undefined) return colliding;
    const older = this.#base.collidingTopic(name);
    return older !== undefined && this.topicByName(older) !== undefined ? older : undefined;
  }

  configs(type: number, name: string): Configs {
    return this.#configs.get(`${type}/${name}`) ?? this.#base.configs(type, name);
  }

  apply(record: MetadataRecord): void {
    switch (record.type) {
      case 'cluster':
        this.#clusterId = record.clusterId;
        break;
      case 'topic':
        this.#setTopic(new TopicImage(record.name, record.id, record.partitions));
        this.#collidingNames.add(record.name);
        break;
      case 'partitions-added': {
        const { name, id, runs } = this.topicById(record.topicId)!;
        this.#setTopic(new TopicImage(name, id, [...runs, ...record.partitions]));
        break;
      }
      case 'topic-removed': {
        const { name } = this.topicById(record.topicId)!;
        this.#topicsByName.set(name, null);
        this.#topicsById.set(record.topicId, null);
        this.#collidingNames.remove(name);
        this.#configs.set(`${ConfigResourceType.TOPIC}/${name}`, new Map());
        break;
      }
      case 'config': {
        const { resourceType, resourceName, entries } = record;
        const configs = new Map(this.configs(resourceType, resourceName));
        for (const { name, value } of entries) {
          if (value === null) configs.delete(name);
          else configs.set(name, value);
        }
        this.#configs.set(`${resourceType}/${resourceName}`, configs);
        break;
      }
      case 'broker': {
        const { type: _, ...broker } = record;
        this.#brokers = new Map([...this.brokers, [record.brokerId, broker]]);
        break;
      }
      case 'producer-ids':
        this.#nextProducerId = record.nextProducerId;
        break;
      case 'feature':
        this.#featureLevels.set(record.name, record.level);
        break;
      case 'client-quota': {
        const quotas = new Map(this.clientQuotas.get(record.entity)?.quotas);
        if (record.isRemoved) quotas.delete(record.key);
        else quotas.set(record.key, record.value);
        this.#clientQuotas.set(clientQuotaKey(record.entity), { quotas });
        break;
      }
      case 'acl':
        this.#addedAcls.apply(record);
        break;
      case 'acl-removed':
        this.#removeAcl(record);
        break;
      case 'scram-credential':
      case 'scram-credential-removed': {
        const credentials = new Map(this.scramCredentials.of(record.user));
        if (record.type === 'scram-credential') credentials.set(record.mechanism, record);
        else credentials.delete(record.mechanism);
        this.#scramCredentials.set(record.user, credentials);
        break;
      }
      case 'delegation-token':
        this.#ownDelegationTokens().set(record.tokenId, record);
        break;
      case 'delegation-token-removed':
        this.#ownDelegationTokens().delete(record.tokenId);
        break;
      case 'cluster-secret':
        this.#clusterSecret = record.secret;
        break;
      case 'leader-epochs-raised':
        // No command depends on a leader epoch.
        break;
    }
  }

  *#allAcls(): Iterable<AclImage> {
    for (const acl of this.#base.acls.all()) if (!this.#removedAclIds.has(acl.id)) yield acl;
    yield* this.#addedAcls.all();
  }

  #removeAcl(record: AclRemovedRecord): void {
    const below = this.#base.acls.get(record.id);
    if (below !== undefined) {
      this.#removedAclIds.add(record.id);
      this.#removedAclKeys.add(aclKey(below));
    }
    this.#addedAcls.apply(record);
  }

  #ownDelegationTokens(): Map<string, DelegationTokenImage> {
    this.#delegationTokens ??= new Map(this.#base.delegationTokens);
    return this.#delegationTokens;
  }

  #setTopic(topic: TopicImage): void {
    this.#topicsByName.set(topic.name, topic);
    this.#topicsById.set(topic.id, topic);
  }
}
