// node --conditions=source packages/protocol/src/protocol.bench.ts: how many messages a second are decoded and encoded.

import type { AnyMessage } from './message.ts';
import { produceRequest, produceResponse } from './messages/00-produce.ts';
import { fetchRequest, fetchResponse } from './messages/01-fetch.ts';
import { metadataRequest, metadataResponse } from './messages/03-metadata.ts';
import { offsetCommitRequest } from './messages/08-offset-commit.ts';

const ROUND_MS = 250;
const records = Buffer.alloc(100_000, 1);
const topicId = 'ABEiM0RVZneImaq7zN3u_w';
const partitions = Array.from({ length: 6 }, (_, index) => index);

const cases: [AnyMessage, number, object][] = [
  [
    produceRequest,
    9,
    {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topicData: [{ name: 'orders', partitionData: [{ index: 0, records }] }],
    },
  ],
  [
    produceRequest,
    13,
    {
      acks: 1,
      timeoutMs: 30_000,
      topicData: [{ topicId, partitionData: partitions.map((index) => ({ index, records })) }],
    },
  ],
  [
    produceResponse,
    9,
    {
      responses: [
        {
          name: 'orders',
          partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 123_456_789_012, logStartOffset: 0 }],
        },
      ],
    },
  ],
  [
    fetchRequest,
    12,
    {
      maxWaitMs: 500,
      minBytes: 1,
      sessionId: 17,
      sessionEpoch: 4,
      topics: [
        {
          topic: 'orders',
          partitions: partitions.map((partition) => ({
            partition,
            fetchOffset: 9_999_999_999,
            partitionMaxBytes: 1 << 20,
          })),
        },
      ],
    },
  ],
  [
    fetchResponse,
    12,
    {
      sessionId: 17,
      errorCode: 0,
      responses: [
        {
          topic: 'orders',
          partitions: partitions.map((partitionIndex) => ({
            partitionIndex,
            errorCode: 0,
            highWatermark: 9_999_999_999,
            abortedTransactions: null,
            records,
          })),
        },
      ],
    },
  ],
  [metadataRequest, 12, { topics: [{ name: 'orders' }] }],
  [
    metadataResponse,
    12,
    {
      brokers: [{ nodeId: 1, host: 'localhost', port: 9092 }],
      clusterId: 'cluster',
      controllerId: 1,
      topics: Array.from({ length: 10 }, (_, i) => ({
        errorCode: 0,
        name: `topic-${i}`,
        topicId,
        partitions: partitions.map((partitionIndex) => ({
          errorCode: 0,
          partitionIndex,
          leaderId: 1,
          leaderEpoch: 3,
          replicaNodes: [1],
          isrNodes: [1],
          offlineReplicas: [],
        })),
      })),
    },
  ],
  [
    offsetCommitRequest,
    8,
    {
      groupId: 'group',
      memberId: 'member-1-0b4dd4c9-6f6e-4d6b-a0d1-2f3a7b1c9e11',
      topics: [
        {
          name: 'orders',
          partitions: partitions.map((partitionIndex) => ({
            partitionIndex,
            committedOffset: 77,
            committedMetadata: '',
          })),
        },
      ],
    },
  ],
];

/** Operations a second, of the best of three rounds. */
function rate(operation: () => void): number {
  let best = 0;
  for (let round = 0; round < 3; round++) {
    let count = 0;
    const start = process.hrtime.bigint();
    let elapsedMs = 0;
    while (elapsedMs < ROUND_MS) {
      for (let i = 0; i < 500; i++) operation();
      count += 500;
      elapsedMs = Number(process.hrtime.bigint() - start) / 1e6;
    }
    best = Math.max(best, (count / elapsedMs) * 1000);
  }
  return best;
}

console.log('message                          bytes   decoded/s   encoded/s');
for (const [message, version, value] of cases) {
  const bytes = message.encode(value as never, version);
  const decoded = rate(() => message.decode(bytes, version));
  const encoded = rate(() => message.encodeChunks(value as never, version));
  const name = `${message.name} v${version}`.padEnd(28);
  const [decodedText, encodedText] = [decoded, encoded].map((perSecond) =>
    Math.round(perSecond).toLocaleString('en'),
  );
  console.log(
    `${name} ${String(bytes.length).padStart(9)} ${decodedText!.padStart(11)} ${encodedText!.padStart(11)}`,
  );
}
