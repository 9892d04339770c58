// Features of the cluster: levels that all brokers have agreed on, as metadata.version, and raising them after an upgrade.

import {
  apiVersionsRequest,
  apiVersionsResponse,
  updateFeaturesRequest,
  updateFeaturesResponse,
} from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { SOFTWARE } from '../options/version.ts';
import { allOrThrow, errorOf, wholeAnswer } from './results.ts';
import { brokerTimeoutMs } from './timing.ts';
import type { ChangeOptions } from './topics.ts';

export interface FeaturesDescription {
  /** What is on now, by name. */
  readonly finalized: ReadonlyMap<string, { readonly minLevel: number; readonly maxLevel: number }>;
  /** What the broker that answered could do. */
  readonly supported: ReadonlyMap<string, { readonly minLevel: number; readonly maxLevel: number }>;
  /** Grows with each change; undefined: the broker does not know yet. */
  readonly finalizedEpoch: number | undefined;
}

export interface FeatureUpdate {
  readonly feature: string;
  /** 0 takes it away. */
  readonly level: number;
  /** Default: 'upgrade'. Downgrades may be lossless, or are 'unsafe-downgrade'. */
  readonly type?: keyof typeof UPGRADE_TYPES;
}

const UPGRADE_TYPES = { upgrade: 1, 'safe-downgrade': 2, 'unsafe-downgrade': 3 } as const;
const API_VERSIONS = { request: apiVersionsRequest, response: apiVersionsResponse, minVersion: 3 };
const UPDATE = { request: updateFeaturesRequest, response: updateFeaturesResponse };
const UPDATE_VALIDATED = { ...UPDATE, minVersion: 1, neededFor: 'validateOnly' };
const FIRST_OF_ALL_OR_NOTHING = 2;

export class FeaturesAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** As any broker knows them, or this one. */
  async describe(options: CallOptions & { brokerId?: number } = {}): Promise<FeaturesDescription> {
    const { brokerId } = options;
    const answer = await this.#cluster.request(API_VERSIONS, SOFTWARE, {
      ...options,
      to: brokerId === undefined ? 'any' : { brokerId },
      retry: { errorOf: ({ errorCode }) => errorCode },
    });
    return {
      finalized: new Map(
        answer.finalizedFeatures.map(({ name, minVersionLevel, maxVersionLevel }) => [
          name,
          { minLevel: minVersionLevel, maxLevel: maxVersionLevel },
        ]),
      ),
      supported: new Map(
        answer.supportedFeatures.map(({ name, minVersion, maxVersion }) => [
          name,
          { minLevel: minVersion, maxLevel: maxVersion },
        ]),
      ),
      finalizedEpoch: answer.finalizedFeaturesEpoch < 0 ? undefined : answer.finalizedFeaturesEpoch,
    };
  }

  /** Brokers from Kafka 4.0 on change all or, when one cannot be, none. */
  async update(
    updates: FeatureUpdate | readonly FeatureUpdate[],
    options: ChangeOptions = {},
  ): Promise<void> {
    const asked = [updates].flat();
    if (asked.length === 0) return;
    const { validateOnly = false } = options;
    const input = {
      timeoutMs: brokerTimeoutMs(this.#cluster, options),
      validateOnly,
      featureUpdates: asked.map(({ feature, level, type = 'upgrade' }) => ({
        ...{ feature, maxVersionLevel: level, upgradeType: UPGRADE_TYPES[type] },
        allowDowngrade: type !== 'upgrade',
      })),
    };
    let version = 0;
    const { results } = await this.#cluster.request(
      validateOnly ? UPDATE_VALIDATED : UPDATE,
      (chosen) => {
        version = chosen;
        return input;
      },
      {
        ...options,
        to: 'controller',
        retry: wholeAnswer('Alter'),
      },
    );
    if (version >= FIRST_OF_ALL_OR_NOTHING) return;
    const byName = new Map(results.map((result) => [result.feature, result]));
    allOrThrow(asked.map(({ feature }) => errorOf(byName.get(feature), { resource: `feature ${feature}` })));
  }
}
