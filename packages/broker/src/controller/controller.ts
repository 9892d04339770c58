// Everything that changes the cluster's metadata goes through here: commands are decided against the image, their records
// are appended to the metadata log, and only when they are committed the commands are answered.
//
// Deciding is pure (create-topics.ts and its neighbours: a view and a command give records and a response); this is the
// one runtime around it. All commands that have come in while an append was under way are decided together and share
// the next append, each seeing what those before it decided.
//
// Invariants: nothing is answered before it is committed; records are decided on exactly the position they are appended at.

import type { Logger, Random } from '@moldau/io';
import {
  type Acl,
  type BrokerImage,
  type DelegationTokenImage,
  MetadataFencedError,
  type MetadataImage,
  type MetadataRecord,
  type MetadataStore,
  MetadataStoreError,
} from '@moldau/metadata';
import { ErrorCode, KafkaError, type Uuid, uuidFromBytes } from '@moldau/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { InitialTopic } from '../config/initial-topics.ts';
import type { InitialUser } from '../config/initial-users.ts';
import type { MutationQuota } from '../quotas/client-quotas.ts';
import type { AclFilter } from '../security/authorization/acl-filter.ts';
import { createAcls, type DeletedAcls, deleteAcls } from './alter-acls.ts';
import {
  type AlterClientQuotasCommand,
  type AlteredClientQuota,
  alterClientQuotas,
} from './alter-client-quotas.ts';
import {
  type AlteredResource,
  alterConfigs,
  type ChangedConfigs,
  incrementalAlterConfigs,
  type ReplacedConfigs,
} from './alter-configs.ts';
import {
  type CreateDelegationTokenCommand,
  createDelegationToken,
  type DelegationTokenTimes,
  expireDelegationToken,
  type ProlongDelegationTokenCommand,
  type ProlongedDelegationToken,
  removeExpiredDelegationTokens,
  renewDelegationToken,
} from './alter-delegation-tokens.ts';
import {
  type AlteredScramUser,
  type AlterScramCredentialsCommand,
  addScramUsers,
  alterScramCredentials,
  saltedCredentials,
} from './alter-scram-credentials.ts';
import { registerBroker, reserveProducerIds } from './broker-commands.ts';
import { type CreatePartitionsCommand, createPartitions, type IncreasedTopic } from './create-partitions.ts';
import {
  type CreatedTopic,
  type CreateTopicsCommand,
  createTopics,
  type NewTopic,
  type TopicDefaults,
} from './create-topics.ts';
import { type DeletedTopic, deleteTopics, type TopicReference } from './delete-topics.ts';
import { type FeatureUpdate, finalizeFeatures, initialFeatures, updateFeatures } from './features.ts';
import { internalTopic } from './internal-topics.ts';
import { MetadataView, type ReadableMetadata } from './metadata-view.ts';
import type { ItemResult, Outcome } from './outcome.ts';

const CLUSTER_SECRET_BYTES = 32;

export interface ControllerOptions {
  readonly store: MetadataStore;
  /** Follows the store: committed records are in the image before append() resolves. */
  readonly follower: { readonly image: MetadataImage; readonly position: number };
  /** From MetadataSession.claimController(). */
  readonly controllerEpoch: number;
  readonly config: BrokerConfig;
  readonly random: Random;
  readonly logger: Logger;
}

interface Pending {
  decide(view: ReadableMetadata): readonly MetadataRecord[];
  resolve(): void;
  reject(error: Error): void;
}

export class Controller {
  readonly #options: ControllerOptions;
  readonly #topicDefaults: TopicDefaults;
  #queue: Pending[] = [];
  #isRunning = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { config, random } = options;
    this.#topicDefaults = {
      get numPartitions() {
        return config.numPartitions;
      },
      get replicationFactor() {
        return config.defaultReplicationFactor;
      },
      newTopicId: () => newUuid(random),
      firstBroker: () => Math.floor(random.next() * 1024),
    };
  }

  /** Higher than that of every controller before. */
  get epoch(): number {
    return this.#options.controllerEpoch;
  }

  createAcls(acls: readonly Acl[]): Promise<ItemResult[]> {
    const { random } = this.#options;
    return this.#submit((view) => createAcls(view, acls, () => newUuid(random)));
  }

  deleteAcls(filters: readonly AclFilter[]): Promise<readonly DeletedAcls[]> {
    return this.#submit((view) => deleteAcls(view, filters));
  }

  createTopics(command: CreateTopicsCommand): Promise<CreatedTopic[]> {
    return this.#submit((view) => createTopics(view, command, this.#topicDefaults));
  }

  /** @param mutations left out when the client has no bounds. */
  deleteTopics(topics: readonly TopicReference[], mutations?: MutationQuota): Promise<DeletedTopic[]> {
    return this.#submit((view) => deleteTopics(view, topics, mutations));
  }

  createPartitions(command: CreatePartitionsCommand): Promise<IncreasedTopic[]> {
    return this.#submit((view) => createPartitions(view, command));
  }

  alterConfigs(command: {
    resources: readonly ReplacedConfigs[];
    validateOnly: boolean;
  }): Promise<AlteredResource[]> {
    return this.#submit((view) => alterConfigs(view, command, this.#options.config));
  }

  incrementalAlterConfigs(command: {
    resources: readonly ChangedConfigs[];
    validateOnly: boolean;
  }): Promise<AlteredResource[]> {
    return this.#submit((view) => incrementalAlterConfigs(view, command, this.#options.config));
  }

  alterClientQuotas(command: AlterClientQuotasCommand): Promise<AlteredClientQuota[]> {
    return this.#submit((view) => alterClientQuotas(view, command));
  }

  alterScramCredentials(command: AlterScramCredentialsCommand): Promise<AlteredScramUser[]> {
    return this.#submit((view) => alterScramCredentials(view, command));
  }

  /** Creates those of the users that have no SCRAM credential at all; others keep theirs. */
  async createInitialUsers(users: readonly InitialUser[]): Promise<void> {
    const { follower, random } = this.#options;
    const missing = users.filter(({ name }) => follower.image.scramCredentials.of(name).size === 0);
    if (missing.length === 0) return;
    const credentials = await saltedCredentials(missing, random);
    await this.#submit((view) => addScramUsers(view, credentials));
  }

  createDelegationToken(
    command: CreateDelegationTokenCommand,
    times: DelegationTokenTimes,
  ): Promise<DelegationTokenImage> {
    const tokenId = newUuid(this.#options.random);
    return this.#submit(() => createDelegationToken(tokenId, command, times));
  }

  renewDelegationToken(
    command: ProlongDelegationTokenCommand,
    times: DelegationTokenTimes,
  ): Promise<ProlongedDelegationToken> {
    return this.#submit((view) => renewDelegationToken(view, command, times));
  }

  expireDelegationToken(
    command: ProlongDelegationTokenCommand,
    times: DelegationTokenTimes,
  ): Promise<ProlongedDelegationToken> {
    return this.#submit((view) => expireDelegationToken(view, command, times));
  }

  /** Resolves to how many were removed. */
  async removeExpiredDelegationTokens(nowMs: number): Promise<number> {
    for (let removed = 0; ; ) {
      const more = await this.#submit((view) => removeExpiredDelegationTokens(view, nowMs));
      removed += more;
      if (more === 0) return removed;
    }
  }

  /**
   * Creates those of the topics that do not exist: internal ones as they have to be, others by the broker's defaults.
   * Resolves to the error codes of those that could not be created.
   */
  async autoCreateTopics(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const created = await this.#createMissing((view) =>
      [...new Set(names)].map((name) => this.#topicByDefaults(view, name)),
    );
    const errors = created.filter(({ errorCode }) => errorCode !== ErrorCode.NONE);
    return new Map(errors.map(({ name, errorCode }) => [name, errorCode]));
  }

  /** Creates an internal topic unless it exists. Rejects with a KafkaError when it cannot be. */
  async ensureTopic(name: string): Promise<void> {
    const [created] = await this.#createMissing((view) => [this.#topicByDefaults(view, name)]);
    if (created === undefined || created.errorCode === ErrorCode.NONE) return;
    throw new KafkaError(created.errorCode, created.errorMessage ?? `cannot create topic ${name}`);
  }

  /** Creates those that do not exist, with as many of the replicas asked for as there are brokers. */
  createInitialTopics(topics: readonly InitialTopic[]): Promise<CreatedTopic[]> {
    return this.#createMissing((view) =>
      topics.map(({ name, partitions, replicas, configs }) => ({
        name,
        numPartitions: partitions,
        replicationFactor: Math.min(replicas, Math.max(1, view.brokers.size)),
        assignments: [],
        configs: [...configs].map(([key, value]) => ({ name: key, value })),
      })),
    );
  }

  /** Records that found a cluster; nothing when there is one. */
  formCluster(clusterId: string, adopted: readonly MetadataRecord[] = []): Promise<void> {
    const isFeature = (record: MetadataRecord) => record.type === 'feature';
    const features = initialFeatures(adopted.filter(isFeature));
    const others = adopted.filter((record) => !isFeature(record));
    return this.#submit((view) => ({
      records: view.clusterId === '' ? [{ type: 'cluster', clusterId }, ...features, ...others] : [],
      response: undefined,
    }));
  }

  /** Brings the features into force in a cluster that was formed before there were any. */
  finalizeFeatures(): Promise<void> {
    return this.#submit(finalizeFeatures);
  }

  /** Gives the cluster a secret when it has none. */
  ensureClusterSecret(): Promise<void> {
    const secret = this.#options.random.bytes(CLUSTER_SECRET_BYTES);
    return this.#submit((view) => ({
      records: view.clusterSecret === undefined ? [{ type: 'cluster-secret', secret }] : [],
      response: undefined,
    }));
  }

  /** Resolves to the names of the features. Rejects with a KafkaError when one of the updates cannot be: none is made then. */
  updateFeatures(command: {
    updates: readonly FeatureUpdate[];
    validateOnly: boolean;
  }): Promise<readonly string[]> {
    return this.#submit((view) => updateFeatures(view, command));
  }

  /** Records that were readable may be lost: clients that read them find out by the higher leader epochs (KIP-320). */
  raiseLeaderEpochs(): Promise<void> {
    return this.#submit(() => ({ records: [{ type: 'leader-epochs-raised' }], response: undefined }));
  }

  /** Writes nothing when the broker is known as it is. */
  registerBroker(broker: BrokerImage): Promise<void> {
    return this.#submit((view) => registerBroker(view, broker));
  }

  /** Producer ids that nobody else will ever get. */
  reserveProducerIds(): Promise<{ first: number; count: number }> {
    return this.#submit(reserveProducerIds);
  }

  #topicByDefaults(view: ReadableMetadata, name: string): NewTopic {
    const internal = internalTopic(name, this.#options.config, view.brokers.size);
    return internal ?? { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
  }

  #createMissing(topics: (view: ReadableMetadata) => readonly NewTopic[]): Promise<CreatedTopic[]> {
    return this.#submit((view) => {
      const missing = topics(view).filter(({ name }) => view.topicByName(name) === undefined);
      return createTopics(view, { topics: missing, validateOnly: false }, this.#topicDefaults);
    });
  }

  #submit<Response>(decide: (view: ReadableMetadata) => Outcome<Response>): Promise<Response> {
    return new Promise((resolve, reject) => {
      let outcome: Outcome<Response> | undefined;
      this.#queue.push({
        decide(view) {
          outcome = decide(view);
          return outcome.records;
        },
        resolve: () => resolve(outcome!.response),
        reject,
      });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // What this turn of the event loop still brings belongs to the same append.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      await this.#commit(batch);
      this.#writeSnapshotIfDue();
    }
    this.#isRunning = false;
  }

  async #commit(batch: readonly Pending[]): Promise<void> {
    const { store, follower, controllerEpoch } = this.#options;
    const view = new MetadataView(follower.image);
    const records: MetadataRecord[] = [];
    const decided: Pending[] = [];
    for (const pending of batch) {
      try {
        for (const record of pending.decide(view)) {
          view.apply(record);
          records.push(record);
        }
        decided.push(pending);
      } catch (error) {
        pending.reject(error instanceof Error ? error : new Error(String(error)));
      }
    }
    try {
      if (records.length > 0) await store.append(records, { controllerEpoch, position: follower.position });
    } catch (error) {
      for (const pending of decided) pending.reject(notCommitted(error));
      return;
    }
    for (const pending of decided) pending.resolve();
  }

  #writeSnapshotIfDue(): void {
    const { store, follower, logger } = this.#options;
    if (!store.isSnapshotDue) return;
    store.writeSnapshot(follower.image.records(), follower.position).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ reason }, 'could not write a snapshot of the metadata; the log goes on without');
    });
  }
}

/** Why a command was not done, in an error that clients understand. */
function notCommitted(error: unknown): Error {
  if (error instanceof MetadataFencedError) return new KafkaError(ErrorCode.NOT_CONTROLLER, error.message);
  if (error instanceof MetadataStoreError)
    return new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, error.message);
  return error instanceof Error ? error : new Error(String(error));
}

/** Never one that starts with '-', which command line tools would take for an option. */
function newUuid(random: Random): Uuid {
  for (;;) {
    const id = uuidFromBytes(random.bytes(16));
    if (!id.startsWith('-')) return id;
  }
}
