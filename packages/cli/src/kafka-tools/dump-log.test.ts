import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeBatch, encodeVersioned, offsetCommitKey } from '@moldau/protocol';
import { clientQuotaRecord } from '@moldau/protocol/data/cluster-metadata-records';
import {
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
} from '@moldau/protocol/data/consumer-group-records';
import { encodeFramed } from '@moldau/protocol/data/metadata-frame';
import { runInProcess } from './testing-tool.ts';

const folder = mkdtempSync(join(tmpdir(), 'moldau-dump-log-'));
after(() => rmSync(folder, { recursive: true }));

const dump = (...words: readonly string[]) => runInProcess('kafka-dump-log', words);

function logFile(name: string, records: readonly { key: Buffer | null; value: Buffer | null }[]): string {
  const path = join(folder, name);
  mkdirSync(folder, { recursive: true });
  const batch = encodeBatch({
    baseOffset: 5,
    records: records.map(({ key, value }) => ({ key, value, headers: [], timestamp: 1000 })),
  });
  writeFileSync(path, batch);
  return path;
}

test('batches and records are shown, and what is wrong with them at last', async () => {
  const path = logFile('00000000000000000005.log', [{ key: Buffer.from('k'), value: Buffer.from('v') }]);
  const { out, err, code } = await dump('--files', path, '--print-data-log');
  assert.match(
    out,
    /^Dumping .*\nLog starting offset: 5\nbaseOffset: 5 lastOffset: 5 count: 1 .* deleteHorizonMs: OptionalLong\.empty position: 0 CreateTime: 1000 size: 70 magic: 2 compresscodec: none crc: \d+ isvalid: true\n\| offset: 5 CreateTime: 1000 keySize: 1 valueSize: 1 sequence: -1 headerKeys: \[\] key: k payload: v\n$/,
  );
  assert.equal(err, `Non-consecutive offsets in ${path}\n  -1 is followed by 5\n`);
  assert.equal(code, 0);
});

test('records of groups are shown as JSON, tombstones and others as what they are', async () => {
  const key = encodeVersioned(offsetCommitKey, { group: 'g', topic: 't', partition: 0 });
  const path = logFile('00000000000000000006.log', [
    { key, value: null },
    { key: Buffer.from([0, 99]), value: null },
  ]);
  const { out } = await dump('--files', path, '--offsets-decoder', '--skip-record-metadata');
  const lines = out.trimEnd().split('\n').slice(-2);
  assert.deepEqual(lines, [
    '| key: {"type":"1","data":{"group":"g","topic":"t","partition":0}} payload: <DELETE>',
    '| key: Unknown record type 99 at offset 6, skipping.',
  ]);
});

test('a log that ends in the middle of a batch, and one that is none, are told apart', async () => {
  const cut = join(folder, '00000000000000000007.log');
  writeFileSync(cut, Buffer.concat([Buffer.alloc(8), Buffer.of(0, 0, 1, 0), Buffer.alloc(20)]));
  assert.match(
    (await dump('--files', cut)).out,
    /Found 32 invalid bytes at the end of 00000000000000000007\.log\n$/,
  );
  writeFileSync(cut, Buffer.alloc(40));
  const { err, code } = await dump('--files', cut);
  assert.match(
    err,
    /^Exception in thread "main" org\.apache\..*CorruptRecordException: Found record size 0 smaller/,
  );
  assert.equal(code, 1);
});

test('hashes of groups are shown with all their digits', async () => {
  const key = encodeVersioned(consumerGroupMetadataKey, { groupId: 'g' });
  const value = encodeVersioned(consumerGroupMetadataValue, { epoch: 1, metadataHash: 4856369057514020279n });
  const path = logFile('00000000000000000008.log', [{ key, value }]);
  const { out } = await dump('--files', path, '--offsets-decoder');
  assert.match(out, /payload: \{"version":"0","data":\{"epoch":1,"metadataHash":4856369057514020279\}\}\n$/);
});

test('records of Kafka’s metadata are shown as JSON, and those that cannot be read do not end the dump', async () => {
  const quota = { entity: [], key: 'producer_byte_rate', value: 2e7, remove: false };
  const path = logFile('00000000000000000009.log', [
    { key: null, value: Buffer.of(1, 6, 0) },
    { key: null, value: encodeFramed(clientQuotaRecord, quota) },
  ]);
  const { out } = await dump('--files', path, '--cluster-metadata-decoder', '--skip-record-metadata');
  assert.deepEqual(out.trimEnd().split('\n').slice(-2), [
    '| payload: Error at 5, skipping. org.apache.kafka.common.errors.UnsupportedVersionException: Unknown metadata id 6',
    '| payload: {"type":"CLIENT_QUOTA_RECORD","version":0,"data":{"entity":[],"key":"producer_byte_rate","value":2.0E7,"remove":false}}',
  ]);
});
