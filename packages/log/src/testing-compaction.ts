// For tests of compaction: keyed batches, what a log holds, and one compaction after the other at will.

import { batches, type CompressionType, encodeBatch } from '@moldau/protocol';
import type { Log } from './log.ts';
import type { LogConfig } from './log-config.ts';
import type { LogManager } from './log-manager.ts';
import { openLog, World } from './testing-logs.ts';

/** Compacts whatever is dirty; only cleanAll() starts a compaction. */
export const COMPACTED: Partial<LogConfig> = {
  cleanupPolicy: { delete: false, compact: true },
  segmentBytes: 1000,
  indexIntervalBytes: 100,
  minCleanableDirtyRatio: 0,
  fileDeleteDelayMs: 1000,
};

export interface KeyedOptions {
  readonly timestampMs?: number;
  readonly compression?: CompressionType;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
}

/** One batch of records 'key=value'; 'key' alone is a tombstone. */
export function keyedBatch(records: readonly string[], options: KeyedOptions = {}): Buffer {
  const { timestampMs = 1_700_000_000_000, ...fields } = options;
  return encodeBatch({
    baseOffset: 0,
    ...fields,
    records: records.map((record, index) => {
      const [key, value] = record.split('=');
      return {
        timestamp: timestampMs + index,
        key: Buffer.from(key!),
        value: value === undefined ? null : Buffer.from(value),
      };
    }),
  });
}

export interface HeldBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly isControl: boolean;
  readonly hasDeleteHorizon: boolean;
  readonly compression: CompressionType;
  readonly producerId: number;
  readonly lastSequence: number;
  readonly maxTimestamp: number;
  /** 'offset:key=value' */
  readonly records: readonly string[];
}

/** All batches of a log, read as consumers do. */
export async function heldBatches(log: Log): Promise<HeldBatch[]> {
  const held: HeldBatch[] = [];
  let offset = log.logStartOffset;
  for (;;) {
    const result = await log.read(offset, { maxBytes: 3000, minOneBatch: true });
    if (result.sizeBytes === 0) return held;
    for (const chunk of result.chunks) {
      for (const batch of batches(chunk)) {
        if (!batch.isCrcValid()) throw new Error(`bad crc at offset ${batch.baseOffset}`);
        const { baseOffset, lastOffset, isControl, hasDeleteHorizon, compression } = batch;
        const { producerId, lastSequence, maxTimestamp } = batch;
        const records = batch.recordList().map(({ offset: at, key, value }) => {
          if (isControl) return `${at}:${key!.readInt16BE(2) === 1 ? 'COMMIT' : 'ABORT'}`;
          return value === null ? `${at}:${key}` : `${at}:${key}=${value}`;
        });
        held.push({
          ...{ baseOffset, lastOffset, isControl, hasDeleteHorizon, compression },
          ...{ producerId, lastSequence, maxTimestamp, records },
        });
      }
    }
    offset = result.nextOffset;
  }
}

export async function heldRecords(log: Log): Promise<string[]> {
  return (await heldBatches(log)).flatMap(({ records }) => records);
}

/** Closes the active segment and compacts. */
export async function compact(manager: LogManager, log: Log): Promise<void> {
  await log.flush();
  log.rollForCleaning();
  await log.internals!.state.sealing;
  await manager.cleaner.cleanAll();
}

export interface CompactedLog {
  readonly world: World;
  readonly manager: LogManager;
  readonly log: Log;
  append(records: readonly string[], options?: Parameters<typeof keyedBatch>[1]): void;
  compact(): Promise<void>;
}

/** A log that is compacted at will. */
export async function fixture(config: Partial<LogConfig> = {}, world = new World()): Promise<CompactedLog> {
  const manager = await world.open();
  const log = await openLog(manager, { ...COMPACTED, ...config });
  return {
    world,
    manager,
    log,
    append: (records, options) => {
      log.append(keyedBatch(records, options), { leaderEpoch: 0 });
    },
    compact: () => compact(manager, log),
  };
}
