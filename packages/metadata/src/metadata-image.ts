// The cluster as of one position of the metadata log, to be read synchronously by everyone.
//
// Invariants: changed by apply() alone, one record at a time; a TopicImage or a config map that was handed out never
// changes, another takes its place. records() gives records that build an equal image.

import assert from 'node:assert/strict';
import type { Uuid } from '@moldau/protocol';
import { AclImages } from './acl-images.ts';
import { ClientQuotaImages } from './client-quota-images.ts';
import { InternedRuns } from './interned-runs.ts';
import {
  type BrokerRecord,
  type ConfigRecord,
  ConfigResourceType,
  type DelegationTokenRecord,
  type MetadataRecord,
  type PartitionRun,
} from './records.ts';
import { ScramCredentialImages } from './scram-credential-images.ts';
import { TopicImage } from './topic-image.ts';
import { CollidingNames } from './topic-names.ts';

export type Configs = ReadonlyMap<string, string>;
export type BrokerImage = Omit<BrokerRecord, 'type'>;
export type DelegationTokenImage = Omit<DelegationTokenRecord, 'type'>;

const NO_CONFIGS: Configs = new Map();

export class MetadataImage {
  #clusterId = '';
  #nextProducerId = 0;
  #partitionCount = 0;
  readonly #brokers = new Map<number, BrokerImage>();
  readonly #features = new Map<string, number>();
  /** Whose requests are bounded how. */
  readonly clientQuotas = new ClientQuotaImages();
  /** Who can log in by SCRAM. */
  readonly scramCredentials = new ScramCredentialImages();
  readonly #delegationTokens = new Map<string, DelegationTokenImage>();
  #delegationTokensRevision = 0;
  #clusterSecret: Buffer | undefined;
  /** Who may do what. */
  readonly acls = new AclImages();
  readonly #topicsByName = new Map<string, TopicImage>();
  readonly #topicsById = new Map<Uuid, TopicImage>();
  /** By resource type, then by resource name. */
  readonly #configs = new Map<number, Map<string, Configs>>();
  readonly #collidingNames = new CollidingNames();
  readonly #internedRuns = new InternedRuns();
  #sortedTopicNames: readonly string[] | undefined;

  /** '' until the cluster has been formed. */
  get clusterId(): string {
    return this.#clusterId;
  }

  /** The lowest producer id that has never been handed out. */
  get nextProducerId(): number {
    return this.#nextProducerId;
  }

  get brokers(): ReadonlyMap<number, BrokerImage> {
    return this.#brokers;
  }

  /** The levels in force, by the features' names; a level of 0 is left out. */
  get features(): ReadonlyMap<string, number> {
    return this.#features;
  }

  /** The level in force, as of 'transaction.version'; 0 when the feature is not. */
  featureLevel(name: string): number {
    return this.#features.get(name) ?? 0;
  }

  /** By id. */
  get delegationTokens(): ReadonlyMap<string, DelegationTokenImage> {
    return this.#delegationTokens;
  }

  /** Grows with every change of a delegation token, for those who keep what they derived. */
  get delegationTokensRevision(): number {
    return this.#delegationTokensRevision;
  }

  /** Random bytes of this cluster; undefined until it has some. Never to leave the brokers. */
  get clusterSecret(): Buffer | undefined {
    return this.#clusterSecret;
  }

  get topicCount(): number {
    return this.#topicsByName.size;
  }

  /** Of all topics together. */
  get partitionCount(): number {
    return this.#partitionCount;
  }

  topicByName(name: string): TopicImage | undefined {
    return this.#topicsByName.get(name);
  }

  topicById(id: Uuid): TopicImage | undefined {
    return this.#topicsById.get(id);
  }

  /** The topic that one of this name would collide with; see CollidingNames. */
  collidingTopic(name: string): string | undefined {
    return this.#collidingNames.find(name, (other) => this.#topicsByName.has(other));
  }

  /** In no order. */
  topics(): IterableIterator<TopicImage> {
    return this.#topicsByName.values();
  }

  /** All names by code unit, as Java sorts them; kept until a topic comes or goes. */
  sortedTopicNames(): readonly string[] {
    this.#sortedTopicNames ??= [...this.#topicsByName.keys()].sort();
    return this.#sortedTopicNames;
  }

  /** What is set for one resource, empty when nothing is. `type` is one of ConfigResourceType. */
  configs(type: number, name: string): Configs {
    return this.#configs.get(type)?.get(name) ?? NO_CONFIGS;
  }

  topicConfigs(name: string): Configs {
    return this.configs(ConfigResourceType.TOPIC, name);
  }

  /** The names of the resources of one type that have something set. */
  configuredResources(type: number): string[] {
    return [...(this.#configs.get(type)?.keys() ?? [])];
  }

  apply(record: MetadataRecord): void {
    switch (record.type) {
      case 'cluster':
        this.#clusterId = record.clusterId;
        break;
      case 'topic':
        assert(!this.#topicsByName.has(record.name), `topic ${record.name} is there already`);
        this.#setTopic(record.name, record.id, record.partitions);
        this.#collidingNames.add(record.name);
        this.#sortedTopicNames = undefined;
        break;
      case 'partitions-added': {
        const topic = this.#topicsById.get(record.topicId);
        assert(topic !== undefined, `no topic ${record.topicId} to add partitions to`);
        this.#partitionCount -= topic.partitionCount;
        this.#setTopic(topic.name, topic.id, [...topic.runs, ...record.partitions]);
        break;
      }
      case 'topic-removed': {
        const topic = this.#topicsById.get(record.topicId);
        assert(topic !== undefined, `no topic ${record.topicId} to remove`);
        this.#topicsById.delete(topic.id);
        this.#topicsByName.delete(topic.name);
        this.#collidingNames.remove(topic.name);
        this.#configs.get(ConfigResourceType.TOPIC)?.delete(topic.name);
        this.#partitionCount -= topic.partitionCount;
        this.#sortedTopicNames = undefined;
        break;
      }
      case 'config':
        this.#applyConfig(record);
        break;
      case 'broker': {
        const { type: _, ...broker } = record;
        this.#brokers.set(record.brokerId, broker);
        break;
      }
      case 'producer-ids':
        this.#nextProducerId = record.nextProducerId;
        break;
      case 'feature':
        if (record.level === 0) this.#features.delete(record.name);
        else this.#features.set(record.name, record.level);
        break;
      case 'client-quota':
        this.clientQuotas.apply(record);
        break;
      case 'acl':
      case 'acl-removed':
        this.acls.apply(record);
        break;
      case 'scram-credential':
      case 'scram-credential-removed':
        this.scramCredentials.apply(record);
        break;
      case 'delegation-token': {
        const { type: _, ...token } = record;
        this.#delegationTokens.set(token.tokenId, token);
        this.#delegationTokensRevision++;
        break;
      }
      case 'delegation-token-removed':
        this.#delegationTokens.delete(record.tokenId);
        this.#delegationTokensRevision++;
        break;
      case 'cluster-secret':
        this.#clusterSecret = Buffer.from(record.secret);
        break;
      case 'leader-epochs-raised':
        for (const topic of this.#topicsByName.values()) {
          this.#partitionCount -= topic.partitionCount;
          this.#setTopic(topic.name, topic.id, topic.runs.map(raiseLeaderEpoch));
        }
        break;
    }
  }

  /** Records that build this image: what a snapshot holds. */
  *records(): IterableIterator<MetadataRecord> {
    if (this.#clusterId !== '') yield { type: 'cluster', clusterId: this.#clusterId };
    for (const broker of this.#brokers.values()) yield { type: 'broker', ...broker };
    for (const [name, level] of this.#features) yield { type: 'feature', name, level };
    yield* this.clientQuotas.records();
    if (this.#clusterSecret !== undefined) yield { type: 'cluster-secret', secret: this.#clusterSecret };
    yield* this.scramCredentials.records();
    for (const token of this.#delegationTokens.values()) yield { type: 'delegation-token', ...token };
    yield* this.acls.records();
    if (this.#nextProducerId > 0) yield { type: 'producer-ids', nextProducerId: this.#nextProducerId };
    for (const topic of this.#topicsByName.values()) {
      yield { type: 'topic', id: topic.id, name: topic.name, partitions: topic.runs };
    }
    for (const [resourceType, resources] of this.#configs) {
      for (const [resourceName, configs] of resources) {
        const entries = [...configs].map(([name, value]) => ({ name, value }));
        yield { type: 'config', resourceType, resourceName, entries };
      }
    }
  }

  #setTopic(name: string, id: Uuid, runs: readonly PartitionRun[]): void {
    const topic = new TopicImage(name, id, this.#internedRuns.intern(runs));
    this.#topicsByName.set(name, topic);
    this.#topicsById.set(id, topic);
    this.#partitionCount += topic.partitionCount;
  }

  #applyConfig({ resourceType, resourceName, entries }: ConfigRecord): void {
    const configs = new Map(this.configs(resourceType, resourceName));
    for (const { name, value } of entries) {
      if (value === null) configs.delete(name);
      else configs.set(name, value);
    }
    let resources = this.#configs.get(resourceType);
    if (resources === undefined) {
      resources = new Map();
      this.#configs.set(resourceType, resources);
    }
    if (configs.size === 0) resources.delete(resourceName);
    else resources.set(resourceName, configs);
  }
}

function raiseLeaderEpoch({ count, state }: PartitionRun): PartitionRun {
  return { count, state: { ...state, leaderEpoch: state.leaderEpoch + 1 } };
}
