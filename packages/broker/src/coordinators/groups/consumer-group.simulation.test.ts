import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { seedsOf } from '@moldau/testing';
import { describeGroup, TestingConsumer } from './testing-consumer.ts';
import { SimulatedShard } from './testing-shard.ts';

const TICK_MS = 250;
const TICKS = 1_500;
const MAX_MEMBERS = 7;
const REBALANCE_TIMEOUT_MS = 10_000;
const SESSION_TIMEOUT_MS = 6_000;
/** What it may take when nobody disturbs any more: dead members have to be found out, slow ones to be thrown out. */
const CALM_TICKS = (2 * (SESSION_TIMEOUT_MS + REBALANCE_TIMEOUT_MS)) / TICK_MS;
const TOPICS = ['t', 'u', 'v1', 'v2'];

class Simulation {
  #seed: number;
  readonly group = new SimulatedShard(
    {},
    {
      sessionTimeoutMs: () => SESSION_TIMEOUT_MS,
      heartbeatIntervalMs: () => 2_000,
    },
  );
  #members: SimulatedConsumer[] = [];
  #bornCount = 0;
  #epochOfGroup = 0;
  readonly partitionCounts = new Map<string, number>();
  stepCount = 0;

  constructor(seed: number) {
    this.#seed = seed;
    for (const topic of TOPICS.slice(0, 2)) this.#create(topic);
  }

  async run(): Promise<void> {
    for (let tick = 0; tick < TICKS; tick++) {
      this.#disturb();
      await this.#tick();
    }
    this.group.commit();
    this.group.holdsAppends = false;
    for (const { consumer } of this.#members) consumer.isSlow = false;
    if (this.#members.length === 0) this.#beBorn();
    for (let tick = 0; tick < CALM_TICKS; tick++) await this.#tick();
    // Expressions are matched again after ten seconds only.
    for (let tick = 0; tick < 20_000 / TICK_MS; tick++) await this.#tick();
    this.#checkCalm();
  }

  async #tick(): Promise<void> {
    await this.group.pass(TICK_MS);
    for (const member of this.#members) {
      member.step(this.group.nowMs);
      this.stepCount++;
    }
    await this.group.pass(0);
    this.#checkOwners();
    this.#checkEpochs();
  }

  #disturb(): void {
    const { group } = this;
    if (this.#chance(0.03) && this.#members.length < MAX_MEMBERS) this.#beBorn();
    if (this.#chance(0.01)) this.#take()?.leave();
    // Dies without a word: what it owned is nobody's before its session has ended, and it does not come back.
    if (this.#chance(0.005)) this.#take();
    if (this.#chance(0.01)) this.#pick(this.#members)?.restartStatic();
    const slow = this.#chance(0.02) ? this.#pick(this.#members) : undefined;
    if (slow !== undefined) slow.consumer.isSlow = !slow.consumer.isSlow;
    if (this.#chance(0.01)) this.#create(this.#pick(TOPICS)!);
    if (this.#chance(0.01)) this.#grow();
    if (this.#chance(0.004)) this.#remove();
    if (this.#chance(0.03)) group.holdsAppends = true;
    if (group.holdsAppends && this.#chance(0.4)) {
      if (this.#chance(0.1)) group.fail(new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR));
      else group.commit(1 + this.#below(group.openAppends));
      if (group.openAppends === 0) group.holdsAppends = false;
    }
    if (this.#chance(0.004)) {
      group.restart();
      this.#epochOfGroup = 0;
      for (const member of this.#members) member.disconnect();
    }
  }

  #beBorn(): void {
    const isStatic = this.#chance(0.3);
    this.#bornCount++;
    const byRegex = this.#chance(0.3);
    this.#members.push(
      new SimulatedConsumer(this.group, `member-${this.#bornCount}`, {
        instanceId: isStatic ? `instance-${this.#bornCount}` : null,
        topics: byRegex ? null : TOPICS.filter(() => this.#chance(0.6)),
        regex: byRegex ? 'v.*' : null,
        assignor: this.#pick([null, 'range', 'uniform'])!,
        rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
      }),
    );
  }

  #create(topic: string): void {
    if (this.partitionCounts.has(topic)) return;
    this.partitionCounts.set(topic, 1 + this.#below(5));
    this.group.topics.create(topic, this.partitionCounts.get(topic)!);
  }

  #grow(): void {
    const topic = this.#pick([...this.partitionCounts.keys()]);
    if (topic === undefined) return;
    this.partitionCounts.set(topic, this.partitionCounts.get(topic)! + 1);
    this.group.topics.grow(topic, this.partitionCounts.get(topic)!);
  }

  #remove(): void {
    const topic = this.#pick([...this.partitionCounts.keys()]);
    if (topic === undefined) return;
    this.partitionCounts.delete(topic);
    this.group.topics.remove(topic);
  }

  #below(limit: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 4_294_967_296) * limit);
  }

  #chance(probability: number): boolean {
    return this.#below(1_000_000) < probability * 1_000_000;
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[this.#below(list.length)];
  }

  #take(): SimulatedConsumer | undefined {
    const member = this.#pick(this.#members);
    this.#members = this.#members.filter((each) => each !== member);
    return member;
  }

  /** No partition is worked on by two members that have not been fenced. */
  #checkOwners(): void {
    const owners = new Map<string, string>();
    for (const { consumer } of this.#members) {
      if (!this.#isMember(consumer)) continue;
      for (const partition of consumer.owned) {
        const other = owners.get(partition);
        assert.equal(other, undefined, `${partition} is owned by ${other} and ${consumer.memberId}`);
        owners.set(partition, consumer.memberId);
      }
    }
  }

  /** One that was thrown out for being slow does not know it yet. */
  #isMember(consumer: TestingConsumer): boolean {
    const known = describeGroup(this.group).members.find(({ memberId }) => memberId === consumer.memberId);
    if (known === undefined || known.memberEpoch <= 0) return false;
    assert.ok(known.memberEpoch >= consumer.memberEpoch, `an epoch of ${consumer.memberId} was lost`);
    return true;
  }

  #checkEpochs(): void {
    const { groupEpoch, assignmentEpoch, members, errorCode } = describeGroup(this.group);
    if (errorCode !== ErrorCode.NONE) return;
    assert.ok(groupEpoch >= this.#epochOfGroup, `the epoch went from ${this.#epochOfGroup} to ${groupEpoch}`);
    assert.ok(assignmentEpoch <= groupEpoch);
    for (const { memberEpoch } of members) assert.ok(memberEpoch <= assignmentEpoch);
    this.#epochOfGroup = groupEpoch;
  }

  #checkCalm(): void {
    assert.equal(describeGroup(this.group).groupState, 'Stable');
    const owned = this.#members.flatMap(({ consumer }) => [...consumer.owned]).sort();
    const subscribed = TOPICS.filter((topic) =>
      this.#members.some(
        ({ consumer: { options } }) =>
          options.topics?.includes(topic) === true || (options.regex != null && /^v.*$/.test(topic)),
      ),
    );
    const expected = subscribed.flatMap((name) => {
      const topic = this.group.topics.byName(name);
      return Array.from({ length: topic?.partitionCount ?? 0 }, (_, index) => `${topic!.id}-${index}`);
    });
    assert.deepEqual(owned, expected.sort());
    const inOrder = () => {
      const { members, ...rest } = describeGroup(this.group);
      return { ...rest, members: members.sort((a, b) => (a.memberId < b.memberId ? -1 : 1)) };
    };
    const described = inOrder();
    this.group.restart();
    assert.deepEqual(inOrder(), described, 'the log tells the same');
  }
}

/** Sends heartbeats when they are due, one at a time, and comes back after every error. */
class SimulatedConsumer {
  readonly consumer: TestingConsumer;
  #asked: ReturnType<TestingConsumer['send']> | null = null;
  #dueMs = 0;
  #epochAsked = 0;
  #hasMissedAnswer = false;

  constructor(...options: ConstructorParameters<typeof TestingConsumer>) {
    this.consumer = new TestingConsumer(...options);
  }

  step(nowMs: number): void {
    if (this.#asked !== null) this.#read(nowMs);
    if (this.#asked !== null || nowMs < this.#dueMs) return;
    this.#epochAsked = this.consumer.memberEpoch;
    const { consumer } = this;
    this.#asked = consumer.send(this.#hasMissedAnswer ? consumer.everything() : consumer.ownedFields());
    this.#hasMissedAnswer = false;
  }

  #read(nowMs: number): void {
    const { answer } = this.#asked!;
    if (answer === undefined) return;
    this.#asked = null;
    const { consumer } = this;
    const code = consumer.take(answer);
    if (code === ErrorCode.NONE) {
      assert.ok(consumer.memberEpoch >= this.#epochAsked, 'an epoch went back');
      this.#dueMs = nowMs + consumer.heartbeatIntervalMs;
      return;
    }
    const expected: number[] = [
      ErrorCode.NOT_COORDINATOR,
      ErrorCode.FENCED_MEMBER_EPOCH,
      ErrorCode.UNKNOWN_MEMBER_ID,
      ErrorCode.GROUP_ID_NOT_FOUND,
      ErrorCode.UNRELEASED_INSTANCE_ID,
      ErrorCode.FENCED_INSTANCE_ID,
    ];
    assert.ok(expected.includes(code), `${consumer.memberId} was answered ${code}: ${consumer.lastError}`);
    if (code === ErrorCode.NOT_COORDINATOR) this.#hasMissedAnswer = true;
    else this.#startAnew();
    this.#dueMs = nowMs + 500;
  }

  #startAnew(): void {
    this.consumer.memberEpoch = 0;
    this.consumer.owned = new Set();
  }

  leave(): void {
    if (this.consumer.isJoined) this.consumer.send({ memberEpoch: -1 });
  }

  /** Its process ends and begins again under the same names. */
  restartStatic(): void {
    if (this.consumer.options.instanceId == null) return;
    if (this.consumer.isJoined) this.consumer.send({ memberEpoch: -2 });
    this.disconnect();
    this.#startAnew();
  }

  /** What it has asked is never answered. */
  disconnect(): void {
    this.#hasMissedAnswer ||= this.#asked !== null;
    this.#asked = null;
  }
}

test('members that come, go, die and dawdle share topics that come, grow and go, whatever the disk does', async () => {
  let stepCount = 0;
  for (const seed of seedsOf(8)) {
    const simulation = new Simulation(seed);
    try {
      await simulation.run();
    } catch (error) {
      console.error(`Repeat with: SEED=${seed} node --conditions=source --test ${import.meta.filename}`);
      throw error;
    }
    stepCount += simulation.stepCount;
  }
  assert.ok(stepCount > 1_000);
});
