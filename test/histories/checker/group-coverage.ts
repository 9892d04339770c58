// Phase 3 of the checker, for groups: together the members of a group see everything that is visible in the partitions that they were
// ever assigned, and never start before an offset that the group had committed when they were assigned.

import { BitSet } from './columns.ts';
import { type ProcessHistory, partitionKey, partitionName } from './history.ts';
import type { HistoryState } from './history-state.ts';

/** A request that was given up may still arrive while the connection that carried it dies; later it cannot. */
const LATE_COMMIT_US = 60_000_000;

interface Commit {
  askedUs: number;
  /** Infinity when no answer came. */
  answeredUs: number;
  offset: number;
}

interface Start {
  assignedUs: number;
  offset: number;
  process: number;
}

class GroupPartition {
  readonly seen = new BitSet();
  readonly commits: Commit[] = [];
  readonly starts: Start[] = [];
}

export class GroupCoverage {
  readonly #state: HistoryState;
  readonly #groups = new Map<string, Map<number, GroupPartition>>();

  constructor(state: HistoryState) {
    this.#state = state;
  }

  take(history: ProcessHistory): void {
    const { info } = history;
    if (info.group === undefined) return;
    const assignedUs = new Map<number, number>();
    const asked = new Map<number, Commit>();
    for (const line of history.lines()) {
      const kind = line[0];
      if (kind === undefined || !'rAKk'.includes(kind)) continue;
      const words = line.split(' ');
      const timeUs = Number(words[1]);
      const key = partitionKey(Number(words[2]), Number(words[3]));
      const offset = Number(words[4]);
      const partition = this.#partition(info.group, key);
      if (kind === 'A') assignedUs.set(key, timeUs);
      else if (kind === 'K') {
        const commit = { askedUs: timeUs, answeredUs: Infinity, offset };
        asked.set(key, commit);
        partition.commits.push(commit);
      } else if (kind === 'k') {
        const commit = asked.get(key);
        if (commit !== undefined && commit.offset === offset) commit.answeredUs = timeUs;
      } else {
        const sinceUs = assignedUs.get(key);
        if (sinceUs !== undefined)
          partition.starts.push({ assignedUs: sinceUs, offset, process: info.number });
        assignedUs.delete(key);
        for (let at = 0; at < Number(words[7]); at += 1) partition.seen.add(offset + at);
      }
    }
  }

  check(): void {
    for (const [group, partitions] of this.#groups) {
      for (const [key, partition] of partitions) {
        this.#checkSeen(group, key, partition);
        this.#checkStarts(group, key, partition);
      }
    }
  }

  #partition(group: string, key: number): GroupPartition {
    let partitions = this.#groups.get(group);
    if (partitions === undefined) {
      partitions = new Map();
      this.#groups.set(group, partitions);
    }
    let partition = partitions.get(key);
    if (partition === undefined) {
      partition = new GroupPartition();
      partitions.set(key, partition);
    }
    return partition;
  }

  #checkSeen(group: string, key: number, partition: GroupPartition): void {
    const log = this.#state.log(key);
    for (let offset = 0; offset < log.endOffset; offset += 1) {
      if (partition.seen.has(offset) || !this.#state.isCommittedAt(log, offset)) continue;
      this.#state.anomalies.add(
        'group-skip',
        () =>
          `group ${group}: ${this.#state.nameAt(log, offset)} at offset ${offset} of ${partitionName(key)}`,
      );
    }
  }

  #checkStarts(group: string, key: number, partition: GroupPartition): void {
    const commits = partition.commits
      .filter(({ answeredUs }) => answeredUs < Infinity)
      .sort((left, right) => left.answeredUs - right.answeredUs);
    const open = partition.commits.filter(({ answeredUs }) => answeredUs === Infinity);
    const starts = partition.starts.sort((left, right) => left.assignedUs - right.assignedUs);
    let next = 0;
    let last: Commit | undefined;
    for (const start of starts) {
      for (; next < commits.length && commits[next]!.answeredUs < start.assignedUs; next += 1)
        last = commits[next];
      if (last === undefined || start.offset >= last.offset) continue;
      const { askedUs } = last;
      const isExcused = open.some(
        (commit) =>
          commit.offset <= start.offset &&
          commit.askedUs > askedUs - LATE_COMMIT_US &&
          commit.askedUs < start.assignedUs + LATE_COMMIT_US,
      );
      if (isExcused) continue;
      const { offset } = last;
      this.#state.anomalies.add(
        'commit-lost',
        () =>
          `group ${group}: process ${start.process} started at ${start.offset} of ${partitionName(key)}, committed was ${offset}`,
      );
    }
  }
}
