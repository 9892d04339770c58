import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  CODECS,
  type CompressionType,
  encodeBatch,
  encodeMarker,
  encodeMessageSet,
  RecordBatch,
  type RecordInput,
} from '@moldau/protocol';
import { SeededRandom, seedOf } from '@moldau/testing';
import { CorruptRecordError } from '../../errors/consumer-errors.ts';
import { bytes, string } from '../../serdes/primitives.ts';
import { ConsumerRecord } from './consumer-record.ts';
import { endOf, type ReadSettings, RecordReader, type RecordSet } from './record-reader.ts';

const SERDES = { key: bytes(), value: bytes() };
const SETTINGS: ReadSettings = {
  ...{ isolation: 'read-uncommitted', checkCrcs: true },
  maxDecompressedBytes: 10_000_000,
};
const seed = seedOf();
console.log(`seed ${seed}: repeat with SEED=${seed}`);

type Records = ConsumerRecord<unknown, unknown>[];

function readerOf(set: Partial<RecordSet> & { bytes: Buffer }, settings: Partial<ReadSettings> = {}) {
  return new RecordReader(
    { topic: 'orders', partition: 3, brokerId: 1, serdes: SERDES, fromOffset: 0, ...set },
    { ...SETTINGS, ...settings },
  );
}

function all(reader: RecordReader, count = 1_000): Records {
  const records: Records = [];
  for (let before = -1; before < records.length; ) {
    before = records.length;
    reader.read(count, records);
  }
  return records;
}

function batchOf(count: number, fields: Partial<Parameters<typeof encodeBatch>[0]> = {}): Buffer {
  const records = Array.from({ length: count }, (_, index) => ({
    ...{ timestamp: 1_000 + index, key: Buffer.from(`k${index}`), value: Buffer.from(`v${index}`) },
  }));
  return encodeBatch({ records, ...fields });
}

interface Expected {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** Differences of megabytes take long to print. */
function digest({
  offset,
  timestampMs,
  key,
  value,
}: Pick<Expected, 'offset' | 'timestampMs'> & { key: unknown; value: unknown }) {
  const texts = [key, value].map((each) => (each === null ? 'null' : hash('md5', each as Buffer)));
  return `${offset} ${timestampMs} ${texts.join(' ')}`;
}

/** A log with everything that one can have in it, and the records of it that are to be read. */
class RandomLog {
  readonly #random: SeededRandom;
  readonly entries: Buffer[] = [];
  readonly committed: Expected[] = [];
  readonly uncommitted: Expected[] = [];
  readonly aborted: { producerId: number; firstOffset: number }[] = [];
  #offset: number;
  /** Transactions that are open, with what they wrote. */
  readonly #open = new Map<number, { firstOffset: number; records: Expected[] }>();

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#offset = random.below(1_000);
    for (let count = 1 + random.below(12); count > 0; count--) this.#add();
    for (const producerId of [...this.#open.keys()]) this.#end(producerId);
    this.committed.sort((left, right) => left.offset - right.offset);
  }

  #add(): void {
    const kind = this.#random.below(10);
    if (kind === 0) this.#addOld();
    else if (kind === 1 && this.#open.size > 0) this.#end(this.#random.pick([...this.#open.keys()]));
    else this.#addBatch(kind >= 7);
    // Compaction leaves gaps.
    if (this.#random.chance(0.2)) this.#offset += this.#random.below(50);
  }

  #addBatch(isTransactional: boolean): void {
    const random = this.#random;
    const records = Array.from({ length: 1 + random.below(30) }, (_, index) => this.#record(index));
    const kept = records.filter(() => random.chance(0.9));
    const producerId = isTransactional ? 1 + random.below(3) : -1;
    const isAppended = random.chance(0.2);
    const input = kept.length > 0 ? kept : records;
    const baseOffset = this.#offset;
    const lastOffsetDelta = records.length - 1;
    this.entries.push(
      encodeBatch({
        ...{ records: input, baseOffset, lastOffsetDelta, compression: random.pick(CODECS) },
        ...{ producerId, isTransactional, partitionLeaderEpoch: random.below(5) },
        ...(isAppended ? { timestampType: 'LogAppendTime', maxTimestamp: 77 } : {}),
      }),
    );
    const expected = input.map(({ offsetDelta, timestamp, key, value }) => ({
      offset: baseOffset + offsetDelta!,
      timestampMs: isAppended ? 77 : timestamp,
      ...{ key: key as Buffer | null, value: value as Buffer | null },
    }));
    this.uncommitted.push(...expected);
    if (isTransactional) this.#write(producerId, baseOffset, expected);
    else this.committed.push(...expected);
    this.#offset += records.length;
  }

  #write(producerId: number, firstOffset: number, records: Expected[]): void {
    const open = this.#open.get(producerId);
    if (open === undefined) this.#open.set(producerId, { firstOffset, records: [...records] });
    else open.records.push(...records);
  }

  #end(producerId: number): void {
    const { firstOffset, records } = this.#open.get(producerId)!;
    this.#open.delete(producerId);
    const committed = this.#random.chance(0.5);
    if (committed) this.committed.push(...records);
    else this.aborted.push({ producerId, firstOffset });
    const marker = encodeMarker({ producerId, producerEpoch: 0, coordinatorEpoch: 0, committed }, 5);
    new RecordBatch(marker).setBaseOffset(this.#offset);
    this.entries.push(marker);
    this.#offset++;
  }

  #addOld(): void {
    const random = this.#random;
    const magic = random.pick([0, 1] as const);
    const compression = random.pick(['none', 'gzip', 'snappy', 'lz4'] as const);
    const messages = Array.from({ length: 1 + random.below(5) }, (_, index) => {
      const { timestamp, key, value } = this.#record(index);
      return { offset: this.#offset + index, timestamp, key, value };
    });
    this.#offset += messages.length;
    this.entries.push(encodeMessageSet({ magic, compression, messages }));
    const expected = messages.map(({ offset, timestamp, key, value }) => ({
      ...{ offset, timestampMs: magic === 0 ? -1 : timestamp },
      ...{ key: key as Buffer | null, value: value as Buffer | null },
    }));
    this.uncommitted.push(...expected);
    this.committed.push(...expected);
  }

  #record(offsetDelta: number): RecordInput & { offsetDelta: number } {
    const random = this.#random;
    const sizeBytes = random.chance(0.02) ? 100_000 : random.below(200);
    return {
      offsetDelta,
      timestamp: 1_700_000_000_000 + random.below(100_000),
      key: random.chance(0.3) ? null : random.bytes(random.below(20)),
      value: random.chance(0.1) ? null : Buffer.alloc(sizeBytes, random.below(256)),
    };
  }
}

describe('a record reader', () => {
  it('gives every record of any log once and in order, wherever it begins and however many are asked for', () => {
    for (let round = 0; round < 60; round++) {
      const random = new SeededRandom(seed + round);
      const log = new RandomLog(random);
      const isolation = random.pick(['read-uncommitted', 'read-committed'] as const);
      const wanted = isolation === 'read-committed' ? log.committed : log.uncommitted;
      const last = log.uncommitted.at(-1)?.offset ?? 0;
      const fromOffset = random.chance(0.5) ? 0 : random.below(last + 2);
      const torn = random.chance(0.5) ? batchOf(9).subarray(0, random.below(90)) : Buffer.alloc(0);
      const set = Buffer.concat([...log.entries, torn]);
      const reader = readerOf({ bytes: set, fromOffset, abortedTransactions: log.aborted }, { isolation });
      const records = all(reader, 1 + random.below(40));
      const expected = wanted.filter(({ offset }) => offset >= fromOffset);
      const where = `SEED=${seed + round}`;
      assert.deepEqual(records.map(digest), expected.map(digest), where);
      assert.equal(Math.max(fromOffset, endOf(set).offset!), reader.nextOffset);
    }
  });

  it('says where what it cannot read is, gives what is before it, and never less than that', () => {
    const random = new SeededRandom(seed);
    const first = batchOf(10);
    for (let round = 0; round < 200; round++) {
      const compression: CompressionType = random.pick(CODECS);
      const second = batchOf(10, { baseOffset: 10, compression });
      // Not the base offset, nor the leader epoch: no checksum covers them.
      const position = random.pick([8, 9, 16, 17, 20, 21 + random.below(second.length - 21)]);
      second[position]! ^= 1 << random.below(8);
      const set = Buffer.concat([first, second, batchOf(10, { baseOffset: 20 })]);
      const reader = readerOf({ bytes: set });
      const records: Records = [];
      const { cutOffBytes } = endOf(set);
      const where = `byte ${position}, SEED=${seed}`;
      try {
        for (let before = -1; before < records.length; ) {
          before = records.length;
          reader.read(7, records);
        }
        // A length that is too high looks like a batch that is cut off.
        assert.ok(cutOffBytes > 0, where);
      } catch (error) {
        assert.ok(error instanceof CorruptRecordError, `${where}: ${String(error)}`);
        assert.equal(error.offset, 10, where);
        assert.ok(error.nextOffset > 10, where);
        assert.match(error.message, /^orders, partition 3: the records from offset 10 on cannot be read: /);
        assert.throws(() => reader.read(1, []), error, 'and again');
      }
      assert.equal(records.length, 10, where);
    }
  });

  it('reads what fails its checksum when it is told not to check', () => {
    const batch = batchOf(3);
    batch[18]! ^= 1;
    assert.throws(() => readerOf({ bytes: batch }).read(1, []), /does not match its checksum/);
    assert.equal(all(readerOf({ bytes: batch }, { checkCrcs: false })).length, 3);
  });

  it('does not take for read what a damaged header places before the position', () => {
    const batch = batchOf(3, { baseOffset: 100 });
    batch.writeInt32BE(-50, 23);
    assert.throws(() => readerOf({ bytes: batch, fromOffset: 100 }).read(1, []), CorruptRecordError);
  });

  it('refuses what decompresses to more than is allowed', () => {
    const records = [{ timestamp: 1, key: null, value: Buffer.alloc(100_000) }];
    const set = encodeBatch({ records, compression: 'gzip' });
    assert.throws(
      () => readerOf({ bytes: set }, { maxDecompressedBytes: 50_000 }).read(1, []),
      /decompresses to more than the 50000 bytes allowed/,
    );
  });

  it('lets a small record pin little memory, and does not copy a large one', () => {
    const small = Array.from({ length: 20_000 }, () => ({
      ...{ timestamp: 1, key: null, value: Buffer.alloc(100) },
    }));
    const set = Buffer.concat([encodeBatch({ records: small }), batchOf(5, { baseOffset: 20_000 })]);
    for (const record of all(readerOf({ bytes: set })))
      assert.ok(record.valueBytes!.buffer.byteLength <= 128 * 1024);
    const large = encodeBatch({ records: [{ timestamp: 1, key: null, value: Buffer.alloc(200_000) }] });
    const together = Buffer.concat([large, large]);
    assert.equal(all(readerOf({ bytes: together }))[0]!.valueBytes!.buffer, together.buffer);
    const amongMany = Buffer.concat([large, Buffer.alloc(20_000_000)]);
    const reader = readerOf({ bytes: amongMany.subarray(0, large.length) });
    const records: Records = [];
    reader.read(1, records);
    assert.ok(records[0]!.valueBytes!.buffer.byteLength < 210_000);
  });
});

describe('a record', () => {
  const headers = [
    { key: 'trace', value: Buffer.from('a') },
    { key: 'none', value: null },
    { key: 'trace', value: Buffer.from('ü') },
  ];
  const set = encodeBatch({
    records: [{ timestamp: 5, key: Buffer.from('k'), value: Buffer.from('Grüße'), headers }],
    ...{ baseOffset: 7, partitionLeaderEpoch: 4 },
  });
  const record = (serdes = SERDES as RecordSet['serdes']): ConsumerRecord<unknown, unknown> =>
    all(readerOf({ bytes: set, serdes }))[0]!;

  it('decodes key and value once, when they are touched', () => {
    let calls = 0;
    const value = {
      ...{ name: 'counting', serialize: () => null },
      deserialize: (read: Buffer | null) => ({ text: read!.toString(), call: ++calls }),
    };
    const read = record({ key: string(), value });
    assert.equal(calls, 0);
    assert.equal(read.key, 'k');
    assert.deepEqual(read.value, { text: 'Grüße', call: 1 });
    assert.equal(read.value, read.value);
    assert.equal(calls, 1);
  });

  it('says which record it was that a serde cannot read', () => {
    const value = {
      ...{ name: 'failing', serialize: () => null },
      deserialize: () => {
        throw new Error('no number');
      },
    };
    assert.throws(() => record({ key: bytes(), value }).value, {
      ...{ code: 'SERIALIZATION_FAILED', topic: 'orders', partition: 3 },
      message: 'orders, partition 3, offset 7: no number',
    });
  });

  it('has its headers by name, the last first, and all of them in order', () => {
    const read = record().headers;
    assert.equal(read.size, 3);
    assert.equal(read.text('trace'), 'ü');
    assert.deepEqual(read.getAll('trace').map(String), ['a', 'ü']);
    assert.equal(read.get('none'), null);
    assert.equal(read.get('other'), undefined);
    assert.equal(read.has('none'), true);
    assert.deepEqual(
      [...read].map(([name]) => name),
      ['trace', 'none', 'trace'],
    );
  });

  it('reads well in a log', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(record())), {
      ...{ topic: 'orders', partition: 3, offset: 7, timestampMs: 5, timestampType: 'create' },
      ...{ leaderEpoch: 4, key: 'k', value: 'Grüße' },
      headers: [
        ['trace', 'a'],
        ['none', null],
        ['trace', 'ü'],
      ],
    });
  });

  it('can be kept alone', () => {
    const kept = record().detach();
    assert.deepEqual(JSON.stringify(kept), JSON.stringify(record()));
    assert.equal(kept.keyBytes!.buffer.byteLength, kept.sizeBytes);
    assert.ok(kept instanceof ConsumerRecord);
  });
});
