// The cluster as a whole: its id, its brokers, its controller; forgetting brokers.

import {
  apiVersionsRequest,
  apiVersionsResponse,
  describeClusterRequest,
  describeClusterResponse,
  ErrorCode,
  metadataRequest,
  metadataResponse,
  unregisterBrokerRequest,
  unregisterBrokerResponse,
} from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { UnsupportedVersionError } from '../errors/kafka-error.ts';
import { SOFTWARE } from '../options/version.ts';
import { eachBroker } from './each-broker.ts';
import { type Operation, operationsOf } from './names.ts';
import { wholeAnswer } from './results.ts';

export interface BrokerDescription {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | undefined;
  /** It is registered, and not in touch with the controller now; only told when asked for. */
  readonly isFenced: boolean;
}

export interface ClusterDescription {
  readonly clusterId: string | undefined;
  /** A broker to send changes to. */
  readonly controllerId: number | undefined;
  /** By id. */
  readonly brokers: readonly BrokerDescription[];
  /** What this principal may do with the cluster; only when asked for, and where the broker tells. */
  readonly authorizedOperations: readonly Operation[] | undefined;
}

/** What one broker speaks. */
export interface BrokerApiVersions {
  readonly brokerId: number;
  readonly apis: readonly {
    readonly apiKey: number;
    readonly minVersion: number;
    readonly maxVersion: number;
  }[];
}

interface DescribeOptions extends CallOptions {
  /** From Kafka 4.1 on. */
  readonly includeFencedBrokers?: boolean;
  readonly includeAuthorizedOperations?: boolean;
}

const API_VERSIONS = { request: apiVersionsRequest, response: apiVersionsResponse };
const DESCRIBE_CLUSTER = { request: describeClusterRequest, response: describeClusterResponse };
const DESCRIBE_FENCED = { ...DESCRIBE_CLUSTER, minVersion: 2, neededFor: 'includeFencedBrokers' };
const UNREGISTER = { request: unregisterBrokerRequest, response: unregisterBrokerResponse };
const METADATA = { request: metadataRequest, response: metadataResponse, minVersion: 2 };
const FIRST_WITH_OPERATIONS = 8;

export class ClusterAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async describe(options: DescribeOptions = {}): Promise<ClusterDescription> {
    const { includeFencedBrokers = false, includeAuthorizedOperations = false } = options;
    try {
      const input = {
        includeClusterAuthorizedOperations: includeAuthorizedOperations,
        includeFencedBrokers,
      };
      const api = includeFencedBrokers ? DESCRIBE_FENCED : DESCRIBE_CLUSTER;
      const answer = await this.#cluster.request(api, input, {
        ...options,
        to: 'any',
        retry: wholeAnswer('Describe'),
      });
      const brokers = answer.brokers.map(({ brokerId, ...rest }) => ({ nodeId: brokerId, ...rest }));
      return description({ ...answer, brokers });
    } catch (error) {
      if (!(error instanceof UnsupportedVersionError) || includeFencedBrokers) throw error;
      return await this.#describeByMetadata(options);
    }
  }

  /** Of all brokers, or of some. Whoever can connect may ask. */
  async apiVersions(
    options: CallOptions & { brokerIds?: readonly number[] } = {},
  ): Promise<BrokerApiVersions[]> {
    return await eachBroker(this.#cluster, options.brokerIds, options, async (brokerId, call) => {
      const { apiKeys } = await this.#cluster.request(API_VERSIONS, SOFTWARE, {
        ...call,
        retry: wholeAnswer('Describe'),
      });
      const apis = apiKeys.map(({ apiKey, minVersion, maxVersion }) => ({ apiKey, minVersion, maxVersion }));
      return [{ brokerId, apis }];
    });
  }

  /** Forgets a broker that is gone for good. While it runs, it registers again. */
  async unregisterBroker(brokerId: number, options: CallOptions = {}): Promise<void> {
    await this.#cluster.request(
      UNREGISTER,
      { brokerId },
      { ...options, to: 'any', retry: wholeAnswer('Alter', `broker ${brokerId}`) },
    );
  }

  /** Before Kafka 2.8. */
  async #describeByMetadata(options: DescribeOptions): Promise<ClusterDescription> {
    const { includeAuthorizedOperations = false } = options;
    const answer = await this.#cluster.request(
      { ...METADATA, minVersion: includeAuthorizedOperations ? FIRST_WITH_OPERATIONS : METADATA.minVersion },
      {
        ...{ topics: [], allowAutoTopicCreation: false },
        includeClusterAuthorizedOperations: includeAuthorizedOperations,
      },
      { ...options, to: 'any', retry: { errorOf: ({ errorCode }) => errorCode ?? ErrorCode.NONE } },
    );
    return description(answer);
  }
}

interface ClusterAnswer {
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly clusterAuthorizedOperations: number;
  readonly brokers: readonly {
    readonly nodeId: number;
    readonly host: string;
    readonly port: number;
    readonly rack: string | null;
    readonly isFenced?: boolean;
  }[];
}

function description({ clusterId, controllerId, brokers, ...rest }: ClusterAnswer): ClusterDescription {
  return {
    clusterId: clusterId ?? undefined,
    controllerId: controllerId < 0 ? undefined : controllerId,
    brokers: brokers
      .map(({ nodeId, host, port, rack, isFenced = false }) => ({
        ...{ id: nodeId, host, port, isFenced },
        rack: rack ?? undefined,
      }))
      .sort((left, right) => left.id - right.id),
    authorizedOperations: operationsOf(rest.clusterAuthorizedOperations),
  };
}
