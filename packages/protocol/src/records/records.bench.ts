// Measures the paths of record batches that carry the load: node --conditions=source packages/protocol/src/records/records.bench.ts
// Prints the time of one operation, and what that makes in records or bytes a second.

import { crc32c, crc32cByTables } from '../crc32c.ts';
import {
  batches,
  encodeBatch,
  RecordBatch,
  type RecordInput,
  recompress,
  validateBatch,
  walkRecords,
} from './mod.ts';

const ROUND_MS = 150;
const ROUNDS = 3;

/** The best of a few rounds, in seconds a call. */
function secondsOf(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    let calls = 0;
    let elapsedMs = 0;
    while (elapsedMs < ROUND_MS) {
      for (let i = 0; i < 10; i++) run();
      calls += 10;
      elapsedMs = performance.now() - start;
    }
    best = Math.min(best, elapsedMs / 1000 / calls);
  }
  return best;
}

function report(title: string, run: () => unknown, per: { records?: number; bytes: number }): void {
  const seconds = secondsOf(run);
  const rates = [`${(per.bytes / seconds / 1e6).toFixed(0)} MB/s`];
  if (per.records !== undefined) rates.unshift(`${(per.records / seconds / 1e6).toFixed(1)} M records/s`);
  console.log(`${title.padEnd(58)} ${(seconds * 1e6).toFixed(2).padStart(9)} us   ${rates.join('   ')}`);
}

function recordsOf(count: number, valueBytes: number, headers?: RecordInput['headers']): RecordInput[] {
  return Array.from({ length: count }, (_, i) => ({
    timestamp: 1_700_000_000_000 + (i >> 3),
    key: Buffer.from(`key${i % 100}`),
    value: Buffer.alloc(valueBytes, `a value like those of a log line ${i} `),
    headers,
  }));
}

const VALIDATION = {
  maxDecompressedBytes: 100 << 20,
  compacted: false,
  nowMs: 1_700_000_000_500,
  timestampAfterMaxMs: 3_600_000,
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
} as const;

const small = recordsOf(145, 100);
const smallBytes = encodeBatch({ records: small });
const smallBatch = new RecordBatch(smallBytes);
const big = recordsOf(1, 300_000);
const bigBytes = encodeBatch({ records: big });
const bigBatch = new RecordBatch(bigBytes);
const smallSize = { records: small.length, bytes: smallBytes.length };
const bigSize = { records: 1, bytes: bigBytes.length };
const withHeaders = recordsOf(145, 100, [{ key: 'trace', value: Buffer.from('0123456789abcdef') }]);
const withHeadersBatch = new RecordBatch(encodeBatch({ records: withHeaders }));

for (const length of [32, 61, 128, 224, 512]) {
  report(`crc32c of ${length} bytes`, () => crc32c(smallBytes, 0, length), { bytes: length });
  report(`crc32c of ${length} bytes by tables`, () => crc32cByTables(smallBytes, 0, length), {
    bytes: length,
  });
}
report('crc of 300 KB', () => bigBatch.isCrcValid(), bigSize);
report('validate one record of 300 KB', () => validateBatch(bigBatch, VALIDATION), bigSize);
report('walk 145 records of 100 bytes', () => walkRecords(smallBatch.recordArea(), 145), smallSize);
report('validate 145 records of 100 bytes', () => validateBatch(smallBatch, VALIDATION), smallSize);
report('walk 145 records with a header', () => walkRecords(withHeadersBatch.recordArea(), 145), smallSize);
report('read 145 records as a list', () => smallBatch.recordList(), smallSize);
report('read 145 records one by one', () => [...smallBatch.records()], smallSize);
report('read 145 records with a header as a list', () => withHeadersBatch.recordList(), smallSize);
report('encode 145 records of 100 bytes', () => encodeBatch({ records: small }), smallSize);
report('encode 145 records with a header', () => encodeBatch({ records: withHeaders }), smallSize);
report('encode one record of 300 KB', () => encodeBatch({ records: big }), bigSize);
const many = Buffer.concat(Array.from({ length: 64 }, () => smallBytes));
report('find 64 batches', () => [...batches(many)].length, { bytes: many.length });
for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
  report(`compress a 16 KB batch: ${codec}`, () => recompress(smallBatch, codec), smallSize);
  const compressed = recompress(smallBatch, codec);
  report(`validate it: ${codec}`, () => validateBatch(compressed, VALIDATION), smallSize);
}
