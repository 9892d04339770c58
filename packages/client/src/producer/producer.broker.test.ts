// Against a real broker: ours, or with MOLDAU_TEST_BROKERS=host:port any other.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  batches,
  CODECS,
  ErrorCode,
  type FetchResponse,
  fetchRequest,
  fetchResponse,
  type Record,
  ZERO_UUID,
} from '@moldau/protocol';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import { Cluster } from '../cluster/cluster.ts';
import { Kafka } from '../kafka.ts';
import { json, notNull, string, topic } from '../mod.ts';
import { resolveClientOptions } from '../options/client-options.ts';
import { nodePorts } from '../options/ports.ts';

let own: TestBroker | undefined;
let kafka: Kafka;
let reader: Cluster;
const names: string[] = [];
const run = `producer-${Date.now().toString(36)}`;

before(async () => {
  const given = process.env.MOLDAU_TEST_BROKERS;
  if (given === undefined) own = await startTestBroker();
  const brokers = given ?? `127.0.0.1:${own!.port}`;
  kafka = new Kafka({ brokers });
  reader = new Cluster(resolveClientOptions({ brokers }), nodePorts);
});

after(async () => {
  const admin = kafka.admin();
  await admin.topics.delete(names);
  await kafka.close();
  await reader.close();
  await own?.stop();
});

async function newTopic(partitions: number, configs: { [name: string]: string } = {}): Promise<string> {
  const name = `${run}-${names.length}`;
  names.push(name);
  await using admin = kafka.admin();
  await admin.topics.create([{ name, partitions, configs }]);
  return name;
}

/** All records of a partition, as soon as its leader answers. */
async function read(name: string, partition: number): Promise<Record[]> {
  const records: Record[] = [];
  await reader.refresh({ topics: [name], reason: 'test' });
  for (;;) {
    const answer: FetchResponse = await reader.request(
      { request: fetchRequest, response: fetchResponse, maxVersion: 12 },
      {
        ...{ replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1 << 28, isolationLevel: 0 },
        ...{ sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '' },
        topics: [
          {
            ...{ topic: name, topicId: ZERO_UUID },
            partitions: [
              {
                ...{ partition, currentLeaderEpoch: -1, fetchOffset: records.length },
                ...{ lastFetchedEpoch: -1, logStartOffset: -1, partitionMaxBytes: 1 << 26 },
              },
            ],
          },
        ],
      },
      { to: { leaderOf: { topic: name, partition } } },
    );
    const found = answer.responses[0]?.partitions[0];
    if (found === undefined || found.errorCode !== ErrorCode.NONE) continue;
    const bytes = found.records as Buffer | null;
    if (bytes === null || bytes.length === 0) return records;
    for (const batch of batches(bytes)) records.push(...batch.recordList());
  }
}

const texts = (records: readonly Record[]) => records.map(({ value }) => String(value));

test('records arrive in order and once, with keys, headers, timestamps and tombstones, in every codec', async () => {
  for (const compression of CODECS) {
    const name = await newTopic(2);
    await using producer = kafka.producer({ compression, batchBytes: 2_000 });
    const values = Array.from({ length: 500 }, (_, index) => `value ${index} äöü`);
    const sent = await producer.send(
      name,
      values.map((value, index) => ({ key: `k${index}`, value, partition: 1 })),
    );
    assert.deepEqual(
      sent.map(({ offset }) => offset),
      values.map((_, index) => index),
    );
    const last = await producer.send(name, {
      ...{ key: 'gone', value: null, partition: 1, timestampMs: 1_700_000_000_000 },
      headers: [
        ['a', 'x'],
        ['a', null],
        ['b', Buffer.from([0, 255])],
      ],
    });
    assert.deepEqual(last, { topic: name, partition: 1, offset: 500, timestampMs: 1_700_000_000_000 });
    const records = await read(name, 1);
    assert.deepEqual(texts(records.slice(0, 500)), values);
    const { key, value, timestamp, headers } = records[500]!;
    assert.deepEqual([String(key), value, timestamp], ['gone', null, 1_700_000_000_000]);
    assert.deepEqual(
      headers.map((header) => [header.key, header.value]),
      [
        ['a', Buffer.from('x')],
        ['a', null],
        ['b', Buffer.from([0, 255])],
      ],
    );
  }
});

test('many posted records of many partitions are all there, in order by key, with acks all, 1 and 0', {
  timeout: 60_000,
}, async () => {
  for (const acks of ['all', 1, 0] as const) {
    const name = await newTopic(6);
    // What a leader that is not ready yet refuses is lost with acks 0.
    for (let partition = 0; partition < 6; partition++) assert.deepEqual(await read(name, partition), []);
    await using producer = kafka.producer({ acks, bufferBytes: 1 << 20 });
    for (let index = 0; index < 6_000; index++)
      if (!producer.post(name, { key: `key-${index % 97}`, value: `${index}` })) await producer.ready();
    await producer.flush();
    const lists: string[][] = [];
    const isComplete = async (): Promise<boolean> => {
      lists.length = 0;
      for (let partition = 0; partition < 6; partition++) lists.push(texts(await read(name, partition)));
      return lists.flat().length >= 6_000;
    };
    while (!(await isComplete())) assert.equal(acks, 0, 'only with acks 0 may they come later');
    assert.equal(new Set(lists.flat()).size, 6_000);
    for (const list of lists) {
      const lastByKey = new Map<number, number>();
      for (const value of list.map(Number)) {
        assert.ok((lastByKey.get(value % 97) ?? -1) < value, 'in order');
        lastByKey.set(value % 97, value);
      }
    }
  }
});

test('a declared topic writes its values, and the time of the log is told where the topic keeps that', async () => {
  const name = await newTopic(1, { 'message.timestamp.type': 'LogAppendTime' });
  const orders = topic(name, { key: notNull(string()), value: notNull(json<{ total: number }>()) });
  await using producer = kafka.producer();
  const earliestMs = Date.now() - 60_000;
  const { timestampMs } = await producer.send(orders, { key: 'a', value: { total: 3 }, timestampMs: 5 });
  assert.ok(timestampMs > earliestMs);
  assert.deepEqual(texts(await read(name, 0)), ['{"total":3}']);
});

test('a record that the topic finds too large is told with the limit; batches that are too large go through in parts', async () => {
  const name = await newTopic(1, { 'max.message.bytes': '20000' });
  await using producer = kafka.producer();
  await assert.rejects(producer.send(name, { value: Buffer.alloc(50_000) }), {
    code: 'MESSAGE_TOO_LARGE',
    message: /max\.message\.bytes is 20000\. Set max\.message\.bytes of the topic to 50\d{3} or more/,
  });
  const values = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(1_500));
  await producer.send(
    name,
    values.map((value) => ({ value })),
  );
  assert.deepEqual(texts(await read(name, 0)), values);
});

test('a record of 8 MB goes where the topic allows it', async () => {
  const name = await newTopic(1, { 'max.message.bytes': '9000000' });
  await using producer = kafka.producer({ acks: 1 });
  const value = Buffer.alloc(8_000_000, 'large');
  assert.equal((await producer.send(name, { value })).offset, 0);
  assert.ok((await read(name, 0))[0]!.value!.equals(value));
});
