// WriteTxnMarkers (KIP-98, KIP-890 transaction versions from version 2): ends transactions in partitions. Brokers send it
// to each other, and `kafka-transactions abort` for a transaction that nobody ends any more.

import { writeTxnMarkersRequest, writeTxnMarkersResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand, may } from './authorize.ts';
import { serve } from './handler.ts';

export const writeTxnMarkers = serve({
  request: writeTxnMarkersRequest,
  response: writeTxnMarkersResponse,
  minVersion: 1,
  maxVersion: 2,
  async handle({ markers }, context, services) {
    const { transactionMarkers } = services;
    const { administrator, cluster } = permissions.writeTxnMarkers;
    if (!may(services, context, administrator)) demand(services, context, cluster);
    // A marker for no partition is not answered for.
    const wanted = markers.filter(({ topics }) =>
      topics.some(({ partitionIndexes }) => partitionIndexes.length > 0),
    );
    const answered = wanted.map(async ({ topics, transactionResult, ...marker }) => {
      const answers = await Promise.all(
        topics.map(({ name, partitionIndexes }) =>
          transactionMarkers.write({
            ...marker,
            committed: transactionResult,
            partitions: partitionIndexes.map((partition) => ({ topic: name, partition })),
          }),
        ),
      );
      return {
        producerId: marker.producerId,
        topics: topics.map(({ name }, index) => ({
          name,
          partitions: answers[index]!.map(({ partition, errorCode }) => ({
            partitionIndex: partition,
            errorCode,
          })),
        })),
      };
    });
    return { markers: await Promise.all(answered) };
  },
  fail: ({ markers }, errorCode) => ({
    markers: markers.map(({ producerId, topics }) => ({
      producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, errorCode })),
      })),
    })),
  }),
});
