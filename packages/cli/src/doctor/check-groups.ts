// Checks of groups: those that rebalance all the time, those that read nothing or too slowly, and those that lose records to retention.

import type { Facts, GroupFacts, LagFacts } from './facts.ts';
import { type Finding, named, spanText } from './finding.ts';
import { quoted } from './paste.ts';

const UNSETTLED = ['preparing-rebalance', 'completing-rebalance', 'assigning', 'reconciling'];

export function checkGroups({ groups, lookedForMs }: Pick<Facts, 'groups' | 'lookedForMs'>): Finding[] {
  return groups.flatMap((group) => [
    ...rebalancing(group, lookedForMs),
    ...lagging(group, lookedForMs),
    ...stuck(group, lookedForMs),
    ...losing(group),
  ]);
}

function rebalancing({ groupId, states, memberCount }: GroupFacts, lookedForMs: number): Finding[] {
  if (!states.every((state) => UNSETTLED.includes(state)) || lookedForMs === 0) return [];
  return [
    {
      ...{ severity: 'warning', check: 'group-rebalancing', subject: `group ${groupId}` },
      what: `it is ${states[1]}, as it was ${spanText(lookedForMs)} before, with ${memberCount} members`,
      why: 'while a classic group rebalances nobody reads; a member that takes longer than max.poll.interval.ms for its records is thrown out, comes back and begins it anew',
      mend: `\`moldau group members ${quoted(groupId)}\` shows who comes and goes: give them less per poll (max.poll.records) or more time (max.poll.interval.ms), or group.protocol=consumer, where others read on meanwhile`,
    },
  ];
}

function lagging({ groupId, memberCount, lags }: GroupFacts, lookedForMs: number): Finding[] {
  const lag = sum(lags, lagNow);
  if (lag === 0 || lookedForMs === 0) return [];
  const grew = sum(lags, ({ end }) => end[1] - end[0]);
  const read = sum(lags, ({ committed }) => committed[1] - committed[0]);
  const common = { check: 'lag-growing', subject: `group ${groupId}` } as const;
  const seconds = lookedForMs / 1000;
  if (grew <= read) return [];
  if (memberCount === 0) {
    return [
      {
        ...{ ...common, severity: 'warning', check: 'group-without-readers' },
        what: `nobody reads for it, and it is ${lag} records behind, ${grew} more than ${spanText(lookedForMs)} before`,
        why: 'what is not read in time is deleted by retention',
        mend: `start its consumers; when it is not needed any more: \`moldau group delete ${quoted(groupId)}\``,
      },
    ];
  }
  const stuck = lags.filter((each) => lagNow(each) > 0 && each.committed[0] === each.committed[1]);
  const rates = `${Math.round(grew / seconds)} records/s come, ${Math.round(read / seconds)} are committed`;
  return [
    {
      ...{ ...common, severity: 'warning' },
      what: `it is ${lag} records behind and falls back further: ${rates}${stuck.length === 0 ? '' : `; nothing was committed for ${named(stuck.map(placeText))}`}`,
      why: 'what is read gets older and older, and is deleted by retention in the end',
      mend: `\`moldau group describe ${quoted(groupId)}\` shows where: more members (up to the partitions), quicker handling, or a member that hangs`,
    },
  ];
}

/** Consumers commit every five seconds by default: in less time nothing is proven. */
const COMMITS_WITHIN_MS = 10_000;

/** There is something to read, nothing new comes, and members commit nothing. */
function stuck({ groupId, states, memberCount, lags }: GroupFacts, lookedForMs: number): Finding[] {
  const isStill = lags.every(({ committed, end }) => committed[0] === committed[1] && end[0] === end[1]);
  const left = lags.filter((each) => lagNow(each) > 0);
  const isAtWork = memberCount > 0 && !UNSETTLED.includes(states[1]);
  if (!isAtWork || !isStill || left.length === 0 || lookedForMs === 0) return [];
  const isProven = lookedForMs >= COMMITS_WITHIN_MS;
  return [
    {
      ...{ severity: isProven ? 'warning' : 'note', check: 'group-stuck', subject: `group ${groupId}` },
      what: `its ${memberCount === 1 ? 'member has' : `${memberCount} members have`} committed nothing for ${spanText(lookedForMs)}, and ${sum(left, lagNow)} records wait in ${named(left.map(placeText))}`,
      why: 'a member that hangs in its work, or fails at the same record again and again, holds up all that come after it',
      mend: isProven
        ? `\`moldau group members ${quoted(groupId)}\` shows who reads these partitions: see its log, and \`moldau consume ${left[0]!.topic} -p ${left[0]!.partition} -o ${left[0]!.committed[1]} -n 1\` shows the record that it is at`
        : `consumers commit every five seconds or so: \`moldau doctor --look 15s\` tells whether it hangs`,
    },
  ];
}

/** Records that are gone, or will be before they are read. */
function losing({ groupId, lags }: GroupFacts): Finding[] {
  const findings: Finding[] = [];
  const lost = lags.filter(({ committed, startOffset = 0 }) => committed[1] < startOffset);
  if (lost.length > 0) {
    const count = sum(lost, ({ committed, startOffset }) => startOffset! - committed[1]);
    findings.push({
      ...{ severity: 'error', check: 'records-deleted-unread', subject: `group ${groupId}` },
      what: `${count} records were deleted before it read them, in ${named(lost.map(placeText))}`,
      why: 'its consumers go on where auto.offset.reset says: at the end by default, which leaves out still more',
      mend: `\`moldau group seek ${quoted(groupId)} --to earliest\` while its consumers are stopped, and longer retention: \`moldau topic alter ${lost[0]!.topic} -c retention.ms=${Math.max(604_800_000, 2 * (lost[0]!.retentionMs ?? 0))}\``,
    });
  }
  const near = lags.filter(
    ({ committed, safeOffset, startOffset = 0 }) =>
      safeOffset !== undefined && committed[1] < safeOffset && committed[1] >= startOffset,
  );
  const [first] = near;
  if (first !== undefined) {
    findings.push({
      ...{ severity: 'error', check: 'retention-shorter-than-lag', subject: `group ${groupId}` },
      what: `records that it has not read are about to be deleted, in ${named(near.map(placeText))}: they are nearly as old as retention.ms, ${spanText(first.retentionMs!)}`,
      why: 'retention asks nobody whether records were read',
      mend: `\`moldau topic alter ${first.topic} -c retention.ms=${first.retentionMs! * 2}\` gives the group time`,
    });
  }
  return findings;
}

function lagNow({ committed, end }: LagFacts): number {
  return Math.max(0, end[1] - committed[1]);
}

function sum(lags: readonly LagFacts[], value: (lag: LagFacts) => number): number {
  return lags.reduce((total, lag) => total + value(lag), 0);
}

function placeText({ topic, partition }: LagFacts): string {
  return `${topic}, partition ${partition}`;
}
