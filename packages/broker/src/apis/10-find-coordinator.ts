// FindCoordinator (KIP-699 several keys at once from version 4, KIP-932 share groups from version 6).
//
// The coordinator of a group is the leader of the partition of __consumer_offsets that keeps it, that of a transactional
// id the leader of its partition of __transaction_state, that of a share partition the leader of its partition of
// __share_group_state; each topic is made when the first is looked for.

import { GROUP_METADATA_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC } from '@moldau/metadata';
import { ErrorCode, findCoordinatorRequest, findCoordinatorResponse, KafkaError } from '@moldau/protocol';
import { parseShareKeyText } from '../coordinators/share/share-state-records.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may, refusal } from './authorize.ts';
import { endpointsFor } from './endpoints.ts';
import { type RequestContext, type Services, serve } from './handler.ts';

const FIRST_VERSION_WITH_MANY_KEYS = 4;
const FIRST_VERSION_WITH_SHARE_GROUPS = 6;

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
  const problem = permissionProblem(keyType, key, context, services);
  if (problem !== undefined) return nowhere(key, problem.code, problem.message);
  const isTooOld = keyType === KeyType.SHARE && context.apiVersion < FIRST_VERSION_WITH_SHARE_GROUPS;
  const place = isTooOld
    ? `Coordinators of share groups are found from version ${FIRST_VERSION_WITH_SHARE_GROUPS} on.`
    : placeOf(keyType, key, services);
  if (typeof place === 'string') return nowhere(key, ErrorCode.INVALID_REQUEST, place);
  const { topic, prepare, partition } = place;
  try {
    if (services.metadata().topicByName(topic) === undefined) await prepare();
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return nowhere(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, error.message);
  }
  return leaderOf(topic, partition(), key, context, services);
}

function permissionProblem(
  keyType: number,
  key: string,
  context: RequestContext,
  services: Services,
): KafkaError | undefined {
  const { group, transactionalId, cluster } = permissions.findCoordinator;
  if (keyType === KeyType.SHARE) demand(services, context, cluster);
  const permission = keyType === KeyType.GROUP ? group : transactionalId;
  const isAsked = keyType === KeyType.GROUP || keyType === KeyType.TRANSACTION;
  return isAsked && !may(services, context, permission, key) ? refusal(permission) : undefined;
}

/** The internal topic that keeps a key, and where in it; else what is wrong with the key. */
function placeOf(
  keyType: number,
  key: string,
  { groups, transactions, share }: Services,
): { topic: string; prepare: () => Promise<void>; partition: () => number } | string {
  if (keyType === KeyType.SHARE) {
    const shareKey = parseShareKeyText(key);
    if (shareKey === undefined)
      return `A share partition's key is a group, a topic's id and a partition, not ${key}.`;
    const prepare = () => share.state.prepare(shareKey);
    return { topic: SHARE_GROUP_STATE_TOPIC, prepare, partition: () => share.state.partitionFor(shareKey) };
  }
  if (keyType !== KeyType.GROUP && keyType !== KeyType.TRANSACTION)
    return `There is no coordinator of type ${keyType}.`;
  const [coordinator, topic] =
    keyType === KeyType.GROUP ? [groups, GROUP_METADATA_TOPIC] : [transactions, TRANSACTION_STATE_TOPIC];
  return { topic, prepare: () => coordinator.prepare(key), partition: () => coordinator.partitionFor(key) };
}

function leaderOf(
  topic: string,
  partition: number,
  key: string,
  context: RequestContext,
  services: Services,
): Coordinator {
  const leader = services.metadata().topicByName(topic)?.partition(partition)?.leader;
  const endpoint = endpointsFor(context, services).find(({ nodeId }) => nodeId === leader);
  if (endpoint === undefined) {
    const message = `Partition ${partition} of ${topic}, which keeps this key, has no leader with a listener ${context.listenerName}.`;
    return nowhere(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, message);
  }
  const { nodeId, host, port } = endpoint;
  return { key, nodeId, host, port, errorCode: ErrorCode.NONE, errorMessage: '' };
}

function nowhere(key: string, errorCode: number, errorMessage: string): Coordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage };
}
