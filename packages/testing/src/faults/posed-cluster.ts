// The cluster that the proxy poses as: several brokers in front of one, who leads which partition, and who coordinates whom.
//
// Invariants: brokers are numbered from 1; without moves the leader of a partition and the coordinator of a key follow from their names, so that every proxy
// tells the same. A leader that moves has a higher epoch: the broker's own, plus the moves.

import type { Fault } from './fault.ts';

export interface PosedBroker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export type CoordinatorKind = 'group' | 'transaction' | 'share';

interface Moved {
  to: number;
  moves: number;
  /** Who is to hear when a client is first told. */
  fault: Fault | undefined;
}

export class PosedCluster {
  readonly brokers: readonly PosedBroker[];
  readonly #leaders = new Map<string, Moved>();
  readonly #coordinators = new Map<string, Moved>();
  readonly #topicNames = new Map<string, string>();
  readonly #epochs = new Map<string, number>();

  constructor(brokers: readonly PosedBroker[]) {
    this.brokers = brokers;
  }

  /** @throws Error when there is no such broker */
  broker(id: number): PosedBroker {
    const found = this.brokers[id - 1];
    if (found === undefined) throw new Error(`there is no broker ${id}: there are ${this.brokers.length}`);
    return found;
  }

  leaderOf(topic: string, partition: number): number {
    return this.#leaders.get(placeOf(topic, partition))?.to ?? this.#byName(topic, partition);
  }

  /** How often its leader has moved. */
  movesOf(topic: string, partition: number): number {
    return this.#leaders.get(placeOf(topic, partition))?.moves ?? 0;
  }

  /** The broker's own epoch, when clients have heard of it. */
  brokerEpochOf(topic: string, partition: number): number {
    return this.#epochs.get(placeOf(topic, partition)) ?? -1;
  }

  moveLeader(topic: string, partition: number, to: number, fault?: Fault): void {
    const moves = this.movesOf(topic, partition) + 1;
    this.#leaders.set(placeOf(topic, partition), { to, moves, fault });
  }

  /** The fault of the last move, for whoever is refused because of it. */
  leaderFault(topic: string, partition: number): Fault | undefined {
    return this.#leaders.get(placeOf(topic, partition))?.fault;
  }

  coordinatorOf(kind: CoordinatorKind, key: string): number {
    return this.#coordinators.get(`${kind} ${key}`)?.to ?? this.#byName(key, 0);
  }

  moveCoordinator(kind: CoordinatorKind, key: string, to: number, fault?: Fault): void {
    const moves = (this.#coordinators.get(`${kind} ${key}`)?.moves ?? 0) + 1;
    this.#coordinators.set(`${kind} ${key}`, { to, moves, fault });
  }

  coordinatorFault(kind: CoordinatorKind, key: string): Fault | undefined {
    return this.#coordinators.get(`${kind} ${key}`)?.fault;
  }

  /** The name of a topic that clients have heard of. */
  topicName(id: string): string | undefined {
    return this.#topicNames.get(id);
  }

  learn(topic: {
    name: string | null;
    topicId: string;
    partitions: readonly { partitionIndex: number; leaderEpoch: number }[];
  }): void {
    if (topic.name === null) return;
    this.#topicNames.set(topic.topicId, topic.name);
    for (const { partitionIndex, leaderEpoch } of topic.partitions)
      this.#epochs.set(placeOf(topic.name, partitionIndex), leaderEpoch);
  }

  #byName(name: string, offset: number): number {
    let sum = offset;
    for (const byte of Buffer.from(name)) sum += byte;
    return 1 + (sum % this.brokers.length);
  }
}

function placeOf(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}
