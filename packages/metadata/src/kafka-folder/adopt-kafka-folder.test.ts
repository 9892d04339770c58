// The fixtures are metadata logs that Kafka 4.3 wrote: topics orders, gone (deleted and made anew) and plain, raised and
// configured; with-snapshot has sixty more topics, and a snapshot in between.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { encodeBatch } from '@moldau/protocol';
import {
  registerBrokerRecord,
  registerControllerRecord,
} from '@moldau/protocol/data/cluster-metadata-records';
import { encodeFramed } from '@moldau/protocol/data/metadata-frame';
import { MemoryDisk } from '@moldau/testing';
import { MetadataImage } from '../metadata-image.ts';
import { ConfigResourceType } from '../records.ts';
import { adoptKafkaFolder } from './adopt-kafka-folder.ts';

const LOG_NAME = '00000000000000000000.log';
const COMMON = { incarnationId: 'AAAAAAAAAAAAAAAAAAAABw', endPoints: [], features: [] };

async function diskWith(files: Record<string, Buffer>): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/data/__cluster_metadata-0');
  for (const [name, bytes] of Object.entries(files)) {
    await disk.replaceFile(`/data/__cluster_metadata-0/${name}`, bytes);
  }
  return disk;
}

function fixture(name: string): Record<string, Buffer> {
  const folder = join(import.meta.dirname, 'fixtures', name);
  return Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file))]));
}

async function adopt(disk: MemoryDisk): Promise<MetadataImage> {
  const image = new MetadataImage();
  for (const record of await adoptKafkaFolder({ disk, logDirs: ['/data'], nodeId: 1 })) image.apply(record);
  return image;
}

/** Kafka's own leader epoch was one less: a clean stop of Kafka raises it. */
function checkOrders(image: MetadataImage, leaderEpoch: number): void {
  assert.equal(image.topicByName('orders')?.partitionCount, 5);
  assert.deepEqual(image.topicByName('orders')?.partition(4), {
    leader: 1,
    leaderEpoch,
    replicas: [1],
    isr: [1],
  });
  assert.deepEqual(Object.fromEntries(image.topicConfigs('orders')), {
    'retention.ms': '-1',
    'segment.ms': '60000',
  });
  assert.equal(image.topicByName('gone')?.partitionCount, 2);
  assert.equal(image.topicConfigs('gone').size, 0);
  assert.equal(image.configs(ConfigResourceType.BROKER, '').get('log.retention.ms'), '123456789');
  assert.ok(image.nextProducerId >= 1000);
  assert.equal(image.featureLevel('metadata.version'), 30);
  assert.equal(image.featureLevel('transaction.version'), 2);
}

test('takes over the topics, configs and producer ids of a single Kafka broker', async () => {
  const image = await adopt(await diskWith(fixture('with-log')));
  checkOrders(image, 1);
  assert.deepEqual(image.sortedTopicNames(), ['gone', 'orders', 'plain']);
});

test('starts from the newest snapshot and goes on with the log', async () => {
  const whole = fixture('with-snapshot');
  const image = await adopt(await diskWith(whole));
  checkOrders(image, 2);
  assert.equal(image.topicCount, 63);
  const fromLog = await adopt(await diskWith({ [LOG_NAME]: whole[LOG_NAME]! }));
  assert.deepEqual(inOrder(image), inOrder(fromLog));
});

/** An image's records, whatever order it met things in. */
function inOrder(image: MetadataImage): string[] {
  const sortedEntries = (_key: string, value: unknown) =>
    Array.isArray(value)
      ? value.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
      : value;
  return [...image.records()].map((record) => JSON.stringify(record, sortedEntries)).sort();
}

/** The log of with-log with further records. */
function withRecord(...values: Buffer[]): Record<string, Buffer> {
  const log = fixture('with-log')[LOG_NAME]!;
  const records = values.map((value) => ({ timestamp: 0, key: null, value }));
  return { [LOG_NAME]: Buffer.concat([log, encodeBatch({ baseOffset: 1000, records })]) };
}

test('takes over quotas', async () => {
  const compact = (text: string) => Buffer.concat([Buffer.of(text.length + 1), Buffer.from(text)]);
  const rate = Buffer.alloc(8);
  rate.writeDoubleBE(0.5);
  const quota = Buffer.concat([
    Buffer.of(1, 14, 0, 3), // the frame's version, the record's type and its version; two parts
    ...[compact('client-id'), Buffer.of(0, 0), compact('user'), compact('ada'), Buffer.of(0)],
    ...[compact('request_percentage'), rate, Buffer.of(0, 0)],
  ]);
  const image = await adopt(await diskWith(withRecord(quota)));
  const entity = [
    { entityType: 'user', entityName: 'ada' },
    { entityType: 'client-id', entityName: null },
  ];
  assert.equal(image.clientQuotas.get(entity)?.quotas.get('request_percentage'), 0.5);
});

test('takes over rules of who may do what', async () => {
  const compact = (text: string) => Buffer.concat([Buffer.of(text.length + 1), Buffer.from(text)]);
  const id = Buffer.alloc(16, 7);
  const acl = Buffer.concat([
    ...[Buffer.of(1, 18, 0), id, Buffer.of(2), compact('orders'), Buffer.of(4)],
    ...[compact('User:ada'), compact('*'), Buffer.of(3, 2, 0)],
  ]);
  const [found] = (await adopt(await diskWith(withRecord(acl)))).acls.all();
  assert.deepEqual(found, {
    ...{ id: id.toString('base64url'), resourceType: 2, resourceName: 'orders', patternType: 4 },
    ...{ principal: 'User:ada', host: '*', operation: 3, permissionType: 2 },
  });
  const removed = Buffer.concat([Buffer.of(1, 19, 0), id, Buffer.of(0)]);
  assert.equal((await adopt(await diskWith(withRecord(acl, removed)))).acls.size, 0);
});

test('takes over SCRAM credentials and delegation tokens', async () => {
  const compact = (text: string) => Buffer.concat([Buffer.of(text.length + 1), Buffer.from(text)]);
  const time = (ms: number) => Buffer.from(ms.toString(16).padStart(16, '0'), 'hex');
  const credential = Buffer.concat([
    Buffer.of(1, 11, 0), // the frame's version, the record's type and its version
    ...[compact('ada'), Buffer.of(2), compact('salt'), compact('stored'), compact('server')],
    Buffer.of(0, 0, 0x20, 0, 0),
  ]);
  const token = Buffer.concat([
    ...[Buffer.of(1, 10, 0), compact('User:ada'), compact('User:bob'), Buffer.of(2), compact('User:eve')],
    ...[time(1), time(3), time(2), compact('token'), Buffer.of(0)],
  ]);
  const removed = Buffer.concat([Buffer.of(1, 26, 0), compact('token'), Buffer.of(0)]);
  const ofAda = (await adopt(await diskWith(withRecord(credential)))).scramCredentials.of('ada').get(2);
  assert.deepEqual(ofAda, {
    ...{ salt: Buffer.from('salt'), storedKey: Buffer.from('stored'), serverKey: Buffer.from('server') },
    iterations: 8192,
  });
  const image = await adopt(await diskWith(withRecord(token)));
  assert.deepEqual(image.delegationTokens.get('token'), {
    ...{ tokenId: 'token', owner: 'User:ada', requester: 'User:bob', renewers: ['User:eve'] },
    ...{ issueTimestampMs: 1, expiryTimestampMs: 2, maxTimestampMs: 3 },
  });
  assert.equal((await adopt(await diskWith(withRecord(token, removed)))).delegationTokens.size, 0);
});

test('refuses the folder of several brokers', async () => {
  const registration = { ...COMMON, brokerId: 7, brokerEpoch: 9, rack: null };
  const disk = await diskWith(withRecord(encodeFramed(registerBrokerRecord, registration)));
  await assert.rejects(adopt(disk), /^MetadataStoreError: .*several brokers \(1, 7\)/);
});

test('takes a controller beside the broker for no other broker', async () => {
  const registration = { ...COMMON, controllerId: 100, zkMigrationReady: false };
  checkOrders(
    await adopt(await diskWith(withRecord(encodeFramed(registerControllerRecord, registration)))),
    1,
  );
});

test('says so when Kafka’s metadata is damaged', async () => {
  const log = fixture('with-log')[LOG_NAME]!;
  log[200] = log[200]! ^ 1;
  await assert.rejects(adopt(await diskWith({ [LOG_NAME]: log })), /cannot be read: the batch at offset/);
});

test('refuses partitions that no metadata tells of', async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/data/orders-0');
  await assert.rejects(adopt(disk), /\/data holds partitions \(orders-0\) but no metadata/);
});

test('finds nothing to take over in a new folder', async () => {
  const disk = new MemoryDisk();
  assert.equal((await adopt(disk)).topicCount, 0);
  await disk.makeDirectory('/data');
  assert.equal((await adopt(disk)).topicCount, 0);
});
