// For tests: a client in a simulated group, as far as the protocol can see it. It joins, takes or makes assignments,
// sends heartbeats, commits, and believes every error it is told.

import assert from 'node:assert/strict';
import { ErrorCode } from '@moldau/protocol';
import type { CommitOffsetsAnswer, JoinAnswer, SyncAnswer } from './group-commands.ts';
import type { Asked, SimulatedShard } from './testing-shard.ts';

export const PARTITIONS = 12;
export const SESSION_TIMEOUT_MS = 6_000;
export const REBALANCE_TIMEOUT_MS = 5_000;
const HEARTBEAT_INTERVAL_MS = 1_000;

/** What the whole simulation knows, to check members against each other. */
export class GroupWitness {
  /** By broker life and generation: who led it. */
  readonly leaders = new Map<string, string>();
  /** Every assignment a leader made, as it was sent. */
  readonly assignments = new Set<string>();
  readonly acknowledged = new Map<number, number>();
  brokerLife = 0;
  lastOffset = 0;
  commitCount = 0;
  generationCount = 0;
}

export class SimulatedMember {
  readonly name: string;
  readonly groupInstanceId: string | null;
  readonly apiVersion: number;
  readonly #group: SimulatedShard;
  readonly #witness: GroupWitness;
  memberId = '';
  generationId = -1;
  /** Partitions it works on; null while it has no assignment. */
  partitions: number[] | null = null;
  isFenced = false;
  #join: Asked<JoinAnswer> | null = null;
  #sync: Asked<SyncAnswer> | null = null;
  #commit: { asked: Asked<CommitOffsetsAnswer>; partition: number; offset: number } | null = null;
  #askedAtMs = 0;
  #heartbeatAtMs = 0;

  constructor(
    name: string,
    isStatic: boolean,
    apiVersion: number,
    group: SimulatedShard,
    witness: GroupWitness,
  ) {
    this.name = name;
    this.groupInstanceId = isStatic ? name : null;
    this.apiVersion = apiVersion;
    this.#group = group;
    this.#witness = witness;
  }

  /** Its connection is gone, and with it what it waits for. */
  disconnect(): void {
    this.#join = null;
    this.#sync = null;
    this.#commit = null;
  }

  /** It looks for something to do. */
  step(isCommitting: boolean): void {
    if (this.#join !== null) this.#readJoin(this.#join);
    else if (this.#sync !== null) this.#readSync(this.#sync);
    else if (this.partitions === null) this.#sendJoin();
    else this.#work(isCommitting);
  }

  leave(): void {
    if (this.memberId !== '') this.#group.leave({ memberId: this.memberId });
  }

  #sendJoin(): void {
    this.#askedAtMs = this.#group.nowMs;
    const { memberId, groupInstanceId, apiVersion } = this;
    this.#join = this.#group.join(
      {
        memberId,
        groupInstanceId,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
        protocols: [{ name: 'range', metadata: Buffer.from(this.name) }],
      },
      { apiVersion, clientId: this.name },
    );
  }

  #readJoin(join: Asked<JoinAnswer>): void {
    const { answer } = join;
    if (answer === undefined) {
      this.#checkPatience();
      return;
    }
    this.#join = null;
    if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) this.memberId = answer.memberId;
    if (answer.errorCode !== ErrorCode.NONE) {
      this.#believe(answer.errorCode);
      return;
    }
    this.memberId = answer.memberId;
    this.generationId = answer.generationId;
    const leads = answer.leader === answer.memberId && !answer.skipAssignment;
    if (leads) this.#witnessLeader(answer);
    this.#sendSync(leads ? this.#assign(answer) : []);
  }

  #witnessLeader({ generationId, leader, members }: JoinAnswer): void {
    const generation = `${this.#witness.brokerLife}:${generationId}`;
    const known = this.#witness.leaders.get(generation);
    // The same leader may hear twice, and a static one under a new id.
    assert.ok(
      known === undefined || known === this.name,
      `generation ${generation} is led by ${known} and ${leader}`,
    );
    this.#witness.leaders.set(generation, this.name);
    this.#witness.generationCount++;
    assert.ok(members.some(({ memberId }) => memberId === leader));
  }

  #assign({ generationId, members }: JoinAnswer): { memberId: string; assignment: Buffer }[] {
    return members.map(({ memberId }, index) => {
      const mine = Array.from({ length: PARTITIONS }, (_, partition) => partition).filter(
        (partition) => partition % members.length === index,
      );
      const text = JSON.stringify({ by: this.name, generationId, partitions: mine });
      this.#witness.assignments.add(text);
      return { memberId, assignment: Buffer.from(text) };
    });
  }

  #sendSync(assignments: { memberId: string; assignment: Buffer }[]): void {
    this.#askedAtMs = this.#group.nowMs;
    const { memberId, generationId, groupInstanceId } = this;
    this.#sync = this.#group.sync({ memberId, generationId, groupInstanceId, assignments });
  }

  #readSync(sync: Asked<SyncAnswer>): void {
    const { answer } = sync;
    if (answer === undefined) {
      this.#checkPatience();
      return;
    }
    this.#sync = null;
    if (answer.errorCode !== ErrorCode.NONE) {
      this.#believe(answer.errorCode);
      return;
    }
    if (answer.assignment.length === 0) {
      this.partitions = [];
    } else {
      const text = answer.assignment.toString();
      assert.ok(this.#witness.assignments.has(text), 'an assignment that no leader made');
      const { generationId, partitions } = JSON.parse(text);
      assert.equal(generationId, this.generationId, 'an assignment of another generation');
      this.partitions = partitions;
    }
    this.#heartbeatAtMs = this.#group.nowMs + HEARTBEAT_INTERVAL_MS;
  }

  #work(isCommitting: boolean): void {
    this.#readCommit();
    if (this.partitions === null) return;
    if (this.#group.nowMs >= this.#heartbeatAtMs) {
      this.#heartbeatAtMs = this.#group.nowMs + HEARTBEAT_INTERVAL_MS;
      this.#believe(this.#group.heartbeat(this.memberId, this.generationId, this.groupInstanceId));
    }
    const partition = this.partitions?.[this.#witness.lastOffset % Math.max(1, this.partitions.length)];
    if (!isCommitting || this.#commit !== null || partition === undefined) return;
    const offset = ++this.#witness.lastOffset;
    const { memberId, generationId, groupInstanceId } = this;
    const asked = this.#group.commitOffset(offset, { partition, memberId, generationId, groupInstanceId });
    this.#commit = { asked, partition, offset };
  }

  #readCommit(): void {
    const code = this.#commit?.asked.answer?.[0]?.[0];
    if (this.#commit === null || code === undefined) return;
    const { partition, offset } = this.#commit;
    this.#commit = null;
    if (code === ErrorCode.NONE) {
      this.#witness.commitCount++;
      this.#witness.acknowledged.set(
        partition,
        Math.max(offset, this.#witness.acknowledged.get(partition) ?? 0),
      );
    } else if (code !== ErrorCode.NOT_COORDINATOR) {
      this.#believe(code);
    }
  }

  #believe(errorCode: number): void {
    switch (errorCode) {
      case ErrorCode.NONE:
        return;
      case ErrorCode.MEMBER_ID_REQUIRED:
      case ErrorCode.REBALANCE_IN_PROGRESS:
      case ErrorCode.NOT_COORDINATOR:
        break;
      case ErrorCode.UNKNOWN_MEMBER_ID:
        this.memberId = '';
        break;
      case ErrorCode.ILLEGAL_GENERATION:
        break;
      case ErrorCode.FENCED_INSTANCE_ID:
        this.isFenced = true;
        break;
      default:
        assert.fail(`${this.name} was answered ${errorCode}`);
    }
    this.partitions = null;
    this.generationId = -1;
  }

  /** Nobody waits longer than the others are given, plus what it takes to find out that they are gone. */
  #checkPatience(): void {
    const waitedMs = this.#group.nowMs - this.#askedAtMs;
    const limitMs = 2 * REBALANCE_TIMEOUT_MS + SESSION_TIMEOUT_MS;
    assert.ok(
      waitedMs <= limitMs,
      `${this.name} has waited for ${waitedMs} ms in state ${this.#group.state()}`,
    );
  }
}
