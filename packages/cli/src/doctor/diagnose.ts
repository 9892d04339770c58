// All checks, in the order of what clients meet first.

import { checkApis, checkClocks, checkDisks, checkReachable } from './check-brokers.ts';
import { checkGroups } from './check-groups.ts';
import { checkMachine } from './check-machine.ts';
import { checkPartitions, checkSizes, checkTopicSettings } from './check-topics.ts';
import type { Facts } from './facts.ts';
import { bySeverity, type Finding } from './finding.ts';

const CHECKS: readonly ((facts: Facts) => Finding[])[] = [
  checkReachable,
  checkDisks,
  checkPartitions,
  checkTopicSettings,
  checkSizes,
  checkGroups,
  checkClocks,
  checkApis,
  checkMachine,
];

export function diagnose(facts: Facts): Finding[] {
  return bySeverity(CHECKS.flatMap((check) => check(facts)));
}
