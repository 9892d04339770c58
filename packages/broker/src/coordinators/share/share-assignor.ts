// Kafka's "simple" assignor of share groups: every partition is given to at least one member, and when there are more
// members than partitions each partition to several, so that no member is idle. Deterministic, and close to what was
// before: a member keeps what it has as long as that is no more than its share.

/** Topic id -> partitions. */
export type Assignment = ReadonlyMap<string, ReadonlySet<number>>;

export interface AssignedMember {
  readonly memberId: string;
  readonly topicIds: ReadonlySet<string>;
  readonly assignment: Assignment;
}

interface Slot {
  readonly index: number;
  readonly wanted: number;
  readonly held: Set<string>;
}

/** @param assignable what there is to assign, by topic id. */
export function assignShares(
  members: readonly AssignedMember[],
  assignable: Assignment,
): Map<string, Assignment> {
  const assignments = members.map(() => new Map<string, Set<number>>());
  for (const group of groupTopics(members, assignable)) {
    const partitions = group.topicIds.flatMap((topicId) =>
      [...assignable.get(topicId)!].sort((a, b) => a - b).map((partition) => ({ topicId, partition })),
    );
    for (const { index, held } of spread(group.members, members, partitions.map(keyOf))) {
      for (const { topicId, partition } of partitions) {
        if (!held.has(keyOf({ topicId, partition }))) continue;
        const ofTopic = assignments[index]!.get(topicId) ?? new Set<number>();
        assignments[index]!.set(topicId, ofTopic.add(partition));
      }
    }
  }
  return new Map(members.map(({ memberId }, index) => [memberId, assignments[index]!]));
}

/** Members that all want the same share all topics; else each topic is spread by itself over those that want it. */
function groupTopics(
  members: readonly AssignedMember[],
  assignable: Assignment,
): { topicIds: string[]; members: number[] }[] {
  const all = members.map((_, index) => index);
  const wanted = [...new Set(members.flatMap(({ topicIds }) => [...topicIds]))].filter((id) =>
    assignable.has(id),
  );
  const isHomogeneous = members.every(({ topicIds }) => wanted.every((topicId) => topicIds.has(topicId)));
  if (isHomogeneous) return [{ topicIds: wanted, members: all }];
  return wanted.map((topicId) => ({
    topicIds: [topicId],
    members: all.filter((index) => members[index]!.topicIds.has(topicId)),
  }));
}

function spread(
  indexes: readonly number[],
  members: readonly AssignedMember[],
  partitions: readonly string[],
): Slot[] {
  if (partitions.length === 0 || indexes.length === 0) return [];
  const sharing = Math.ceil(indexes.length / partitions.length);
  const each = (sharing * partitions.length) / indexes.length;
  const places = new Map(partitions.map((partition) => [partition, 0]));
  const slots = indexes.map((index, place): Slot => {
    const wanted = Math.ceil(each * (place + 1)) - Math.ceil(each * place);
    const held = new Set<string>();
    for (const [topicId, ofTopic] of members[index]!.assignment) {
      for (const partition of ofTopic) {
        const key = keyOf({ topicId, partition });
        const holders = places.get(key);
        if (holders === undefined || holders >= sharing || held.size >= wanted) continue;
        held.add(key);
        places.set(key, holders + 1);
      }
    }
    return { index, wanted, held };
  });
  fill(slots, places, sharing);
  return slots;
}

/** Gives out the places left, partition by partition, to members in turn. */
function fill(slots: readonly Slot[], places: Map<string, number>, sharing: number): void {
  const open = slots.filter(({ held, wanted }) => held.size < wanted);
  let turn = 0;
  for (const [partition, holders] of places) {
    let missing = sharing - holders;
    for (let tries = open.length; missing > 0 && tries > 0 && open.length > 0; tries--) {
      const slot = open[turn % open.length]!;
      if (slot.held.has(partition)) {
        turn++;
        continue;
      }
      slot.held.add(partition);
      missing--;
      if (slot.held.size >= slot.wanted) open.splice(turn % open.length, 1);
      else turn++;
    }
    // Nobody has room, but a partition must not be left to nobody.
    if (missing === sharing) slots.find(({ held }) => !held.has(partition))?.held.add(partition);
  }
}

function keyOf({ topicId, partition }: { topicId: string; partition: number }): string {
  return `${topicId}/${partition}`;
}
