// What a broker speaks, from its answer to ApiVersions, and which version of an API to use with it: the highest that both know.

import type { ApiVersionsResponse } from '@moldau/protocol';
import { UnsupportedVersionError } from '../errors/kafka-error.ts';
import { apiName, type ClientApi } from './client-api.ts';
import { firstRelease, isForKRaftOnly } from './releases.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

export class BrokerApis {
  readonly #address: string;
  readonly #ranges: (Range | undefined)[] = [];
  /** Levels of the cluster's features, as 'group.version' -> 1. */
  readonly features: ReadonlyMap<string, number>;

  constructor(address: string, answer: Pick<ApiVersionsResponse, 'apiKeys' | 'finalizedFeatures'>) {
    this.#address = address;
    for (const { apiKey, minVersion, maxVersion } of answer.apiKeys) {
      if (apiKey >= 0) this.#ranges[apiKey] = { min: minVersion, max: maxVersion };
    }
    this.features = new Map(
      answer.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel]),
    );
  }

  /** What the broker offers of an API. */
  range(apiKey: number): Range | undefined {
    return this.#ranges[apiKey];
  }

  /** The version to use; undefined when there is none that both know. */
  find(api: ClientApi<never, unknown>): number | undefined {
    const offered = this.#ranges[api.request.apiKey];
    if (offered === undefined) return undefined;
    const version = Math.min(offered.max, api.maxVersion ?? api.request.versions.max);
    return version >= Math.max(offered.min, api.minVersion ?? api.request.versions.min) ? version : undefined;
  }

  /** As find. @throws UnsupportedVersionError, which says what the broker has and what is needed */
  pick(api: ClientApi<never, unknown>): number {
    const version = this.find(api);
    if (version !== undefined) return version;
    throw new UnsupportedVersionError(this.#explain(api), { broker: this.#address });
  }

  #explain(api: ClientApi<never, unknown>): string {
    const { apiKey, versions } = api.request;
    const offered = this.#ranges[apiKey];
    const min = api.minVersion ?? versions.min;
    const max = api.maxVersion ?? versions.max;
    const name = `${apiName(api)} (API ${apiKey})`;
    const purpose = api.neededFor === undefined ? '' : ` for ${api.neededFor}`;
    const release = firstRelease(apiKey, min);
    if (offered === undefined) {
      const needed = purpose && `, which is needed${purpose}`;
      const missing = `${this.#address}: the broker does not know ${name}${needed}`;
      if (release === undefined) return `${missing}: it may be switched off, or not be Kafka.`;
      const where = isForKRaftOnly(apiKey) ? ' for clusters without ZooKeeper' : '';
      return `${missing}: it came with Kafka ${release}${where}, if it is not switched off.`;
    }
    const needed = `${this.#address}: the broker speaks ${name} in versions ${offered.min} to ${offered.max}, and ${min} to ${max} are needed${purpose}`;
    if (offered.max >= min) return `${needed}: this client is too old for the broker.`;
    return release === undefined
      ? `${needed}: a newer broker is needed.`
      : `${needed}: these came with Kafka ${release}.`;
  }
}
