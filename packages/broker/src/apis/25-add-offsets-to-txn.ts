// AddOffsetsToTxn (KIP-98): the producer is about to commit a group's offsets in its transaction, so the partition of
// __consumer_offsets that keeps the group becomes one of the transaction's.

import { GROUP_METADATA_TOPIC } from '@moldau/metadata';
import { addOffsetsToTxnRequest, addOffsetsToTxnResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';
import { epochErrorFor } from './transactional-requests.ts';

const FIRST_VERSION_WITH_FENCED = 2;

export const addOffsetsToTxn = serve({
  request: addOffsetsToTxnRequest,
  response: addOffsetsToTxnResponse,
  minVersion: 0,
  maxVersion: 4,
  async handle({ groupId, ...producer }, context, services) {
    const { groups, transactions } = services;
    const permission = permissions.addOffsetsToTxn;
    demand(services, context, permission.transactionalId, producer.transactionalId);
    demand(services, context, permission.group, groupId);
    const answers = await transactions.addPartitions({
      ...producer,
      partitions: [{ topic: GROUP_METADATA_TOPIC, partition: groups.partitionFor(groupId) }],
      verifyOnly: false,
      clientVersion: 0,
    });
    return {
      errorCode: epochErrorFor(answers[0]!.errorCode, context.apiVersion < FIRST_VERSION_WITH_FENCED),
    };
  },
  fail: (_request, errorCode) => ({ errorCode }),
});
