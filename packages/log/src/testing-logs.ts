// For this package's tests: a world of one disk and one clock, in which LogManagers are opened, killed and opened again. Operations of the
// disk take a seeded number of turns; those of a killed process never happen, save that a write on its way may be done in part.

import { type Disk, type DiskFile, type Logger, nodeTimers } from '@moldau/io';
import { batches, encodeBatch, encodeMarker } from '@moldau/protocol';
import { ManualTime, MemoryDisk, SeededRandom } from '@moldau/testing';
import type { Log } from './log.ts';
import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogManager, type LogManagerOptions } from './log-manager.ts';

interface Flight {
  readonly file: DiskFile;
  readonly bytes: Buffer;
  readonly position: number;
}

/** What is shared by the operations of one process. */
class ProcessLife {
  readonly #random: SeededRandom;
  isOver = false;
  readonly writes = new Set<Flight>();

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Some turns later; never, when the process has ended by then. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    for (let turns = this.#random.below(3); turns >= 0; turns--) await settle(1);
    if (this.isOver) return new Promise<never>(() => {});
    return work();
  }
}

function fileOf(life: ProcessLife, file: DiskFile): DiskFile {
  return {
    path: file.path,
    read: (buffer, position) => life.take(() => file.read(buffer, position)),
    async write(buffers, position) {
      const flight: Flight = { file, bytes: Buffer.concat(buffers), position };
      life.writes.add(flight);
      await life.take(async () => {
        life.writes.delete(flight);
        await file.write([flight.bytes], position);
      });
    },
    sync: () => life.take(() => file.sync()),
    truncate: (sizeBytes) => life.take(() => file.truncate(sizeBytes)),
    sizeBytes: () => life.take(() => file.sizeBytes()),
    close: () => life.take(() => file.close()),
  };
}

function diskOf(life: ProcessLife, disk: MemoryDisk): Disk {
  return {
    open: (path, mode) => life.take(async () => fileOf(life, await disk.open(path, mode))),
    readFile: (path) => life.take(() => disk.readFile(path)),
    replaceFile: (path, bytes) => life.take(() => disk.replaceFile(path, bytes)),
    makeDirectory: (path) => life.take(() => disk.makeDirectory(path)),
    syncDirectory: (path) => life.take(() => disk.syncDirectory(path)),
    rename: (from, to) => life.take(() => disk.rename(from, to)),
    remove: (path) => life.take(() => disk.remove(path)),
    removeTree: (path) => life.take(() => disk.removeTree(path)),
    list: (path) => life.take(() => disk.list(path)),
    stat: (path) => life.take(() => disk.stat(path)),
    publicAccess: (path) => life.take(() => disk.publicAccess(path)),
    space: (path) => life.take(() => disk.space(path)),
    lock: (directory) => life.take(() => disk.lock(directory)),
    bootId: () => life.take(() => disk.bootId()),
  };
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

export class World {
  readonly disk: MemoryDisk;
  readonly random: SeededRandom;
  time = new ManualTime();
  readonly lines: LogLine[] = [];
  /** Set by a power cut; for tests to clear. */
  bootIsNew = false;
  #life: ProcessLife;

  constructor(options: { seed?: number; capacityBytes?: number } = {}) {
    this.random = new SeededRandom(options.seed ?? 1);
    this.disk = new MemoryDisk(
      options.capacityBytes === undefined ? {} : { capacityBytes: options.capacityBytes },
    );
    this.#life = new ProcessLife(this.random);
  }

  open(options: Partial<LogManagerOptions> = {}): Promise<LogManager> {
    const tell =
      (level: LogLine['level']) =>
      (_fields: object, message: string): void => {
        this.lines.push({ level, message });
      };
    const logger: Logger = {
      debug: tell('debug'),
      info: tell('info'),
      warn: tell('warn'),
      error: tell('error'),
    };
    const disk = diskOf(this.#life, this.disk);
    const { time, random } = this;
    return LogManager.open({
      disk,
      clock: time,
      timers: time,
      random,
      logger,
      logDirs: ['/data'],
      ...options,
    });
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#life.isOver = true;
    for (const { file, bytes, position } of this.#life.writes) {
      const keptBytes = this.random.below(bytes.length + 1);
      if (keptBytes > 0) await file.write([bytes.subarray(0, keptBytes)], position);
    }
    this.disk.kill();
    this.#newProcess();
  }

  async cutPower(): Promise<void> {
    await this.kill();
    this.disk.powerCut(this.random);
    this.bootIsNew = true;
  }

  #newProcess(): void {
    this.#life = new ProcessLife(this.random);
    this.time = new ManualTime(this.time.wallMs());
  }

  told(level: LogLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }

  /** Names in a folder; none when it is not there. */
  async names(path: string): Promise<string[]> {
    if ((await this.disk.stat(path)) === undefined) return [];
    return (await this.disk.list(path)).map((entry) => entry.name).sort();
  }

  async has(path: string): Promise<boolean> {
    return (await this.disk.stat(path)) !== undefined;
  }

  /** Changes a file behind everybody's back, durably. */
  async damage(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
    await this.disk.replaceFile(path, change(Buffer.from(await this.disk.readFile(path))));
  }

  count(operation: 'write' | 'sync' | 'syncDirectory' | 'open'): number {
    return this.disk.counts.get(operation) ?? 0;
  }
}

/** Lets that many turns of the event loop pass. */
export async function settle(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => nodeTimers.soon(resolve));
}

export const TOPIC_ID = 'abcdefghijklmnopqrstuv';

export async function openLog(
  manager: LogManager,
  config: Partial<LogConfig> = {},
  directoryName = 'topic-0',
): Promise<Log> {
  const log = manager.log({ directoryName, topicId: TOPIC_ID }, { ...defaultLogConfig, ...config });
  await log.ready();
  return log;
}

export interface BatchOptions {
  readonly timestampMs?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
}

/** One batch with a record for each value. */
export function batchOf(values: readonly string[], options: BatchOptions = {}): Buffer {
  const { timestampMs = 1_700_000_000_000, ...fields } = options;
  return encodeBatch({
    baseOffset: 0,
    ...fields,
    records: values.map((value, index) => ({
      timestamp: timestampMs + index,
      key: null,
      value: Buffer.from(value),
    })),
  });
}

export function markerOf(
  producerId: number,
  producerEpoch: number,
  committed: boolean,
  coordinatorEpoch = 7,
): Buffer {
  return encodeMarker({ producerId, producerEpoch, coordinatorEpoch, committed }, 1_700_000_000_000);
}

export interface ReadRecord {
  readonly offset: number;
  readonly value: string;
}

/** All records from an offset on, through read(). */
export async function readAll(
  log: Log,
  fromOffset = log.logStartOffset,
  maxBytes = 2000,
): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  let offset = fromOffset;
  for (;;) {
    const result = await log.read(offset, { maxBytes, minOneBatch: true });
    if (result.sizeBytes === 0) return records;
    for (const chunk of result.chunks) {
      for (const batch of batches(chunk)) {
        if (!batch.isCrcValid()) throw new Error(`bad crc at offset ${batch.baseOffset}`);
        for (const record of batch.records()) {
          if (record.offset >= offset)
            records.push({ offset: record.offset, value: record.value?.toString() ?? '' });
        }
      }
    }
    offset = result.nextOffset;
  }
}
