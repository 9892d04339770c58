// What a stranger really can do: connects to a broker as one, without a login, and asks.
//
// It changes nothing. That it may do something it learns from the operations that the broker says it is authorized for (KIP-430).

import type { TlsClientOptions } from '@moldau/io';
import {
  describeClusterRequest,
  describeClusterResponse,
  metadataRequest,
  metadataResponse,
} from '@moldau/protocol';
import { Stranger, type StrangerPorts } from '../connection/stranger.ts';

export interface ProbeResult {
  /** 'unreachable': nobody answers there. 'closed': a stranger is sent away, or let wait. 'open': he is heard. */
  readonly outcome: 'unreachable' | 'closed' | 'open';
  /** Why not, when it is unreachable. */
  readonly reason?: string;
  readonly mayAdminister: boolean;
  /** Names of topics that he may read, and write. */
  readonly readable: readonly string[];
  readonly writable: readonly string[];
}

const DESCRIBE_CLUSTER_VERSION = 0;
const METADATA_VERSION = 12;

/** Kafka's numbers of operations: the bits of what one is authorized for. */
const READ = 1 << 3;
const WRITE = 1 << 4;
const ADMINISTRATION = (1 << 5) | (1 << 7) | (1 << 11);

const NOTHING = { mayAdminister: false, readable: [], writable: [] };

export async function probe(
  address: { readonly host: string; readonly port: number },
  tls: TlsClientOptions | undefined,
  ports: StrangerPorts,
): Promise<ProbeResult> {
  let stranger: Stranger;
  try {
    stranger = await Stranger.dial(address, tls, ports);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { outcome: 'unreachable', reason, ...NOTHING };
  }
  try {
    const cluster = await stranger.ask(
      describeClusterRequest,
      describeClusterResponse,
      DESCRIBE_CLUSTER_VERSION,
      { includeClusterAuthorizedOperations: true },
    );
    if (cluster === undefined) return { outcome: 'closed', ...NOTHING };
    const metadata = await stranger.ask(metadataRequest, metadataResponse, METADATA_VERSION, {
      topics: null,
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
    });
    const topics = metadata?.topics ?? [];
    const namesWith = (operation: number) =>
      topics
        .filter(({ topicAuthorizedOperations }) => (topicAuthorizedOperations & operation) !== 0)
        .map(({ name }) => name ?? '');
    return {
      outcome: 'open',
      mayAdminister: (cluster.clusterAuthorizedOperations & ADMINISTRATION) !== 0,
      readable: namesWith(READ),
      writable: namesWith(WRITE),
    };
  } finally {
    stranger.close();
  }
}
