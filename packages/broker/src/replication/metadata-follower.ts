// Keeps the image of the cluster's metadata up to the committed records, and tells who has to act on a change.
//
// Invariant: whoever is told of a change sees an image that has it.

import {
  type AclRecord,
  type AclRemovedRecord,
  ConfigResourceType,
  MetadataImage,
  type MetadataRecord,
  type MetadataWatcher,
  type TopicImage,
} from '@moldau/metadata';

export interface MetadataListener {
  /** The topic is gone; `topic` is what it was. */
  topicRemoved?(topic: TopicImage): void;
  topicConfigured?(topic: TopicImage): void;
  /** Configs of a broker, or those for all brokers, have changed. */
  brokersConfigured?(): void;
  clientQuotasChanged?(): void;
  /** A rule of who may do what has come or gone. */
  aclChanged?(record: AclRecord | AclRemovedRecord): void;
  /** Client metrics subscriptions have changed. */
  clientMetricsConfigured?(): void;
}

export class MetadataFollower implements MetadataWatcher {
  readonly image = new MetadataImage();
  #position = 0;
  readonly #listeners: MetadataListener[] = [];

  /** How many records the image holds. */
  get position(): number {
    return this.#position;
  }

  subscribe(listener: MetadataListener): void {
    this.#listeners.push(listener);
  }

  /** The records build an image from nothing; only an image that is still empty can take them. */
  restart(records: readonly MetadataRecord[], position: number): void {
    for (const record of records) this.#apply(record);
    this.#position = position;
  }

  committed(records: readonly MetadataRecord[], position: number): void {
    for (const record of records) this.#apply(record);
    this.#position = position;
  }

  #apply(record: MetadataRecord): void {
    const removed = record.type === 'topic-removed' ? this.image.topicById(record.topicId) : undefined;
    this.image.apply(record);
    for (const listener of this.#listeners) {
      if (removed !== undefined) listener.topicRemoved?.(removed);
      if (record.type === 'client-quota') listener.clientQuotasChanged?.();
      if (record.type === 'acl' || record.type === 'acl-removed') listener.aclChanged?.(record);
      if (record.type === 'config') this.#tellConfigured(listener, record.resourceType, record.resourceName);
    }
  }

  #tellConfigured(listener: MetadataListener, resourceType: number, resourceName: string): void {
    if (resourceType === ConfigResourceType.CLIENT_METRICS) listener.clientMetricsConfigured?.();
    if (resourceType === ConfigResourceType.BROKER) listener.brokersConfigured?.();
    if (resourceType !== ConfigResourceType.TOPIC) return;
    const topic = this.image.topicByName(resourceName);
    if (topic !== undefined) listener.topicConfigured?.(topic);
  }
}
