// Members for tests: a host that records what it is told, and checks that nothing is told twice.

import assert from 'node:assert/strict';
import type { Connection, Network } from '@moldau/io';
import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import { Cluster } from '../../cluster/cluster.ts';
import type { KafkaError } from '../../errors/kafka-error.ts';
import { type ClientOptions, resolveClientOptions } from '../../options/client-options.ts';
import { nodePorts } from '../../options/ports.ts';
import { keyOf } from './assigned-partitions.ts';
import { createMembership } from './group-membership.ts';
import type {
  GroupSubscription,
  Membership,
  MembershipHost,
  MembershipOptions,
  MembershipState,
} from './types.ts';

/** Who has which partition, over all members of a test: nobody takes one that another has not given up. */
export class Ownership {
  readonly owners = new Map<string, RecordingHost>();
  readonly violations: string[] = [];

  take(host: RecordingHost, partitions: readonly TopicPartition[]): void {
    for (const key of partitions.map(keyOf)) {
      const owner = this.owners.get(key);
      if (owner !== undefined) this.violations.push(`${key} went to ${host.name} while ${owner.name} had it`);
      this.owners.set(key, host);
    }
  }

  giveUp(host: RecordingHost, partitions: readonly TopicPartition[]): void {
    for (const key of partitions.map(keyOf)) if (this.owners.get(key) === host) this.owners.delete(key);
  }

  /** A member that died has nothing any more. */
  bury(host: RecordingHost): void {
    for (const [key, owner] of this.owners) if (owner === host) this.owners.delete(key);
  }
}

export class RecordingHost implements MembershipHost {
  readonly name: string;
  readonly #ownership: Ownership;
  readonly events: string[] = [];
  readonly owned = new Set<string>();
  readonly states: MembershipState[] = [];
  error: KafkaError | undefined;
  /** What revoked() waits for. */
  beforeRevoked: ((partitions: readonly TopicPartition[]) => Promise<void>) | undefined;

  constructor(name: string, ownership = new Ownership()) {
    this.name = name;
    this.#ownership = ownership;
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.#record('revoked', partitions);
    for (const key of partitions.map(keyOf))
      assert.ok(this.owned.has(key), `${key} was revoked, and not owned`);
    await this.beforeRevoked?.(partitions);
    this.#ownership.giveUp(this, partitions);
    for (const key of partitions.map(keyOf)) this.owned.delete(key);
  }

  assigned(partitions: readonly TopicPartition[]): void {
    this.#record('assigned', partitions);
    this.#ownership.take(this, partitions);
    for (const key of partitions.map(keyOf)) {
      assert.ok(!this.owned.has(key), `${key} was assigned twice`);
      this.owned.add(key);
    }
  }

  lost(partitions: readonly TopicPartition[]): void {
    this.#record('lost', partitions);
    this.#ownership.giveUp(this, partitions);
    for (const key of partitions.map(keyOf)) this.owned.delete(key);
  }

  failed(error: KafkaError): void {
    this.events.push(`failed ${error.code}`);
    this.error = error;
  }

  stateChanged(state: MembershipState): void {
    this.states.push(state);
  }

  #record(event: string, partitions: readonly TopicPartition[]): void {
    this.events.push(
      `${event} ${partitions
        .map(({ topic, partition }) => `${topic}-${partition}`)
        .sort()
        .join(' ')}`,
    );
  }
}

/** Real connections, which a test may cut all at once. */
export class CuttableNetwork implements Network {
  readonly #connections = new Set<Connection>();

  async dial(...[options, handler]: Parameters<Network['dial']>): Promise<Connection> {
    const connection = await nodePorts.network.dial(options, handler);
    this.#connections.add(connection);
    return connection;
  }

  listen(...options: Parameters<Network['listen']>): ReturnType<Network['listen']> {
    return nodePorts.network.listen(...options);
  }

  lookup(host: string): Promise<string[]> {
    return nodePorts.network.lookup(host);
  }

  cut(): void {
    for (const connection of this.#connections) connection.destroy();
    this.#connections.clear();
  }
}

export interface TestMember extends AsyncDisposable {
  readonly network: CuttableNetwork;
  readonly host: RecordingHost;
  readonly cluster: Cluster;
  readonly membership: Membership;
  /** Its connections end, and nobody is told. */
  kill(): Promise<void>;
}

export interface TestMemberOptions extends Omit<MembershipOptions, 'cluster' | 'host'> {
  readonly brokers: string;
  readonly host?: RecordingHost;
  readonly subscription: Partial<GroupSubscription>;
  readonly client?: ClientOptions;
}

/** A member that has started. */
export function startMember(options: TestMemberOptions): TestMember {
  const { brokers, subscription, host = new RecordingHost('a member'), client } = options;
  const network = new CuttableNetwork();
  const cluster = new Cluster(resolveClientOptions({ brokers, ...client }), { ...nodePorts, network });
  const membership = createMembership({ ...options, cluster, host });
  membership.subscribe({ topics: [], patterns: [], ...subscription });
  membership.start();
  return {
    ...{ host, cluster, membership, network },
    kill: () => cluster.close(),
    async [Symbol.asyncDispose]() {
      await membership.leave({ timeoutMs: 2_000 });
      await cluster.close();
    },
  };
}

/** Resolves when it holds; rejects with what `explain` says when it does not in time. */
export async function eventually(
  isTrue: () => boolean,
  explain: () => string = () => 'never',
  timeoutMs = 15_000,
): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error(explain());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
