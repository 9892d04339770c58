// FindCoordinator (KIP-699 several keys at once from version 4, KIP-932 share groups from version 6).
//
// The coordinator of a group is the leader of the partition of __consumer_offsets that keeps it; the topic is made when
// the first group is looked for. There are no transactions and no share groups yet: who asks for their coordinator gets
// an error that clients do not retry, since waiting would not help.

import { GROUP_METADATA_TOPIC } from '@moldau/metadata';
import { ErrorCode, findCoordinatorRequest, findCoordinatorResponse, KafkaError } from '@moldau/protocol';
import { endpointsFor } from './endpoints.ts';
import { type RequestContext, type Services, serve } from './handler.ts';

const FIRST_VERSION_WITH_MANY_KEYS = 4;

const KeyType = { GROUP: 0, TRANSACTION: 1, SHARE: 2 } as const;

interface Coordinator {
  key: string;
  nodeId: number;
  host: string;
  port: number;
  errorCode: number;
  errorMessage: string;
}

export const findCoordinator = serve({
  request: findCoordinatorRequest,
  response: findCoordinatorResponse,
  minVersion: 0,
  maxVersion: 6,
  async handle(request, context, services) {
    const { keyType } = request;
    if (context.apiVersion < FIRST_VERSION_WITH_MANY_KEYS) {
      const coordinator = await find(keyType, request.key, context, services);
      // Kafka's word for no error in these versions.
      return coordinator.errorCode === ErrorCode.NONE
        ? { ...coordinator, errorMessage: 'NONE' }
        : coordinator;
    }
    const coordinators: Coordinator[] = [];
    for (const key of request.coordinatorKeys) coordinators.push(await find(keyType, key, context, services));
    return { coordinators };
  },
  fail: ({ key, coordinatorKeys }, errorCode, message) => ({
    ...nowhere(key, errorCode, message),
    coordinators: coordinatorKeys.map((each) => nowhere(each, errorCode, message)),
  }),
});

async function find(
  keyType: number,
  key: string,
  context: RequestContext,
  services: Services,
): Promise<Coordinator> {
  if (keyType === KeyType.TRANSACTION) {
    return nowhere(
      key,
      ErrorCode.INVALID_REQUEST,
      'This broker does not serve transactions yet. Remove transactional.id from the producer; enable.idempotence works without it.',
    );
  }
  if (keyType === KeyType.SHARE) {
    return nowhere(
      key,
      ErrorCode.INVALID_REQUEST,
      'This broker does not serve share groups yet. Use a consumer group.',
    );
  }
  if (keyType !== KeyType.GROUP) {
    return nowhere(key, ErrorCode.INVALID_REQUEST, `There is no coordinator of type ${keyType}.`);
  }
  try {
    if (services.metadata().topicByName(GROUP_METADATA_TOPIC) === undefined)
      await services.groups.prepare(key);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return nowhere(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, error.message);
  }
  return leaderOf(services.groups.partitionFor(key), key, context, services);
}

function leaderOf(partition: number, key: string, context: RequestContext, services: Services): Coordinator {
  const leader = services.metadata().topicByName(GROUP_METADATA_TOPIC)?.partition(partition)?.leader;
  const endpoint = endpointsFor(context, services).find(({ nodeId }) => nodeId === leader);
  if (endpoint === undefined) {
    const message = `Partition ${partition} of ${GROUP_METADATA_TOPIC}, which keeps this group, has no leader with a listener ${context.listenerName}.`;
    return nowhere(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, message);
  }
  const { nodeId, host, port } = endpoint;
  return { key, nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: '' };
}

function nowhere(key: string, errorCode: number, errorMessage: string): Coordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage };
}
