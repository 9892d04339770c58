// What a client's requests cost: a broker in a process of its own that answers at once, and one connection to it. Prints for each workload the
// rate and what this process spent on it.
// Run: node --conditions=source packages/client/src/network/network.bench.ts [number of the workload]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Connection, nodeClock, nodeHoldingTimers, nodeNetwork } from '@moldau/io';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  encodeBatch,
  encodeResponseFrame,
  fetchRequest,
  fetchResponse,
  metadataRequest,
  metadataResponse,
  produceRequest,
  produceResponse,
} from '@moldau/protocol';
import { AnswerReader } from './answer-reader.ts';
import { BrokerConnection } from './broker-connection.ts';

const MEGABYTE = 1_000_000;
const RECORDS = encodeBatch({ records: [{ timestamp: 0, key: null, value: Buffer.alloc(MEGABYTE) }] });
const TOPIC = 'orders';

const API_VERSIONS = { request: apiVersionsRequest, response: apiVersionsResponse };
const METADATA = { request: metadataRequest, response: metadataResponse };
const PRODUCE = { request: produceRequest, response: produceResponse };
const FETCH = { request: fetchRequest, response: fetchResponse };

const ANSWERS: Record<number, (version: number) => (correlationId: number) => Uint8Array[]> = {
  [API_VERSIONS.request.apiKey]: (version) => (id) =>
    encodeResponseFrame(apiVersionsResponse, version, id, {
      errorCode: 0,
      apiKeys: [METADATA, PRODUCE, FETCH, API_VERSIONS].map(({ request }) => ({
        ...{ apiKey: request.apiKey, minVersion: request.versions.min, maxVersion: request.versions.max },
      })),
    }),
  [METADATA.request.apiKey]: (version) => (id) =>
    encodeResponseFrame(metadataResponse, version, id, {
      brokers: [{ nodeId: 1, host: 'localhost', port: 9092, rack: null }],
      topics: [],
      errorCode: 0,
    }),
  [PRODUCE.request.apiKey]: (version) => (id) =>
    encodeResponseFrame(produceResponse, version, id, {
      responses: [
        {
          name: TOPIC,
          topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
          partitionResponses: [{ index: 0, errorCode: 0, baseOffset: 1, errorMessage: null }],
        },
      ],
    }),
  [FETCH.request.apiKey]: (version) => (id) =>
    encodeResponseFrame(fetchResponse, version, id, {
      errorCode: 0,
      responses: [
        {
          ...{ topic: TOPIC, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' },
          partitions: [
            {
              partitionIndex: 0,
              errorCode: 0,
              highWatermark: 1,
              abortedTransactions: null,
              records: RECORDS,
            },
          ],
        },
      ],
    }),
};

interface Workload {
  readonly name: string;
  readonly requests: number;
  readonly pipelined: number;
  /** Of records, one way or the other. */
  readonly bytes: number;
  request(connection: BrokerConnection): Promise<unknown>;
}

const version = { 18: 4, 3: 12, 0: 12, 1: 12 } as const;
const SOFTWARE = { clientSoftwareName: 'bench', clientSoftwareVersion: '1' };
const PRODUCED = {
  acks: 1,
  timeoutMs: 1_000,
  topicData: [
    { name: TOPIC, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitionData: [{ index: 0, records: RECORDS }] },
  ],
};
const FETCHED = {
  maxWaitMs: 0,
  minBytes: 1,
  topics: [
    {
      topic: TOPIC,
      topicId: 'AAAAAAAAAAAAAAAAAAAAAA',
      partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: MEGABYTE }],
    },
  ],
  forgottenTopicsData: [],
};

const WORKLOADS: readonly Workload[] = [
  ...[1, 64].flatMap((pipelined) => [
    {
      ...{ name: 'ApiVersions', requests: 30_000 * Math.sqrt(pipelined), pipelined, bytes: 0 },
      request: (connection: BrokerConnection) => connection.request(API_VERSIONS, version[18], SOFTWARE),
    },
    {
      ...{ name: 'Metadata', requests: 30_000 * Math.sqrt(pipelined), pipelined, bytes: 0 },
      request: (connection: BrokerConnection) =>
        connection.request(METADATA, version[3], { topics: [], allowAutoTopicCreation: false }),
    },
  ]),
  {
    ...{ name: 'Produce of 1 MB', requests: 3_000, pipelined: 5, bytes: MEGABYTE },
    request: (connection) => connection.request(PRODUCE, version[0], PRODUCED),
  },
  {
    ...{ name: 'Fetch of 1 MB', requests: 3_000, pipelined: 1, bytes: MEGABYTE },
    request: (connection) => connection.request(FETCH, version[1], FETCHED),
  },
];

async function serve(): Promise<void> {
  const listener = await nodeNetwork.listen({ host: '127.0.0.1', port: 0 }, (connection: Connection) => {
    let waiting: Uint8Array[] = [];
    const reader = new AnswerReader({
      maxAnswerBytes: 2 * MEGABYTE,
      onAnswer(frame) {
        const chunks = ANSWERS[frame.readInt16BE(0)]!(frame.readInt16BE(2))(frame.readInt32BE(4));
        if (waiting.length === 0) {
          process.nextTick(() => {
            connection.write(waiting);
            waiting = [];
          });
        }
        waiting.push(...chunks);
      },
      onBadSize: (size) => console.error(`a request of ${size} bytes`),
    });
    return {
      readBuffer: () => reader.place(),
      bytesRead: (count) => reader.filled(count),
      received: (bytes) => reader.received(bytes),
      drained() {},
      closed: () => process.exit(0),
    };
  });
  console.log(listener.port);
}

async function measure(work: Workload, connection: BrokerConnection): Promise<void> {
  let left = Math.round(work.requests);
  const total = left;
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const worker = async (): Promise<void> => {
    while (left-- > 0) await work.request(connection);
  };
  await Promise.all(Array.from({ length: work.pipelined }, worker));
  const cpu = process.cpuUsage(startedCpu);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `${work.name}, ${work.pipelined} pipelined:`.padEnd(34),
    `${(total / seconds / 1000).toFixed(1)} k/s`.padStart(12),
    `${((cpuSeconds / total) * 1e6).toFixed(1)} us CPU each`.padStart(22),
    work.bytes === 0
      ? ''
      : `${((total * work.bytes) / 1e6 / seconds).toFixed(0)} MB/s, ${((total * work.bytes) / 1e9 / cpuSeconds).toFixed(2)} GB per CPU s`,
  );
}

if (process.argv[2] === 'serve') {
  await serve();
} else {
  const server = spawn(process.execPath, ['--conditions=source', import.meta.filename, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(server.stdout, 'data')) as [Buffer];
  const connection = await BrokerConnection.open({
    ...{ address: { host: '127.0.0.1', port: Number(String(line)) }, clientId: 'bench', tls: undefined },
    ...{ requestTimeoutMs: 30_000, connectTimeoutMs: 10_000, maxAnswerBytes: 2 * MEGABYTE },
    ...{ network: nodeNetwork, clock: nodeClock, timers: nodeHoldingTimers, renewalDelayMs: () => 0 },
  });
  const chosen = process.argv[2] === undefined ? WORKLOADS : [WORKLOADS[Number(process.argv[2])]!];
  for (const work of chosen) await measure(work, connection);
  connection.close();
}
