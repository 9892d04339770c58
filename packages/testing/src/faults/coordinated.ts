// Requests to coordinators: for which group or transactional id each one is.

import type { CoordinatorKind } from './posed-cluster.ts';
import { apiName } from './proxied-request.ts';

interface Body {
  readonly groupId?: string;
  readonly groups?: readonly (string | { readonly groupId: string })[];
  readonly groupIds?: readonly string[];
  readonly groupsNames?: readonly string[];
  readonly transactionalId?: string | null;
  readonly transactionalIds?: readonly string[];
  readonly transactions?: readonly { readonly transactionalId: string }[];
  readonly v3AndBelowTransactionalId?: string;
}

const OF_GROUPS = new Set([
  ...['OffsetCommit', 'OffsetFetch', 'JoinGroup', 'Heartbeat', 'LeaveGroup', 'SyncGroup', 'DescribeGroups'],
  ...['DeleteGroups', 'OffsetDelete', 'TxnOffsetCommit', 'ConsumerGroupHeartbeat', 'ConsumerGroupDescribe'],
  ...['ShareGroupHeartbeat', 'ShareGroupDescribe', 'DescribeShareGroupOffsets', 'AlterShareGroupOffsets'],
  'DeleteShareGroupOffsets',
]);
const OF_TRANSACTIONS = new Set([
  ...['InitProducerId', 'AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn', 'DescribeTransactions'],
]);

export interface CoordinatedKeys {
  readonly kind: CoordinatorKind;
  readonly keys: readonly string[];
}

/** Undefined when the request is for no coordinator. */
export function coordinatedKeys(apiKey: number, body: () => object): CoordinatedKeys | undefined {
  const name = apiName(apiKey);
  if (OF_GROUPS.has(name)) {
    const { groupId, groups = [], groupIds = [], groupsNames = [] } = body() as Body;
    const named = groups.map((group) => (typeof group === 'string' ? group : group.groupId));
    const all = [...[groupId ?? ''], ...named, ...groupIds, ...groupsNames];
    return { kind: 'group', keys: all.filter((key) => key !== '') };
  }
  if (!OF_TRANSACTIONS.has(name)) return undefined;
  const {
    transactionalId,
    transactionalIds = [],
    transactions = [],
    v3AndBelowTransactionalId,
  } = body() as Body;
  const named = transactions.map((transaction) => transaction.transactionalId);
  const all = [transactionalId ?? '', v3AndBelowTransactionalId ?? '', ...transactionalIds, ...named];
  return { kind: 'transaction', keys: all.filter((key) => key !== '') };
}
