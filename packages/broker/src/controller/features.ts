// The features of a cluster that change its behaviour as a whole (KIP-584), and which levels of each this release serves.
//
// Invariants: a feature is in this table as served only when every API that depends on it works, for clients switch their protocols by it;
// what is not served is neither told nor can it be brought into force. A new cluster has every feature at the highest level served.

import type { FeatureRecord, MetadataRecord } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { ReadableMetadata } from './metadata-view.ts';
import type { Outcome } from './outcome.ts';

export interface Feature {
  readonly name: string;
  readonly minLevel: number;
  readonly maxLevel: number;
  readonly isServed: boolean;
}

export const METADATA_VERSION = 'metadata.version';
export const GROUP_VERSION = 'group.version';
export const TRANSACTION_VERSION = 'transaction.version';
export const SHARE_VERSION = 'share.version';

/**
 * Levels as Kafka 4.3 has them. Left out: streams.version and eligible.leader.replicas.version, of which we serve nothing. kraft.version stays
 * 0, as our metadata is in a store that has no voters to add or remove.
 */
const features: readonly Feature[] = [
  { name: METADATA_VERSION, minLevel: 7, maxLevel: 30, isServed: true },
  { name: 'kraft.version', minLevel: 0, maxLevel: 0, isServed: true },
  { name: GROUP_VERSION, minLevel: 0, maxLevel: 1, isServed: true },
  { name: TRANSACTION_VERSION, minLevel: 0, maxLevel: 2, isServed: true },
  { name: SHARE_VERSION, minLevel: 0, maxLevel: 1, isServed: true },
];

export const supportedFeatures: readonly Feature[] = features.filter(({ isServed }) => isServed);

/** Kafka's numbers. */
export const UpgradeType = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const;

export interface FeatureUpdate {
  readonly feature: string;
  readonly maxVersionLevel: number;
  readonly upgradeType: number;
}

/** What a new cluster begins with, given the levels that another broker's folder brought along. */
export function initialFeatures(
  adopted: readonly FeatureRecord[] = [],
  supported: readonly Feature[] = supportedFeatures,
): MetadataRecord[] {
  const levels = new Map(adopted.map(({ name, level }) => [name, level]));
  return supported.flatMap(({ name, maxLevel }) => {
    const isChosen = adopted.length > 0 && name !== METADATA_VERSION;
    const level = isChosen ? Math.min(levels.get(name) ?? 0, maxLevel) : maxLevel;
    return level === 0 ? [] : [{ type: 'feature', name, level }];
  });
}

/** The features of a cluster that was formed before there were any; nothing for others. */
export function finalizeFeatures(view: ReadableMetadata): Outcome<void> {
  const isDone = view.featureLevel(METADATA_VERSION) > 0;
  return { records: isDone ? [] : initialFeatures(), response: undefined };
}

/** Why a cluster with these levels cannot be served by this release; undefined when it can. */
export function featureProblem(levels: ReadonlyMap<string, number>): string | undefined {
  for (const [name, level] of levels) {
    const feature = supportedFeatures.find((each) => each.name === name);
    if (feature !== undefined && level >= feature.minLevel && level <= feature.maxLevel) continue;
    return `The cluster has the feature ${name} at level ${level}, which this release does not serve. Start the newer release that raised it.`;
  }
  return undefined;
}

/**
 * All of the updates, or none. Answers the features named, in order.
 * @throws KafkaError with INVALID_UPDATE_VERSION for the first that cannot be
 */
export function updateFeatures(
  view: ReadableMetadata,
  { updates, validateOnly }: { updates: readonly FeatureUpdate[]; validateOnly: boolean },
  supported: readonly Feature[] = supportedFeatures,
): Outcome<readonly string[]> {
  // Of several updates of one feature the last counts.
  const byName = new Map(updates.map((update) => [update.feature, update]));
  const records: MetadataRecord[] = [];
  for (const { feature: name, maxVersionLevel: level, upgradeType } of byName.values()) {
    const current = view.featureLevel(name);
    const feature = supported.find((each) => each.name === name);
    const problem = updateProblem(feature, name, current, level, upgradeType);
    if (problem !== undefined) {
      throw new KafkaError(
        ErrorCode.INVALID_UPDATE_VERSION,
        `The update failed for all features since the following feature had an error: ${problem}`,
      );
    }
    if (level !== current) records.push({ type: 'feature', name, level });
  }
  const response = updates.map(({ feature }) => feature);
  return { records: validateOnly ? [] : records, response };
}

/** In the order in which Kafka looks. */
function updateProblem(
  feature: Feature | undefined,
  name: string,
  current: number,
  level: number,
  upgradeType: number,
): string | undefined {
  const invalid = (reason: string) => `Invalid update version ${level} for feature ${name}. ${reason}`;
  if (upgradeType < UpgradeType.UPGRADE || upgradeType > UpgradeType.UNSAFE_DOWNGRADE)
    return invalid('The controller does not support the given upgrade type.');
  if (level < 0) return invalid('A feature version cannot be less than 0.');
  if (feature === undefined) {
    return invalid(
      level === 0 ? `Feature ${name} not found.` : 'Local controller 1 does not support this feature.',
    );
  }
  const { minLevel, maxLevel } = feature;
  if (level < minLevel || level > maxLevel)
    return invalid(`Local controller 1 only supports versions ${minLevel}-${maxLevel}`);
  if (level > current && upgradeType !== UpgradeType.UPGRADE)
    return invalid("Can't downgrade to a newer version.");
  if (level >= current) return undefined;
  if (upgradeType === UpgradeType.UPGRADE) {
    return invalid(
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    );
  }
  if (name !== METADATA_VERSION) return undefined;
  const reason =
    upgradeType === UpgradeType.SAFE_DOWNGRADE
      ? 'Refusing to perform the requested downgrade because it might delete metadata information.'
      : 'Unsafe metadata downgrade is not supported in this version.';
  return `Unsupported metadata.version downgrade from ${current} to ${level}. ${reason}`;
}
