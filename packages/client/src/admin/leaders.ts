// Leaders of partitions, as far as they are administrated: having them elected.

import { ErrorCode, electLeadersRequest, electLeadersResponse } from '@moldau/protocol';
import { byTopic, type TopicPartition } from '../cluster/ask-leaders.ts';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { allOrThrow, errorOf, wholeAnswer } from './results.ts';
import { brokerTimeoutMs } from './timing.ts';

const ELECT = { request: electLeadersRequest, response: electLeadersResponse };
const TYPES = { preferred: { code: 0, minVersion: 0 }, unclean: { code: 1, minVersion: 1 } } as const;

export class LeadersAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * Makes the preferred replica lead; or, 'unclean', where nobody leads, any that is there: what others had beyond it is lost. Resolves with the
   * partitions that have got another leader: those that had the right one are no failure.
   */
  async elect(
    partitions: 'all' | TopicPartition | readonly TopicPartition[],
    options: CallOptions & { type?: keyof typeof TYPES } = {},
  ): Promise<TopicPartition[]> {
    const { code, minVersion } = TYPES[options.type ?? 'preferred'];
    const asked = partitions === 'all' ? undefined : [partitions].flat();
    if (asked?.length === 0) return [];
    const input = {
      electionType: code,
      topicPartitions:
        asked === undefined
          ? null
          : [...byTopic(asked)].map(([topic, group]) => ({
              topic,
              partitions: group.map(({ partition }) => partition),
            })),
      timeoutMs: brokerTimeoutMs(this.#cluster, options),
    };
    const { replicaElectionResults } = await this.#cluster.request({ ...ELECT, minVersion }, input, {
      ...options,
      to: 'controller',
      retry: wholeAnswer('Alter'),
    });
    const needed = replicaElectionResults
      .flatMap(({ topic, partitionResult }) =>
        partitionResult.map(({ partitionId, ...outcome }) => ({ topic, partition: partitionId, outcome })),
      )
      .filter(({ outcome }) => outcome.errorCode !== ErrorCode.ELECTION_NOT_NEEDED);
    return allOrThrow(
      needed.map(
        ({ topic, partition, outcome }) =>
          errorOf(outcome, { topic, partition, operation: 'Alter' }) ?? { topic, partition },
      ),
    );
  }
}
