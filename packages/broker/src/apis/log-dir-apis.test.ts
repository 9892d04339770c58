// AlterReplicaLogDirs and DescribeLogDirs of a broker with two log dirs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
  createTopicsRequest,
  createTopicsResponse,
  describeLogDirsRequest,
  describeLogDirsResponse,
  ErrorCode,
  encodeBatch,
  listOffsetsRequest,
  listOffsetsResponse,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

let broker: TestBroker;
let client: RawClient;
let paths: string[];

before(async () => {
  const logDirs = ['one', 'two'];
  broker = await startTestBroker({ logDirs });
  paths = logDirs.map((name) => `${broker.dataDirectory}/${name}`);
  client = await RawClient.dial(broker);
  await client.request(createTopicsRequest, createTopicsResponse, 7, {
    topics: [{ name: 'a', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }],
  });
});

after(async () => {
  client.close();
  await broker.stop();
});

async function produce(index: number): Promise<number> {
  const records = encodeBatch({
    baseOffset: 0,
    records: [{ timestamp: 0, key: null, value: Buffer.alloc(100) }],
  });
  const { responses } = await client.request(produceRequest, produceResponse, 9, {
    ...{ acks: -1, timeoutMs: 1000 },
    topicData: [{ name: 'a', partitionData: [{ index, records }] }],
  });
  return responses[0]!.partitionResponses[0]!.errorCode;
}

async function move(path: string, name: string, ...partitions: number[]): Promise<(number | undefined)[]> {
  const { results } = await client.request(alterReplicaLogDirsRequest, alterReplicaLogDirsResponse, 2, {
    dirs: [{ path, topics: [{ name, partitions }] }],
  });
  return partitions.map(
    (index) => results[0]!.partitions.find(({ partitionIndex }) => partitionIndex === index)?.errorCode,
  );
}

/** In which log dir a partition of 'a' lies, copies that are being made left out. */
async function placeOf(index: number): Promise<string | undefined> {
  const { results } = await client.request(describeLogDirsRequest, describeLogDirsResponse, 4, {
    topics: [{ topic: 'a', partitions: [index] }],
  });
  return results.find(({ topics }) =>
    topics.some(({ partitions }) => partitions.some(({ isFutureKey }) => !isFutureKey)),
  )?.logDir;
}

test('a partition is moved to the other log dir while it is produced to', async () => {
  assert.equal(await produce(0), ErrorCode.NONE);
  const from = (await placeOf(0))!;
  const to = paths.find((path) => path !== from)!;
  assert.deepEqual(await move(to, 'a', 0), [ErrorCode.NONE]);
  let count = 1;
  for (; (await placeOf(0)) !== to; count += 1) assert.equal(await produce(0), ErrorCode.NONE);
  assert.equal(await produce(0), ErrorCode.NONE);
  const { topics } = await client.request(listOffsetsRequest, listOffsetsResponse, 5, {
    replicaId: -1,
    topics: [{ name: 'a', partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
  });
  assert.equal(topics[0]!.partitions[0]!.offset, count + 1);
});

test('a partition that nobody has written to is made where it was asked to be', async () => {
  for (const path of [...paths, ...paths]) {
    assert.deepEqual(await move(path, 'a', 1), [ErrorCode.NONE]);
    assert.equal(await placeOf(1), path);
  }
  assert.equal(await produce(1), ErrorCode.NONE);
  assert.equal(await placeOf(1), paths[1]);
});

test('what is not there cannot be moved, nor to where no log dir is', async () => {
  const { LOG_DIR_NOT_FOUND, UNKNOWN_TOPIC_OR_PARTITION, NONE } = ErrorCode;
  assert.deepEqual(await move('/nope', 'a', 0), [LOG_DIR_NOT_FOUND]);
  assert.deepEqual(await move('', 'a', 0), [LOG_DIR_NOT_FOUND]);
  assert.deepEqual(await move('/nope', 'nope', 0), [LOG_DIR_NOT_FOUND]);
  assert.deepEqual(await move(paths[0]!, 'nope', 0), [UNKNOWN_TOPIC_OR_PARTITION]);
  assert.deepEqual(await move(paths[0]!, 'a', 7, 2), [UNKNOWN_TOPIC_OR_PARTITION, NONE]);
});
