// With which releases of Kafka came what those before them lack: for people who wonder why their broker does not have it.

/** By API and version, those that are younger than Kafka 2.4: by when they were meant for use, not when they could be tried first. */
const RELEASES: ReadonlyMap<number, Readonly<Record<number, string>>> = new Map([
  [0, { 9: '2.8', 10: '3.7', 11: '3.8', 12: '4.0', 13: '4.1' }],
  [1, { 12: '2.7', 13: '3.1', 14: '3.5', 16: '3.7', 17: '3.9', 18: '4.1' }],
  [2, { 6: '2.8', 7: '3.0', 8: '3.5', 9: '3.9', 10: '4.0', 11: '4.2' }],
  [3, { 10: '2.8', 12: '3.1', 13: '4.0' }],
  [8, { 9: '4.0', 10: '4.2' }],
  [9, { 7: '2.5', 8: '3.0', 9: '4.0', 10: '4.2' }],
  [10, { 4: '3.0', 5: '3.8', 6: '4.1' }],
  [11, { 7: '2.5', 8: '3.2' }],
  [13, { 5: '3.2' }],
  [14, { 5: '2.5' }],
  [15, { 6: '4.0' }],
  [16, { 4: '2.6', 5: '3.8' }],
  [18, { 4: '3.9' }],
  [19, { 6: '2.7', 7: '2.8' }],
  [20, { 5: '2.7', 6: '2.8' }],
  [21, { 2: '2.6' }],
  [22, { 3: '2.5', 4: '2.7', 5: '3.8' }],
  [23, { 4: '2.8' }],
  [24, { 2: '2.7', 3: '2.8' }],
  [25, { 2: '2.7', 3: '2.8', 4: '3.8' }],
  [26, { 2: '2.7', 3: '2.8', 4: '3.8', 5: '4.0' }],
  [28, { 3: '2.5', 4: '3.8', 5: '4.0' }],
  [29, { 2: '2.5', 3: '3.3' }],
  [30, { 2: '2.5', 3: '3.3' }],
  [31, { 2: '2.5', 3: '3.3' }],
  [32, { 3: '2.6', 4: '2.8' }],
  [33, { 2: '2.8' }],
  [34, { 2: '2.8' }],
  [35, { 2: '2.6', 3: '3.2', 4: '3.3' }],
  [36, { 2: '2.5' }],
  [37, { 2: '2.5', 3: '2.7' }],
  [38, { 3: '3.3' }],
  [39, { 2: '2.5' }],
  [40, { 2: '2.5' }],
  [41, { 2: '2.5', 3: '3.3' }],
  [45, { 1: '4.1' }],
  [48, { 0: '2.6', 1: '2.8' }],
  [49, { 0: '2.6', 1: '2.8' }],
  [50, { 0: '2.7' }],
  [51, { 0: '2.7' }],
  [55, { 0: '3.3', 2: '3.9' }],
  [57, { 0: '2.7', 1: '3.3', 2: '4.0' }],
  [60, { 0: '2.8', 1: '3.7', 2: '4.0' }],
  [61, { 0: '2.8' }],
  [64, { 0: '3.3' }],
  [65, { 0: '3.0' }],
  [66, { 0: '3.0', 1: '3.8', 2: '4.1' }],
  [68, { 0: '4.0' }],
  [69, { 0: '4.0' }],
  [71, { 0: '3.7' }],
  [72, { 0: '3.7' }],
  [74, { 0: '3.7', 1: '4.1' }],
  [75, { 0: '3.8' }],
  [76, { 0: '4.1' }],
  [77, { 0: '4.1' }],
  [78, { 0: '4.1', 2: '4.2' }],
  [79, { 0: '4.1', 2: '4.2' }],
  [80, { 0: '3.9', 1: '4.2' }],
  [81, { 0: '3.9' }],
  [90, { 0: '4.1', 1: '4.2' }],
  [91, { 0: '4.1' }],
  [92, { 0: '4.1' }],
]);

/** APIs that brokers with ZooKeeper do not have, whatever their release. */
const WITHOUT_ZOOKEEPER = new Set([55, 64, 71, 72, 74, 75, 80, 81]);

/** '2.5', the first release whose brokers have this version; undefined: all from 2.4 on have it, or it is not known. */
export function firstRelease(apiKey: number, version: number): string | undefined {
  let release: string | undefined;
  for (const [first, name] of Object.entries(RELEASES.get(apiKey) ?? {}))
    if (Number(first) <= version) release = name;
  return release;
}

export function isForKRaftOnly(apiKey: number): boolean {
  return WITHOUT_ZOOKEEPER.has(apiKey);
}
