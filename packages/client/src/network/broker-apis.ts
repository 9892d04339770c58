// What a broker speaks, from its answer to ApiVersions, and which version of an API to use with it: the highest that both know.

import type { ApiVersionsResponse } from '@moldau/protocol';
import { UnsupportedVersionError } from '../errors/kafka-error.ts';
import { apiName, type ClientApi } from './client-api.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

/** The release of Kafka with which APIs came that are younger than 2.4, for people who wonder why theirs does not know one. */
const FIRST_RELEASE: ReadonlyMap<number, string> = new Map([
  [48, '2.6'],
  [49, '2.6'],
  [50, '2.7'],
  [51, '2.7'],
  [55, '3.3'],
  [57, '2.7'],
  [60, '2.8'],
  [61, '2.8'],
  [64, '2.8'],
  [65, '3.0'],
  [66, '3.0'],
  [68, '4.0'],
  [69, '4.0'],
  [71, '3.7'],
  [72, '3.7'],
  [74, '3.7'],
  [75, '3.8'],
  [76, '4.1'],
  [77, '4.1'],
  [78, '4.1'],
  [79, '4.1'],
  [80, '3.9'],
  [81, '3.9'],
  [90, '4.1'],
  [91, '4.1'],
  [92, '4.1'],
]);

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
    const name = `${apiName(api)} (API ${apiKey})`;
    if (offered === undefined) {
      const release = FIRST_RELEASE.get(apiKey);
      const advice =
        release === undefined
          ? 'it may be switched off, or not be Kafka'
          : `it came with Kafka ${release}, if it is not switched off`;
      return `${this.#address}: the broker does not know ${name}: ${advice}.`;
    }
    const min = api.minVersion ?? versions.min;
    const max = api.maxVersion ?? versions.max;
    const advice = offered.max < min ? 'a newer broker is needed' : 'this client is too old for the broker';
    return `${this.#address}: the broker speaks ${name} in versions ${offered.min} to ${offered.max}, and ${min} to ${max} are needed: ${advice}.`;
  }
}
