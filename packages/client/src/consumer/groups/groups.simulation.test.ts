// Members of all kinds come, go, die and lose their connections in one group, on one real broker; the seed decides. Nobody may ever have a partition that another one has not
// given up, and whenever things are quiet every partition has exactly one owner, who can commit its offset.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { SeededRandom, seedOf, startTestBroker, type TestBroker } from '@moldau/testing';
import { Admin } from '../../admin/admin.ts';
import { Cluster } from '../../cluster/cluster.ts';
import { resolveClientOptions } from '../../options/client-options.ts';
import { nodePorts } from '../../options/ports.ts';
import type { AssignorName } from './assignors/assignor.ts';
import { GroupOffsets } from './group-offsets.ts';
import { eventually, Ownership, RecordingHost, startMember, type TestMember } from './testing-members.ts';

const seed = seedOf();
const STEPS = 4;
const MOST_MEMBERS = 4;
const SESSION_MS = 1_500;
const BROKER_SETTINGS = [
  'group.initial.rebalance.delay.ms=0',
  'group.min.session.timeout.ms=100',
  'group.consumer.heartbeat.interval.ms=50',
  'group.consumer.min.heartbeat.interval.ms=50',
  `group.consumer.session.timeout.ms=${SESSION_MS}`,
  'group.consumer.min.session.timeout.ms=100',
  'group.consumer.assignment.interval.ms=0',
];

interface Kind {
  readonly protocol: 'classic' | 'consumer';
  readonly assignors?: readonly AssignorName[];
}

const eager: Kind = { protocol: 'classic', assignors: ['range', 'cooperative-sticky'] };
const sticky: Kind = { protocol: 'classic', assignors: ['sticky'] };
const cooperative: Kind = { protocol: 'classic', assignors: ['cooperative-sticky'] };
const consumer: Kind = { protocol: 'consumer' };

const groups: readonly { readonly title: string; readonly kinds: readonly Kind[] }[] = [
  { title: 'eager members', kinds: [eager] },
  { title: 'sticky members', kinds: [sticky] },
  { title: 'cooperative members', kinds: [cooperative] },
  { title: 'members of the consumer protocol', kinds: [consumer] },
  { title: 'members of both protocols', kinds: [cooperative, consumer] },
];

describe(`a group whose members come, go and die (SEED=${seed})`, { concurrency: true }, () => {
  let broker: TestBroker;
  let brokers: string;
  let cluster: Cluster;

  before(async () => {
    broker = await startTestBroker({ settings: BROKER_SETTINGS });
    brokers = `127.0.0.1:${broker.port}`;
    cluster = new Cluster(resolveClientOptions({ brokers }), nodePorts);
    const admin = new Admin(cluster);
    await admin.topics.create({ name: 'orders', partitions: 7 });
    await admin.topics.create({ name: 'audit', partitions: 2 });
    await eventually(
      () =>
        cluster.metadata.topics.size === 2 || void cluster.refresh({ topics: 'all', reason: '' }) === null,
    );
  });

  after(async () => {
    await cluster.close();
    await broker.stop();
  });

  groups.forEach(({ title, kinds }, index) => {
    it(`${title} share the partitions at every quiet moment, and never at once`, {
      concurrency: true,
    }, async () => {
      const simulation = new Simulation(brokers, `group-${index}`, kinds, new SeededRandom(seed + index));
      try {
        for (let step = 0; step < STEPS; step++) await simulation.step();
      } finally {
        await simulation.end();
      }
    });
  });
});

class Simulation {
  readonly #brokers: string;
  readonly #groupId: string;
  readonly #kinds: readonly Kind[];
  readonly #random: SeededRandom;
  readonly #ownership = new Ownership();
  readonly #history: string[] = [];
  #members: TestMember[] = [];
  #count = 0;
  #hasKilled = false;

  constructor(brokers: string, groupId: string, kinds: readonly Kind[], random: SeededRandom) {
    this.#brokers = brokers;
    this.#groupId = groupId;
    this.#kinds = kinds;
    this.#random = random;
  }

  async step(): Promise<void> {
    const random = this.#random;
    const changes = 1 + random.below(2);
    for (let change = 0; change < changes; change++) {
      if (this.#members.length === 0 || (this.#members.length < MOST_MEMBERS && random.chance(0.6)))
        this.#join();
      else if (random.chance(0.2)) random.pick(this.#members).membership.rejoin('a test');
      else if (random.chance(0.4)) this.#cut();
      else if (this.#hasKilled || random.chance(0.6)) await this.#leave();
      else await this.#kill();
      // So that changes also come in the middle of rebalances.
      await new Promise((resolve) => setTimeout(resolve, random.below(40)));
    }
    if (this.#members.length === 0) this.#join();
    await this.#quiet();
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.map((member) => member[Symbol.asyncDispose]()));
  }

  #join(): void {
    const name = `m${this.#count++}`;
    const kind = this.#random.pick(this.#kinds);
    this.#history.push(`${name} joins (${kind.assignors?.[0] ?? kind.protocol})`);
    const host = new RecordingHost(name, this.#ownership);
    const delayMs = this.#random.below(30);
    host.beforeRevoked = () => new Promise((resolve) => setTimeout(resolve, delayMs));
    const settings = { sessionTimeoutMs: SESSION_MS, heartbeatIntervalMs: 50 };
    const subscription = { topics: ['orders', 'audit'] };
    this.#members.push(
      startMember({ brokers: this.#brokers, groupId: this.#groupId, ...kind, settings, subscription, host }),
    );
  }

  #cut(): void {
    const { network, host } = this.#random.pick(this.#members);
    this.#history.push(`${host.name} loses its connections`);
    network.cut();
  }

  #takeOut(): TestMember {
    const member = this.#random.pick(this.#members);
    this.#members = this.#members.filter((each) => each !== member);
    return member;
  }

  async #leave(): Promise<void> {
    const member = this.#takeOut();
    this.#history.push(`${member.host.name} leaves`);
    await member[Symbol.asyncDispose]();
    assert.equal(member.host.owned.size, 0);
  }

  async #kill(): Promise<void> {
    const member = this.#takeOut();
    this.#hasKilled = true;
    this.#history.push(`${member.host.name} dies`);
    await member.kill();
    this.#ownership.bury(member.host);
  }

  async #quiet(): Promise<void> {
    const isQuiet = (): boolean =>
      this.#members.every(({ membership }) => membership.state === 'stable') &&
      this.#members.reduce((sum, { host }) => sum + host.owned.size, 0) === 9 &&
      this.#ownership.owners.size === 9;
    const explain = (): string =>
      [
        ...this.#history,
        ...this.#members.map(
          ({ host, membership }) =>
            `${host.name} ${membership.state}: ${host.events.join(', ')} ${host.error?.message ?? ''}`,
        ),
      ].join('\n');
    const eventCount = (): number => this.#members.reduce((sum, { host }) => sum + host.events.length, 0);
    for (;;) {
      await eventually(isQuiet, explain);
      assert.deepEqual(this.#ownership.violations, [], explain());
      const before = eventCount();
      const commits = await Promise.allSettled(this.#members.map((member) => this.#commit(member)));
      const failure = commits.find(({ status }) => status === 'rejected');
      if (failure === undefined) return;
      // It was the quiet before a storm.
      assert.notEqual(eventCount(), before, `${explain()}\n${(failure as PromiseRejectedResult).reason}`);
    }
  }

  async #commit({ cluster, membership }: TestMember): Promise<void> {
    const offsets = new GroupOffsets({ cluster, groupId: this.#groupId, membership, requiresStable: true });
    const own = [...membership.assignment];
    await offsets.commit(own.map((partition) => ({ ...partition, offset: this.#count })));
    const found = await offsets.committed(own);
    assert.deepEqual(
      found.map((each) => each?.offset),
      own.map(() => this.#count),
    );
  }
}
