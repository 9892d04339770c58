// DeleteRecords (KIP-107). Offset -1 stands for the high watermark: all there is.

import { deleteRecordsRequest, deleteRecordsResponse, ErrorCode, KafkaError } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { type Services, serve } from './handler.ts';

const UP_TO_HIGH_WATERMARK = -1;
const NO_LOW_WATERMARK = -1;

export const deleteRecords = serve({
  request: deleteRecordsRequest,
  response: deleteRecordsResponse,
  minVersion: 0,
  maxVersion: 2,
  async handle(request, context, services) {
    const { topic } = permissions.deleteRecords;
    const topics = request.topics.map(async ({ name, partitions }) => {
      if (!may(services, context, topic, name)) {
        return {
          name,
          partitions: partitions.map(({ partitionIndex }) => failure(partitionIndex, topic.denied)),
        };
      }
      const deleted = partitions.map(({ partitionIndex, offset }) =>
        deleteBefore(name, partitionIndex, offset, services),
      );
      return { name, partitions: await Promise.all(deleted) };
    });
    return { topics: await Promise.all(topics) };
  },
  fail: (request, errorCode) => ({
    topics: request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => failure(partitionIndex, errorCode)),
    })),
  }),
});

async function deleteBefore(topic: string, partitionIndex: number, offset: number, services: Services) {
  const partition = services.partitions.get(topic, partitionIndex);
  if (partition === undefined) return failure(partitionIndex, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  const image = services.metadata().topicByName(topic);
  if (image?.isInternal) return failure(partitionIndex, ErrorCode.INVALID_TOPIC_EXCEPTION);
  if (!partition.settings.log.cleanupPolicy.delete)
    return failure(partitionIndex, ErrorCode.POLICY_VIOLATION);
  try {
    await partition.log.ready();
    const { highWatermark } = partition;
    const before = offset === UP_TO_HIGH_WATERMARK ? highWatermark : offset;
    if (before < 0 || before > highWatermark) return failure(partitionIndex, ErrorCode.OFFSET_OUT_OF_RANGE);
    const lowWatermark = await partition.log.deleteRecordsBefore(before);
    return { partitionIndex, lowWatermark, errorCode: ErrorCode.NONE };
  } catch (error) {
    if (error instanceof KafkaError) return failure(partitionIndex, error.code);
    throw error;
  }
}

function failure(partitionIndex: number, errorCode: number) {
  return { partitionIndex, lowWatermark: NO_LOW_WATERMARK, errorCode };
}
