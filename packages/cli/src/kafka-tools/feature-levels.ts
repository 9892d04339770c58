// The levels of Kafka's features: how releases name those of metadata.version, and what else comes with each.

import { JavaError } from './java-errors.ts';

export const METADATA_VERSION = 'metadata.version';

const FIRST_LEVEL = 7;
const NAMES = [
  ...['3.3-IV3', '3.4-IV0', '3.5-IV0', '3.5-IV1', '3.5-IV2', '3.6-IV0', '3.6-IV1', '3.6-IV2', '3.7-IV0'],
  ...['3.7-IV1', '3.7-IV2', '3.7-IV3', '3.7-IV4', '3.8-IV0', '3.9-IV0', '4.0-IV0', '4.0-IV1', '4.0-IV2'],
  ...['4.0-IV3', '4.1-IV0', '4.1-IV1', '4.2-IV0', '4.2-IV1', '4.3-IV0', '4.4-IV0'],
] as const;

/** The latest that is no preview. */
export const LATEST_RELEASE = '4.3-IV0';

interface Feature {
  readonly name: string;
  readonly latestLevel: number;
  /** The metadata.version that it comes with by default, at its latest level. */
  readonly since: number;
  /** metadata.version that its latest level needs; undefined: any. */
  readonly needs?: number;
}

/** In Kafka's order. */
export const FEATURES: readonly Feature[] = [
  { name: 'kraft.version', latestLevel: 1, since: 21 },
  { name: 'transaction.version', latestLevel: 2, since: 24 },
  { name: 'group.version', latestLevel: 1, since: 22 },
  { name: 'eligible.leader.replicas.version', latestLevel: 1, since: 26, needs: 23 },
  { name: 'share.version', latestLevel: 1, since: 28 },
  { name: 'streams.version', latestLevel: 1, since: 29 },
];

export function defaultLevel({ latestLevel, since }: Feature, metadataVersion: number): number {
  return metadataVersion >= since ? latestLevel : 0;
}

/** '4.0-IV1'; undefined: no release has this level. */
export function metadataVersionName(level: number): string | undefined {
  return NAMES[level - FIRST_LEVEL];
}

/** Of '4.0-IV1', or of a release: 4.0 and 4.0.2 are the latest of that. @throws JavaError */
export function metadataVersionLevel(text: string): number {
  const wanted = text.split('.').slice(0, 2).join('.');
  const index = NAMES.findLastIndex((name) => name === wanted || name.split('-')[0] === wanted);
  if (index >= 0) return index + FIRST_LEVEL;
  throw new JavaError(
    'java.lang.IllegalArgumentException',
    `Unknown metadata.version '${text}'. Supported metadata.version are: ${NAMES.join(', ')}`,
  );
}
