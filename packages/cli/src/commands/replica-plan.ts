// Which brokers are to have the replicas of some partitions: evenly many each, on as many racks as can be, evenly many to lead, and with as little
// to copy as that allows.

export interface PlannedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Ids of brokers, the preferred leader first. */
  readonly replicas: readonly number[];
}

export interface PlannedBroker {
  readonly id: number;
  readonly rack?: string | null | undefined;
}

/** In the order of `partitions`, each with `factor` replicas, or as many as it has. There must be as many brokers. */
export function spreadReplicas(
  partitions: readonly PlannedPartition[],
  brokers: readonly PlannedBroker[],
  factor?: number,
): PlannedPartition[] {
  const plan = new Plan(partitions, brokers, factor);
  plan.fill();
  plan.level();
  plan.levelLeaders();
  return partitions.map((each, index) => ({ ...each, replicas: plan.replicas[index]! }));
}

class Plan {
  readonly replicas: number[][];
  readonly #given: readonly PlannedPartition[];
  readonly #wanted: readonly number[];
  readonly #racks: ReadonlyMap<number, string | null>;
  /** Replicas of each broker. */
  readonly #loads: Map<number, number>;

  constructor(
    partitions: readonly PlannedPartition[],
    brokers: readonly PlannedBroker[],
    factor: number | undefined,
  ) {
    this.#racks = new Map(brokers.map(({ id, rack }) => [id, rack ?? null]));
    this.#loads = new Map(brokers.map(({ id }) => [id, 0]));
    this.#given = partitions;
    this.#wanted = partitions.map(({ replicas }) => factor ?? replicas.length);
    this.replicas = partitions.map(({ replicas }, index) =>
      replicas.filter((id) => this.#loads.has(id)).slice(0, this.#wanted[index]),
    );
    for (const id of this.replicas.flat()) this.#add(id, 1);
  }

  /** Replicas that are missing go where there is least. */
  fill(): void {
    for (const [index, replicas] of this.replicas.entries()) {
      while (replicas.length < this.#wanted[index]!) {
        const free = this.#byLoad().filter((id) => !replicas.includes(id));
        const id = free.find((each) => !this.#isOnRackOf(each, replicas)) ?? free[0]!;
        replicas.push(id);
        this.#add(id, 1);
      }
    }
  }

  /** While a broker has more than one replica more than another, one moves, unless its partition would be on fewer racks then. */
  level(): void {
    while (this.#moveOne()) {}
  }

  #moveOne(): boolean {
    const ids = this.#byLoad();
    for (const to of ids) {
      for (const from of ids.toReversed()) {
        if (this.#loads.get(from)! - this.#loads.get(to)! <= 1) break;
        const movable = this.replicas.filter((each) => this.#canMove(each, from, to));
        // What has to be copied anyway moves first, and what leads last.
        const replicas =
          movable.find((each) => !this.#isThere(each, from)) ??
          movable.find(([leader]) => leader !== from) ??
          movable[0];
        if (replicas === undefined) continue;
        replicas[replicas.indexOf(from)] = to;
        this.#add(from, -1);
        this.#add(to, 1);
        return true;
      }
    }
    return false;
  }

  /** The same for leaders, which are only put first. */
  levelLeaders(): void {
    const counts = new Map([...this.#loads.keys()].map((id) => [id, 0]));
    const add = (id: number, count: number) => void counts.set(id, counts.get(id)! + count);
    for (const [leader] of this.replicas) add(leader!, 1);
    for (let isLevel = false; !isLevel; ) {
      isLevel = true;
      for (const replicas of this.replicas) {
        const leader = replicas[0]!;
        const idlest = replicas.reduce((one, other) => (counts.get(other)! < counts.get(one)! ? other : one));
        if (counts.get(leader)! - counts.get(idlest)! <= 1) continue;
        replicas[replicas.indexOf(idlest)] = leader;
        replicas[0] = idlest;
        add(leader, -1);
        add(idlest, 1);
        isLevel = false;
      }
    }
  }

  /** The broker has a copy already. */
  #isThere(replicas: number[], id: number): boolean {
    return this.#given[this.replicas.indexOf(replicas)]!.replicas.includes(id);
  }

  #canMove(replicas: readonly number[], from: number, to: number): boolean {
    if (!replicas.includes(from) || replicas.includes(to)) return false;
    const others = replicas.filter((id) => id !== from);
    return !this.#isOnRackOf(to, others) || this.#isOnRackOf(from, others);
  }

  /** Brokers that tell no rack are each on their own. */
  #isOnRackOf(id: number, others: readonly number[]): boolean {
    const rack = this.#racks.get(id) ?? null;
    return rack !== null && others.some((other) => this.#racks.get(other) === rack);
  }

  #byLoad(): number[] {
    return [...this.#loads].sort(([, one], [, other]) => one - other).map(([id]) => id);
  }

  #add(id: number, count: number): void {
    this.#loads.set(id, this.#loads.get(id)! + count);
  }
}
