// kafka-dump-log beside Kafka's own.

import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  encodeBatch,
  encodeVersioned,
  kRaftVersionRecord,
  leaderChangeMessage,
  type RecordInput,
  snapshotFooterRecord,
  snapshotHeaderRecord,
  votersRecord,
} from '@moldau/protocol';
import { clientQuotaRecord, clusterMetadataRecords } from '@moldau/protocol/data/cluster-metadata-records';
import { controlRecordTypeSchema } from '@moldau/protocol/data/control-records';
import { encodeFramed } from '@moldau/protocol/data/metadata-frame';
import {
  remoteLogSegmentMetadataRecord,
  remoteLogSegmentMetadataSnapshotRecord,
  remoteLogSegmentMetadataUpdateRecord,
  remotePartitionDeleteMetadataRecord,
} from '@moldau/protocol/data/remote-log-records';
import { defaultOf } from '@moldau/protocol/schema';
import { seedOf } from '@moldau/testing';
import { randomStruct, seededRandom } from '../../packages/protocol/src/random-value.ts';
import { type Comparison, SideBySide } from './side-by-side.ts';

let both: SideBySide;
/** Of the broker. */
let logs: string;
const folder = mkdtempSync(join(tmpdir(), 'moldau-dump-'));

before(async () => {
  both = await SideBySide.start([
    'log.index.interval.bytes=500',
    'offsets.topic.num.partitions=1',
    'transaction.state.log.num.partitions=1',
  ]);
  logs = both.broker.dataDirectory;
  await both.kafka.admin().topics.create([
    { name: 'records', configs: { 'segment.bytes': '1048576' } },
    { name: 'packed', configs: { 'message.timestamp.type': 'LogAppendTime', 'compression.type': 'zstd' } },
  ]);
  await using producer = both.kafka.producer();
  await producer.send('records', { key: 'k', value: 'v', headers: { a: '1', b: '2' } });
  await producer.send('records', { key: null, value: null });
  for (let index = 0; index < 20; index++) await producer.send('records', { value: 'x'.repeat(200) });
  await producer.send('packed', [{ value: 'one' }, { value: 'two' }, { key: 'k', value: 'three' }]);
  await using transactional = both.kafka.producer({ transactionalId: 'payments' });
  await transactional.transaction(async (transaction) => {
    await transaction.send('records', [{ value: 'a' }, { value: 'b' }]);
  });
  const aborted = await transactional.begin();
  await aborted.send('records', { value: 'c' });
  await aborted.abort();
  await using consumer = both.kafka.consumer({
    groupId: 'readers',
    autoOffsetReset: 'earliest',
    groupProtocol: 'classic',
  });
  consumer.subscribe('packed');
  for await (const record of consumer) {
    await consumer.commit([record]);
    break;
  }
});
after(async () => {
  await both.stop();
  rmSync(folder, { recursive: true });
});

function files(partition: string, ending: string): string[] {
  const path = join(logs, partition);
  return existsSync(path)
    ? readdirSync(path)
        .filter((name) => name.endsWith(ending))
        .map((name) => join(path, name))
    : [];
}

const dump = async (words: readonly string[], how: Comparison = {}) =>
  await both.sameWords('kafka-dump-log', words, how);

const LOG_NAME = '00000000000000000000.log';
const seed = seedOf();

/** A log of records with these values. */
function logOf(name: string, values: readonly Buffer[]): string {
  const path = join(folder, name);
  const records = values.map((value) => ({ timestamp: 1_000, key: null, value }));
  writeFileSync(path, encodeBatch({ baseOffset: 0, records }));
  return path;
}

/** Where this version of Kafka's jars wrote the metadata of a cluster. */
const WRITTEN_BY_KAFKA = resolve(
  import.meta.dirname,
  '../../packages/metadata/src/kafka-folder/fixtures/with-snapshot',
);

describe('kafka-dump-log', { timeout: 240_000 }, () => {
  it('shows batches and records', async () => {
    const [log] = files('records-0', '.log');
    const [packed] = files('packed-0', '.log');
    await dump(['--files', `${log},${packed}`]);
    await dump(['--files', log!, '--deep-iteration']);
    await dump(['--files', `${log},${packed}`, '--print-data-log']);
    await dump(['--files', log!, '--print-data-log', '--skip-record-metadata']);
    await dump(['--files', log!, '--max-bytes', '1000', '--value-decoder-class']);
    await dump(['--files', packed!, '--key-decoder-class', 'org.apache.kafka.tools.api.StringDecoder']);
  });

  it("shows what is in Kafka's own topics", async () => {
    const [offsets] = files('__consumer_offsets-0', '.log');
    const [transactions] = files('__transaction_state-0', '.log');
    const { out } = await dump(['--files', offsets!, '--offsets-decoder']);
    assert.match(out, /"group":"readers"/);
    await dump(['--files', transactions!, '--transaction-log-decoder']);
    const reasons = (text: string) => text.replace(/(skipping\.) .*/g, '$1');
    await dump(['--files', transactions!, '--offsets-decoder'], { normal: reasons });
    const [log] = files('packed-0', '.log');
    await dump(['--files', log!, '--offsets-decoder'], { code: 1 });
  });

  it('shows the metadata that Kafka keeps of a cluster', async () => {
    const written = readdirSync(WRITTEN_BY_KAFKA).filter((name) => /\.(log|checkpoint)$/.test(name));
    assert.ok(written.length > 1);
    const paths = written.map((name) => join(WRITTEN_BY_KAFKA, name)).join(',');
    const { out } = await dump(['--files', paths, '--cluster-metadata-decoder']);
    assert.match(out, /SnapshotHeader .*"type":"REGISTER_BROKER_RECORD"/s);
    await dump(['--files', paths, '--cluster-metadata-decoder', '--skip-record-metadata']);
  });

  it(`shows every record of metadata in every version (SEED=${seed})`, async () => {
    const random = seededRandom(seed);
    const values = clusterMetadataRecords.flatMap((message) =>
      Array.from({ length: 3 * (message.versions.max + 1) }, (_, index) => {
        const version = Math.floor(index / 3);
        const value = randomStruct(message.fields, version, random, defaultOf);
        // Java 17 does not write every double by its fewest digits.
        const sure =
          message === clientQuotaRecord ? { ...value, value: [1024, 12_345_678.5, 0.01][index] } : value;
        return encodeFramed(message, sure as never, version);
      }),
    );
    const { out } = await dump(['--files', logOf(LOG_NAME, values), '--cluster-metadata-decoder']);
    assert.match(out, /"type":"CLIENT_QUOTA_RECORD",.*"value":1\.23456785E7/);
  });

  it('shows what controllers write among them', async () => {
    const control = (type: number, value: Buffer): RecordInput => ({
      ...{ timestamp: 1_000, value },
      key: encodeVersioned(controlRecordTypeSchema, { type }),
    });
    const voter = { voterId: 3, voterDirectoryId: 'AAAAAAAAAAAAAAAAAAAABw' };
    const endpoints = [{ name: 'CONTROLLER', host: 'localhost', port: 9093 }];
    const kRaftVersionFeature = { minSupportedVersion: 0, maxSupportedVersion: 1 };
    const change = { leaderId: 3, voters: [voter], grantingVoters: [voter] };
    const records = [
      control(2, leaderChangeMessage.encode({ version: 0, ...change }, 0)),
      control(2, leaderChangeMessage.encode({ version: 1, ...change }, 0)),
      control(3, snapshotHeaderRecord.encode({ version: 0, lastContainedLogTimestamp: 5 }, 0)),
      control(4, snapshotFooterRecord.encode({ version: 0 }, 0)),
      control(5, kRaftVersionRecord.encode({ version: 0, kRaftVersion: 1 }, 0)),
      control(
        6,
        votersRecord.encode({ version: 0, voters: [{ ...voter, endpoints, kRaftVersionFeature }] }, 0),
      ),
      control(9, Buffer.alloc(2)),
    ];
    const path = join(folder, '00000000000000000000-0000000007.checkpoint');
    writeFileSync(path, encodeBatch({ baseOffset: 0, isControl: true, records }));
    await dump(['--files', path, '--cluster-metadata-decoder']);
    await dump(['--files', path, '--deep-iteration']);
  });

  it('shows what is kept in remote storage', async () => {
    const id = {
      topicIdPartition: { name: 'orders', id: 'AAAAAAAAAAAAAAAAAAAABw', partition: 2 },
      id: 'AAAAAAAAAAAAAAAAAAAACA',
    };
    const { topicIdPartition } = id;
    const common = {
      startOffset: 5,
      endOffset: 9,
      brokerId: 1,
      maxTimestampMs: 1_000,
      eventTimestampMs: 2_000,
      segmentSizeInBytes: 77,
    };
    const segmentLeaderEpochs = [
      { leaderEpoch: 12, offset: 7 },
      { leaderEpoch: 3, offset: 5 },
    ];
    const state = { remoteLogSegmentState: 1 };
    const segment = { remoteLogSegmentId: id, ...common, segmentLeaderEpochs, ...state };
    const values = [
      encodeFramed(remoteLogSegmentMetadataRecord, segment),
      encodeFramed(remoteLogSegmentMetadataRecord, {
        ...segment,
        customMetadata: Buffer.alloc(3),
        txnIndexEmpty: true,
      }),
      encodeFramed(remoteLogSegmentMetadataUpdateRecord, {
        remoteLogSegmentId: id,
        brokerId: 1,
        eventTimestampMs: 9,
        remoteLogSegmentState: 3,
      }),
      encodeFramed(remotePartitionDeleteMetadataRecord, {
        topicIdPartition,
        brokerId: 1,
        eventTimestampMs: 9,
        remotePartitionDeleteState: 2,
      }),
      encodeFramed(remoteLogSegmentMetadataSnapshotRecord, {
        segmentId: id.id,
        ...common,
        segmentLeaderEpochs,
        ...state,
      }),
      encodeFramed(remoteLogSegmentMetadataRecord, { ...segment, remoteLogSegmentState: 9 }),
    ];
    const { out } = await dump(['--files', logOf(LOG_NAME, values), '--remote-log-metadata-decoder']);
    assert.match(out, /segmentLeaderEpochs=\{3=5, 12=7\}/);
  });

  it('says which metadata it cannot read, and goes on', async () => {
    const values = [
      ...[Buffer.of(0, 2, 0), Buffer.of(7, 2, 0), Buffer.of(1, 6, 0), Buffer.of(1, 2, 0, 9, 65)],
      ...[Buffer.of(1, 20, 0, 0, 4, 5), Buffer.of(1, 20, 0, 0)],
    ];
    const path = logOf(LOG_NAME, values);
    await dump(['--files', path, '--cluster-metadata-decoder']);
    await dump(['--files', path, '--remote-log-metadata-decoder']);
  });

  it('shows indexes and snapshots, and what does not fit together', async () => {
    const found = ['.index', '.timeindex', '.snapshot', '.txnindex'].flatMap((ending) =>
      files('records-0', ending),
    );
    for (const file of found) {
      await dump(['--files', file]);
      await dump(['--files', file, '--verify-index-only']);
      await dump(['--files', file, '--index-sanity-check']);
    }
  });

  it('says what is wrong with files', async () => {
    const [log] = files('records-0', '.log');
    const path = join(folder, '00000000000000000003.log');
    copyFileSync(log!, path);
    await dump(['--files', path, '--deep-iteration']);
    appendFileSync(path, readFileSync(log!).subarray(0, 80));
    await dump(['--files', path]);
    appendFileSync(path, Buffer.alloc(200));
    const bytes = readFileSync(log!);
    bytes[90]! ^= 1;
    writeFileSync(path, bytes);
    await dump(['--files', path]);
    writeFileSync(path, Buffer.alloc(200));
    await dump(['--files', path], { code: 1 });
    await dump(['--files', '/no/such/00000000000000000000.log'], { code: 1 });
    await dump(['--files', `${folder}/meta.properties,${folder}/nothing,${folder}/a.b`]);
    await dump(['--files', `${folder}/name.log`], { code: 1 });
  });

  it('refuses command lines that cannot be meant, and helps', async () => {
    const [log] = files('records-0', '.log');
    for (const words of [
      ...[[], ['--help'], ['--print-data-log'], ['--nothing'], ['--files']],
      ['--files', log!, '--value-decoder-class', 'com.example.Decoder'],
    ])
      await dump(words, { code: 1 });
  });
});
