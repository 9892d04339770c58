// A well-behaved client with one topic: what it writes it must be able to read back, whatever others do to the broker meanwhile.

import { nodeClock } from '@moldau/io';
import {
  ErrorCode,
  encodeBatch,
  errorName,
  fetchRequest,
  fetchResponse,
  metadataRequest,
  metadataResponse,
  produceRequest,
  produceResponse,
  readRecordSet,
} from '@moldau/protocol';
import { RawClient } from './raw-client.ts';

const PRODUCE_VERSION = 9;
const FETCH_VERSION = 12;
const METADATA_VERSION = 9;

export class GoodClient {
  readonly raw: RawClient;
  readonly topic: string;
  #rounds = 0;

  private constructor(raw: RawClient, topic: string) {
    this.raw = raw;
    this.topic = topic;
  }

  /** Connects, and makes sure that the topic is there. */
  static async dial(address: { host?: string; port: number }, topic = 'good'): Promise<GoodClient> {
    const raw = await RawClient.dial(address);
    raw.clientId = 'good-client';
    const client = new GoodClient(raw, topic);
    for (let attempt = 0; ; attempt++) {
      const answer = await raw.request(metadataRequest, metadataResponse, METADATA_VERSION, {
        topics: [{ name: topic }],
        allowAutoTopicCreation: true,
      });
      const found = answer.topics[0]!;
      if (found.errorCode === 0 && found.partitions.every(({ leaderId }) => leaderId >= 0)) return client;
      if (attempt === 100) throw new Error(`topic ${topic}: ${errorName(found.errorCode)}`);
    }
  }

  /** Appends one record to partition 0. Returns its offset. Rejects with the name of the broker's error. */
  async produce(value: Uint8Array, acks = -1): Promise<number> {
    const records = encodeBatch({ records: [{ timestamp: nodeClock.wallMs(), key: null, value }] });
    const { errorCode, baseOffset } = await this.produceRecords(records, acks);
    if (errorCode !== ErrorCode.NONE) throw new Error(`produce: ${errorName(errorCode)}`);
    return baseOffset;
  }

  /** Sends any bytes as the records of partition 0. */
  async produceRecords(
    records: Uint8Array,
    acks = -1,
    topic = this.topic,
  ): Promise<{ errorCode: number; baseOffset: number }> {
    const answer = await this.raw.request(produceRequest, produceResponse, PRODUCE_VERSION, {
      transactionalId: null,
      acks,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    });
    return answer.responses[0]!.partitionResponses[0]!;
  }

  /** The value of the record at that offset of partition 0. */
  async read(offset: number): Promise<Buffer | null> {
    const answer = await this.raw.request(fetchRequest, fetchResponse, FETCH_VERSION, {
      maxWaitMs: 5_000,
      minBytes: 1,
      topics: [
        {
          topic: this.topic,
          partitions: [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 1024 * 1024 }],
        },
      ],
      forgottenTopicsData: [],
    });
    const partition = answer.responses[0]!.partitions[0]!;
    if (partition.errorCode !== ErrorCode.NONE) throw new Error(`fetch: ${errorName(partition.errorCode)}`);
    for (const record of readRecordSet(partition.records ?? Buffer.alloc(0))) {
      if (record.offset === offset) return record.value;
    }
    throw new Error(`the record at offset ${offset} is not in the answer`);
  }

  /** Writes a record, reads it back, and compares. Returns how long that took, in milliseconds. */
  async roundTrip(sizeBytes = 100): Promise<number> {
    const startedMs = nodeClock.monotonicMs();
    const value = Buffer.alloc(sizeBytes, `round ${this.#rounds++} `);
    const got = await this.read(await this.produce(value));
    if (got === null || !got.equals(value)) throw new Error('what was read is not what was written');
    return nodeClock.monotonicMs() - startedMs;
  }

  close(): void {
    this.raw.close();
  }
}
