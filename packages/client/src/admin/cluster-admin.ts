// The cluster as a whole: its id, its brokers, its controller.

import {
  describeClusterRequest,
  describeClusterResponse,
  ErrorCode,
  metadataRequest,
  metadataResponse,
} from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { UnsupportedVersionError } from '../errors/kafka-error.ts';

export interface BrokerDescription {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | undefined;
}

export interface ClusterDescription {
  readonly clusterId: string | undefined;
  /** A broker to send changes to. */
  readonly controllerId: number | undefined;
  /** By id. */
  readonly brokers: readonly BrokerDescription[];
}

const DESCRIBE_CLUSTER = { request: describeClusterRequest, response: describeClusterResponse };
const METADATA = { request: metadataRequest, response: metadataResponse, minVersion: 2 };

export class ClusterAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async describe(options: CallOptions = {}): Promise<ClusterDescription> {
    try {
      const input = { includeClusterAuthorizedOperations: false, includeFencedBrokers: false };
      const { clusterId, controllerId, brokers } = await this.#cluster.request(DESCRIBE_CLUSTER, input, {
        ...options,
        to: 'any',
        retry: { errorOf: ({ errorCode }) => errorCode, messageOf: ({ errorMessage }) => errorMessage },
      });
      return description(
        clusterId,
        controllerId,
        brokers.map(({ brokerId, ...rest }) => ({ nodeId: brokerId, ...rest })),
      );
    } catch (error) {
      if (!(error instanceof UnsupportedVersionError)) throw error;
      return await this.#describeByMetadata(options);
    }
  }

  /** Before Kafka 2.8. */
  async #describeByMetadata(options: CallOptions): Promise<ClusterDescription> {
    const { clusterId, controllerId, brokers } = await this.#cluster.request(
      METADATA,
      { topics: [], allowAutoTopicCreation: false },
      { ...options, to: 'any', retry: { errorOf: ({ errorCode }) => errorCode ?? ErrorCode.NONE } },
    );
    return description(clusterId, controllerId, brokers);
  }
}

function description(
  clusterId: string | null,
  controllerId: number,
  brokers: readonly { nodeId: number; host: string; port: number; rack: string | null }[],
): ClusterDescription {
  return {
    clusterId: clusterId ?? undefined,
    controllerId: controllerId < 0 ? undefined : controllerId,
    brokers: brokers
      .map(({ nodeId, host, port, rack }) => ({ id: nodeId, host, port, rack: rack ?? undefined }))
      .sort((left, right) => left.id - right.id),
  };
}
