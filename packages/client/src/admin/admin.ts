// The administrator's client: one room for each thing that can be administrated. It has connections of its own.

import type { Cluster } from '../cluster/cluster.ts';
import { AclsAdmin } from './acls.ts';
import { ClusterAdmin } from './cluster-admin.ts';
import { ConfigsAdmin } from './configs.ts';
import { DelegationTokensAdmin } from './delegation-tokens.ts';
import { FeaturesAdmin } from './features.ts';
import { GroupOffsetsAdmin } from './group-offsets.ts';
import { GroupsAdmin } from './groups.ts';
import { LeadersAdmin } from './leaders.ts';
import { LogDirsAdmin } from './log-dirs.ts';
import { OffsetsAdmin } from './offsets.ts';
import { ProducersAdmin } from './producers.ts';
import { QuorumAdmin } from './quorum.ts';
import { QuotasAdmin } from './quotas.ts';
import { ReassignmentsAdmin } from './reassignments.ts';
import { RecordsAdmin } from './records.ts';
import { ShareGroupOffsetsAdmin } from './share-group-offsets.ts';
import { TopicsAdmin } from './topics.ts';
import { TransactionsAdmin } from './transactions.ts';
import { UsersAdmin } from './users.ts';

/** Calls reject with KafkaErrors; when some of several things failed, with a PartialFailureError that has them all. */
export class Admin implements AsyncDisposable {
  readonly topics: TopicsAdmin;
  readonly configs: ConfigsAdmin;
  readonly offsets: OffsetsAdmin;
  readonly records: RecordsAdmin;
  readonly groups: GroupsAdmin;
  readonly groupOffsets: GroupOffsetsAdmin;
  readonly shareGroupOffsets: ShareGroupOffsetsAdmin;
  readonly producers: ProducersAdmin;
  readonly transactions: TransactionsAdmin;
  readonly acls: AclsAdmin;
  readonly users: UsersAdmin;
  readonly delegationTokens: DelegationTokensAdmin;
  readonly quotas: QuotasAdmin;
  readonly cluster: ClusterAdmin;
  readonly features: FeaturesAdmin;
  readonly quorum: QuorumAdmin;
  readonly logDirs: LogDirsAdmin;
  readonly reassignments: ReassignmentsAdmin;
  readonly leaders: LeadersAdmin;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.topics = new TopicsAdmin(cluster);
    this.configs = new ConfigsAdmin(cluster);
    this.offsets = new OffsetsAdmin(cluster);
    this.records = new RecordsAdmin(cluster);
    this.groups = new GroupsAdmin(cluster);
    this.groupOffsets = new GroupOffsetsAdmin(cluster, this);
    this.shareGroupOffsets = new ShareGroupOffsetsAdmin(cluster);
    this.producers = new ProducersAdmin(cluster);
    this.transactions = new TransactionsAdmin(cluster, this);
    this.acls = new AclsAdmin(cluster);
    this.users = new UsersAdmin(cluster);
    this.delegationTokens = new DelegationTokensAdmin(cluster);
    this.quotas = new QuotasAdmin(cluster);
    this.cluster = new ClusterAdmin(cluster);
    this.features = new FeaturesAdmin(cluster);
    this.quorum = new QuorumAdmin(cluster);
    this.logDirs = new LogDirsAdmin(cluster);
    this.reassignments = new ReassignmentsAdmin(cluster);
    this.leaders = new LeadersAdmin(cluster);
  }

  /** Rejects all calls that are under way with a ClosedError, and closes the connections. Safe to call twice. */
  close(): Promise<void> {
    return this.#cluster.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
