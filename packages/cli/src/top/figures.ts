// What two samples say: rows of figures, the busiest first. Pure.

import type { Sample } from './sample.ts';

export interface TopicFigures {
  readonly topic: string;
  readonly partitions: number;
  readonly recordsPerSecond: number;
  /** Of what lies on disks: compressed, and of all replicas; undefined where nobody may ask. */
  readonly bytesPerSecond: number | null;
  readonly sizeBytes: number | null;
}

export interface GroupFigures {
  readonly group: string;
  readonly state: string;
  readonly members: number;
  readonly lag: number;
  /** How much it grew, or shrank. */
  readonly lagPerSecond: number;
  readonly committedPerSecond: number;
}

export interface ClientFigures {
  readonly clientId: string;
  readonly host: string;
  readonly group: string;
  readonly partitions: number;
}

export interface BrokerFigures {
  readonly broker: number;
  readonly address: string;
  readonly controller: boolean;
  readonly leaders: number;
  readonly latencyMs: number | null;
}

export interface Figures {
  readonly topics: readonly TopicFigures[];
  readonly groups: readonly GroupFigures[];
  readonly clients: readonly ClientFigures[];
  readonly brokers: readonly BrokerFigures[];
  readonly recordsPerSecond: number;
  readonly lag: number;
}

export function figuresOf(before: Sample, now: Sample): Figures {
  const seconds = (now.atMs - before.atMs) / 1000;
  /** A topic that was made anew begins again, and what is new has no rate yet. */
  const rate = (earlier: number | undefined, later: number): number =>
    seconds <= 0 || earlier === undefined ? 0 : Math.round((later - earlier) / seconds);
  const topics = [...now.topics].map(([topic, { partitionCount, endOffset, sizeBytes }]) => {
    const earlier = before.topics.get(topic);
    return {
      ...{ topic, partitions: partitionCount, sizeBytes: sizeBytes ?? null },
      recordsPerSecond: Math.max(0, rate(earlier?.endOffset, endOffset)),
      bytesPerSecond: sizeBytes === undefined ? null : Math.max(0, rate(earlier?.sizeBytes, sizeBytes)),
    };
  });
  const groups = [...now.groups].map(([group, { state, lag, committedOffset, members }]) => {
    const earlier = before.groups.get(group);
    return {
      ...{ group, state, members: members.length, lag },
      lagPerSecond: rate(earlier?.lag, lag),
      committedPerSecond: rate(earlier?.committedOffset, committedOffset),
    };
  });
  return {
    topics: topics.sort(
      (one, other) => other.recordsPerSecond - one.recordsPerSecond || byName(one.topic, other.topic),
    ),
    groups: groups.sort((one, other) => other.lag - one.lag || byName(one.group, other.group)),
    clients: [...now.groups]
      .flatMap(([group, { members }]) =>
        members.map(({ partitionCount, ...member }) => ({ ...member, group, partitions: partitionCount })),
      )
      .sort((one, other) => byName(one.clientId, other.clientId) || byName(one.host, other.host)),
    brokers: now.brokers.map(({ id, address, isController, leaderCount, latencyMs }) => ({
      ...{ broker: id, address, controller: isController, leaders: leaderCount },
      latencyMs: latencyMs === undefined ? null : Number(latencyMs.toPrecision(3)),
    })),
    recordsPerSecond: topics.reduce((sum, { recordsPerSecond }) => sum + recordsPerSecond, 0),
    lag: groups.reduce((sum, { lag }) => sum + lag, 0),
  };
}

function byName(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
