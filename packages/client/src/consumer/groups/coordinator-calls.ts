// Requests to the coordinator of one group. Who finds that it has moved forgets it, so that the next request looks for the new one.

import type { Cluster } from '../../cluster/cluster.ts';
import { BrokerError, KafkaError } from '../../errors/kafka-error.ts';
import type { Purpose } from '../../network/broker-pool.ts';
import type { ClientApi } from '../../network/client-api.ts';

interface GroupCallOptions {
  /** By default 'coordinator'. */
  readonly purpose?: Purpose;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export class CoordinatorCalls {
  readonly cluster: Cluster;
  readonly groupId: string;

  constructor(cluster: Cluster, groupId: string) {
    this.cluster = cluster;
    this.groupId = groupId;
  }

  /** One attempt. */
  async request<Input, Answer>(
    api: ClientApi<Input, Answer>,
    input: Input | ((version: number) => Input),
    options: GroupCallOptions = {},
  ): Promise<Answer> {
    const to = { coordinatorOf: 'group', key: this.groupId } as const;
    try {
      return await this.cluster.request(api, input, { to, ...options });
    } catch (error) {
      if (error instanceof KafkaError) this.heard(error);
      throw error;
    }
  }

  /** An error that has to do with the coordinator. */
  heard({ code }: KafkaError): void {
    const isElsewhere = code === 'NOT_COORDINATOR' || code === 'COORDINATOR_NOT_AVAILABLE';
    if (isElsewhere || code.startsWith('CONNECTION_') || code === 'TIMED_OUT')
      this.cluster.coordinators.forget('group', this.groupId);
  }

  /** What an error code in an answer means. */
  error(errorCode: number, said: string | null = null): BrokerError {
    const error = new BrokerError(errorCode, { said });
    this.heard(error);
    return error;
  }
}
