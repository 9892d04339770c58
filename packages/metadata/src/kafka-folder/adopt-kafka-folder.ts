// Takes over the data folder of a Kafka broker: reads Kafka's metadata log and tells its topics, configs, ACLs, SCRAM users and producer
// ids in records of ours. The partitions' folders stay as they are, both read the same files.
//
// Invariants: nothing in the folder is changed. A folder is taken over whole or refused with one line that says why: topics
// without their configs would lose records to the default retention.

import { join } from 'node:path';
import type { Disk } from '@moldau/io';
import { batches, type Uuid } from '@moldau/protocol';
import { AclImages } from '../acl-images.ts';
import { ClientQuotaImages } from '../client-quota-images.ts';
import {
  ConfigResourceType,
  type DelegationTokenRecord,
  type MetadataRecord,
  type PartitionRun,
  type PartitionState,
} from '../records.ts';
import { ScramCredentialImages } from '../scram-credential-images.ts';
import { MetadataStoreError } from '../store/metadata-store.ts';
import { CLUSTER_METADATA_TOPIC } from '../topic-names.ts';
import { decodeKafkaMetadataRecord, type KafkaMetadataRecord } from './kafka-metadata-records.ts';

const METADATA_FOLDER = `${CLUSTER_METADATA_TOPIC}-0`;
/** '<end offset>-<epoch>.checkpoint' */
const CHECKPOINT_NAME = /^(\d{20})-\d{10}\.checkpoint$/;
const LOG_NAME = /^(\d{20})\.log$/;
const PARTITION_FOLDER = /^.+-\d+$/;

export interface AdoptKafkaFolderOptions {
  readonly disk: Disk;
  /** Where partitions and Kafka's metadata log may be. */
  readonly logDirs: readonly string[];
  /** Becomes the leader and only replica of all partitions. */
  readonly nodeId: number;
}

interface KafkaTopic {
  readonly id: Uuid;
  readonly name: string;
  readonly partitions: Map<number, { replicas: readonly number[]; leaderEpoch: number }>;
}

/**
 * Records for what Kafka left in the folders of a broker that has no metadata of ours yet; none when they are new.
 * @throws MetadataStoreError when they cannot be taken over
 */
export async function adoptKafkaFolder(options: AdoptKafkaFolderOptions): Promise<MetadataRecord[]> {
  const { disk, logDirs, nodeId } = options;
  for (const logDir of logDirs) {
    const folder = join(logDir, METADATA_FOLDER);
    if ((await disk.stat(folder)) === undefined) continue;
    const cluster = new KafkaCluster();
    try {
      for await (const record of readKafkaMetadata(disk, folder)) cluster.apply(record);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new MetadataStoreError(`Kafka's metadata in ${folder} cannot be read: ${reason}`, {
        cause: error,
      });
    }
    return cluster.records(logDir, nodeId);
  }
  await refuseUnknownPartitions(disk, logDirs);
  return [];
}

/** Partitions that no metadata tells of: ZooKeeper kept it, or it was deleted. Their configs are lost to us. */
async function refuseUnknownPartitions(disk: Disk, logDirs: readonly string[]): Promise<void> {
  for (const logDir of logDirs) {
    if ((await disk.stat(logDir)) === undefined) continue;
    const found = (await disk.list(logDir)).find(
      ({ name, kind }) => kind === 'directory' && PARTITION_FOLDER.test(name),
    );
    if (found === undefined) continue;
    throw new MetadataStoreError(
      `${logDir} holds partitions (${found.name}) but no metadata that tells of their topics and configs. If Kafka with ZooKeeper wrote it, migrate it to KRaft with Kafka 3.9 first; else restore the folder from a copy, or choose an empty one.`,
    );
  }
}

async function* readKafkaMetadata(disk: Disk, folder: string): AsyncIterable<KafkaMetadataRecord> {
  const names = (await disk.list(folder)).map(({ name }) => name).sort();
  const checkpoint = names.filter((name) => CHECKPOINT_NAME.test(name)).at(-1);
  let position = 0;
  if (checkpoint !== undefined) {
    position = Number(CHECKPOINT_NAME.exec(checkpoint)![1]);
    yield* decodeAll(await disk.readFile(join(folder, checkpoint)), 0);
  }
  const logs = names.filter((name) => LOG_NAME.test(name));
  for (const [index, name] of logs.entries()) {
    const next = logs[index + 1];
    if (next !== undefined && Number(LOG_NAME.exec(next)![1]) <= position) continue;
    yield* decodeAll(await disk.readFile(join(folder, name)), position);
  }
}

/** Records from an offset on, without those of transactions that were aborted. */
function* decodeAll(bytes: Buffer, fromOffset: number): Iterable<KafkaMetadataRecord> {
  let transaction: KafkaMetadataRecord[] | undefined;
  for (const batch of batches(bytes)) {
    if (!batch.isCrcValid()) throw new Error(`the batch at offset ${batch.baseOffset} is damaged`);
    if (batch.isControl) continue;
    for (const { offset, value } of batch.records()) {
      const record = offset < fromOffset || value === null ? undefined : decodeKafkaMetadataRecord(value);
      if (record === undefined) continue;
      if (record.kind === 'beginTransaction') transaction = [];
      else if (record.kind === 'abortTransaction') transaction = undefined;
      else if (record.kind === 'endTransaction') {
        yield* transaction ?? [];
        transaction = undefined;
      } else if (transaction !== undefined) transaction.push(record);
      else yield record;
    }
  }
}

/** What Kafka's records add up to. */
class KafkaCluster {
  readonly #brokers = new Set<number>();
  readonly #topics = new Map<Uuid, KafkaTopic>();
  /** By resource type and name. */
  readonly #configs = new Map<string, { type: number; name: string; values: Map<string, string> }>();
  readonly #features = new Map<string, number>();
  readonly #clientQuotas = new ClientQuotaImages();
  readonly #acls = new AclImages();
  readonly #scramCredentials = new ScramCredentialImages();
  readonly #delegationTokens = new Map<string, DelegationTokenRecord>();
  #nextProducerId = 0;

  apply(record: KafkaMetadataRecord): void {
    switch (record.kind) {
      case 'registerBroker':
        this.#brokers.add(record.value.brokerId);
        break;
      case 'unregisterBroker':
        this.#brokers.delete(record.value.brokerId);
        break;
      case 'topic': {
        const { topicId: id, name } = record.value;
        this.#topics.set(id, { id, name, partitions: new Map() });
        break;
      }
      case 'removeTopic':
        this.#removeTopic(record.value.topicId);
        break;
      case 'partition': {
        const { topicId, partitionId, replicas, leaderEpoch } = record.value;
        this.#topics.get(topicId)?.partitions.set(partitionId, { replicas, leaderEpoch });
        break;
      }
      case 'partitionChange': {
        const { topicId, partitionId, replicas, leader } = record.value;
        const partition = this.#topics.get(topicId)?.partitions.get(partitionId);
        if (partition === undefined) break;
        if (replicas !== null) partition.replicas = replicas;
        if (leader !== -2) partition.leaderEpoch += 1;
        break;
      }
      case 'config':
        this.#applyConfig(record.value);
        break;
      case 'feature':
        this.#features.set(record.value.name, record.value.featureLevel);
        break;
      case 'clientQuota': {
        const { remove: isRemoved, ...quota } = record.value;
        this.#clientQuotas.apply({ type: 'client-quota', ...quota, isRemoved });
        break;
      }
      case 'acl':
        this.#acls.apply({ type: 'acl', ...record.value });
        break;
      case 'removeAcl':
        this.#acls.apply({ type: 'acl-removed', ...record.value });
        break;
      case 'scramCredential': {
        const { name: user, ...credential } = record.value;
        this.#scramCredentials.apply({ type: 'scram-credential', user, ...credential });
        break;
      }
      case 'removeScramCredential': {
        const { name: user, mechanism } = record.value;
        this.#scramCredentials.apply({ type: 'scram-credential-removed', user, mechanism });
        break;
      }
      case 'delegationToken': {
        const {
          issueTimestamp: issueTimestampMs,
          expirationTimestamp: expiryTimestampMs,
          maxTimestamp: maxTimestampMs,
          ...token
        } = record.value;
        const times = { issueTimestampMs, expiryTimestampMs, maxTimestampMs };
        this.#delegationTokens.set(token.tokenId, { type: 'delegation-token', ...token, ...times });
        break;
      }
      case 'removeDelegationToken':
        this.#delegationTokens.delete(record.value.tokenId);
        break;
      case 'producerIds':
        this.#nextProducerId = Math.max(this.#nextProducerId, record.value.nextProducerId);
        break;
    }
  }

  /** @throws MetadataStoreError when there is more than one broker */
  records(logDir: string, nodeId: number): MetadataRecord[] {
    const brokers = new Set(this.#brokers);
    for (const { partitions } of this.#topics.values()) {
      for (const { replicas } of partitions.values()) for (const replica of replicas) brokers.add(replica);
    }
    if (brokers.size > 1) {
      throw new MetadataStoreError(
        `${logDir} is the folder of a Kafka cluster of several brokers (${[...brokers].sort((a, b) => a - b).join(', ')}), of which it holds only a part. Only the folder of a single broker can be taken over.`,
      );
    }
    const records: MetadataRecord[] = [...this.#features]
      .filter(([, level]) => level > 0)
      .map(([name, level]) => ({ type: 'feature', name, level }));
    records.push(...this.#clientQuotas.records());
    records.push(...this.#acls.records());
    records.push(...this.#scramCredentials.records(), ...this.#delegationTokens.values());
    if (this.#nextProducerId > 0)
      records.push({ type: 'producer-ids', nextProducerId: this.#nextProducerId });
    for (const { id, name, partitions } of this.#topics.values()) {
      records.push({ type: 'topic', id, name, partitions: runsOf(partitions, nodeId) });
    }
    for (const { type, name, values } of this.#configs.values()) {
      if (values.size === 0) continue;
      const entries = [...values].map(([key, value]) => ({ name: key, value }));
      records.push({ type: 'config', resourceType: type, resourceName: name, entries });
    }
    return records;
  }

  #removeTopic(id: Uuid): void {
    const topic = this.#topics.get(id);
    if (topic === undefined) return;
    this.#topics.delete(id);
    this.#configs.delete(`${ConfigResourceType.TOPIC}/${topic.name}`);
  }

  #applyConfig(change: {
    resourceType: number;
    resourceName: string;
    name: string;
    value: string | null;
  }): void {
    const { resourceType: type, resourceName, name, value } = change;
    const key = `${type}/${resourceName}`;
    let resource = this.#configs.get(key);
    if (resource === undefined) {
      resource = { type, name: resourceName, values: new Map() };
      this.#configs.set(key, resource);
    }
    if (value === null) resource.values.delete(name);
    else resource.values.set(name, value);
  }
}

/** All on this node, one leader epoch further on. */
function runsOf(partitions: KafkaTopic['partitions'], nodeId: number): PartitionRun[] {
  return [...partitions]
    .sort(([a], [b]) => a - b)
    .map(([, { leaderEpoch }]) => {
      const state: PartitionState = {
        leader: nodeId,
        leaderEpoch: leaderEpoch + 1,
        replicas: [nodeId],
        isr: [nodeId],
      };
      return { count: 1, state };
    });
}
