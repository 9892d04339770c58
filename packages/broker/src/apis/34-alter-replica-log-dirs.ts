// AlterReplicaLogDirs (KIP-113): moves partitions between this broker's log dirs. It is answered when the moves have been taken on; DescribeLogDirs
// tells how far they are.

import {
  type AlterReplicaLogDirsRequest,
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
  ErrorCode,
  KafkaError,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { type Services, serve } from './handler.ts';

interface Wish {
  readonly path: string;
  readonly topic: string;
  readonly index: number;
}

export const alterReplicaLogDirs = serve({
  request: alterReplicaLogDirsRequest,
  response: alterReplicaLogDirsResponse,
  minVersion: 1,
  maxVersion: 2,
  handle(request, context, services) {
    demand(services, context, permissions.alterReplicaLogDirs.cluster);
    return answer(request, (wish) => move(wish, services));
  },
  fail: (request, errorCode) => answer(request, () => errorCode),
});

/** The error code. */
function move({ path, topic, index }: Wish, { logs, partitions }: Services): number {
  try {
    logs.checkLogDir(path);
    const partition = partitions.get(topic, index);
    if (partition === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    logs.moveTo(partition.log, path);
    return ErrorCode.NONE;
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
    throw error;
  }
}

/** Of several wishes for one partition the last counts. */
function answer({ dirs }: AlterReplicaLogDirsRequest, outcome: (wish: Wish) => number) {
  const wishes = new Map<string, Map<number, Wish>>();
  for (const { path, topics } of dirs) {
    for (const { name, partitions } of topics) {
      const ofTopic = wishes.get(name) ?? new Map<number, Wish>();
      wishes.set(name, ofTopic);
      for (const index of partitions) ofTopic.set(index, { path, topic: name, index });
    }
  }
  return {
    results: [...wishes].map(([topicName, ofTopic]) => ({
      topicName,
      partitions: [...ofTopic.values()].map((wish) => ({
        partitionIndex: wish.index,
        errorCode: outcome(wish),
      })),
    })),
  };
}
