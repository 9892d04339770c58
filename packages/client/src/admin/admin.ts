// The administrator's client: one room for each thing that can be administrated. It has connections of its own.

import type { Cluster } from '../cluster/cluster.ts';
import { ClusterAdmin } from './cluster-admin.ts';
import { ConfigsAdmin } from './configs.ts';
import { OffsetsAdmin } from './offsets.ts';
import { RecordsAdmin } from './records.ts';
import { TopicsAdmin } from './topics.ts';

/** Calls reject with KafkaErrors; when some of several things failed, with a PartialFailureError that has them all. */
export class Admin implements AsyncDisposable {
  readonly topics: TopicsAdmin;
  readonly configs: ConfigsAdmin;
  readonly offsets: OffsetsAdmin;
  readonly records: RecordsAdmin;
  readonly cluster: ClusterAdmin;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.topics = new TopicsAdmin(cluster);
    this.configs = new ConfigsAdmin(cluster);
    this.records = new RecordsAdmin(cluster);
    this.offsets = new OffsetsAdmin(cluster);
    this.cluster = new ClusterAdmin(cluster);
  }

  /** Rejects all calls that are under way with a ClosedError, and closes the connections. Safe to call twice. */
  close(): Promise<void> {
    return this.#cluster.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
