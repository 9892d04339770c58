// How fast logs are on this machine's disk: node --conditions=source packages/log/src/log.bench.ts [folder [headline|small|many ...]]
// Headline (3,000 x 200 KB, with and without fsync), many small batches, cold reads, and 12,000 partitions.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nodeClock, nodeDisk, nodeRandom, nodeTimers, silentLogger } from '@moldau/io';
import { encodeBatch } from '@moldau/protocol';
import type { Log } from './log.ts';
import { defaultLogConfig } from './log-config.ts';
import { LogManager } from './log-manager.ts';

const TOPIC_ID = 'abcdefghijklmnopqrstuv';
const folder = mkdtempSync(join(process.argv[2] ?? '.', 'bench-'));

function open(name: string): Promise<LogManager> {
  return LogManager.open({
    disk: nodeDisk,
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    logger: silentLogger,
    logDirs: [join(folder, name)],
  });
}

async function openLog(manager: LogManager, directoryName: string): Promise<Log> {
  const log = manager.log({ directoryName, topicId: TOPIC_ID }, defaultLogConfig);
  await log.ready();
  return log;
}

function batch(count: number, valueBytes: number): Buffer {
  const value = nodeRandom.bytes(valueBytes);
  return encodeBatch({
    baseOffset: 0,
    records: Array.from({ length: count }, (_, index) => ({
      timestamp: 1_700_000_000_000 + index,
      key: null,
      value,
    })),
  });
}

async function timed(title: string, work: () => Promise<string>): Promise<void> {
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const note = await work();
  const tookMs = performance.now() - startMs;
  const used = process.cpuUsage(cpu);
  const cpuMs = (used.user + used.system) / 1000;
  console.log(
    `${title.padEnd(52)} ${tookMs.toFixed(0).padStart(7)} ms  cpu ${cpuMs.toFixed(0).padStart(6)} ms  ${note}`,
  );
}

/** `inFlight` appends at a time, each acknowledged when written (or flushed) before the next takes its place. */
async function produce(
  log: Log,
  bytes: Buffer,
  count: number,
  inFlight: number,
  flush: boolean,
): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await log.append(Buffer.from(bytes), { leaderEpoch: 0 }).written;
      if (flush) await log.flush();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}

function megabytesPerSecond(sizeBytes: number, startMs: number): string {
  return `${(sizeBytes / 1e3 / (performance.now() - startMs)).toFixed(0)} MB/s`;
}

async function headline(): Promise<void> {
  const manager = await open('headline');
  for (const [title, flush, size, count] of [
    ['3,000 x 200 KB, page cache', false, 200_000, 3000],
    ['3,000 x 200 KB, fsynced', true, 200_000, 3000],
    ['600 x 1 MB, fsynced', true, 1_000_000, 600],
  ] as const) {
    const log = await openLog(manager, `${title.replaceAll(/[^a-z0-9]/gi, '')}-0`);
    const bytes = batch(1, size);
    await timed(title, async () => {
      const startMs = performance.now();
      await produce(log, bytes, count, Number(process.env.INFLIGHT ?? 5), flush);
      return megabytesPerSecond(size * count, startMs);
    });
  }
  const log = await openLog(manager, '3000x200KBpagecache-0');
  await timed('cold reads of 1 MB of the same', async () => {
    const startMs = performance.now();
    let offset = 0;
    let sizeBytes = 0;
    while (offset < log.writtenOffset) {
      const result = await log.read(offset, { maxBytes: 1_048_576, minOneBatch: true });
      offset = result.nextOffset;
      sizeBytes += result.sizeBytes;
    }
    return megabytesPerSecond(sizeBytes, startMs);
  });
  await timed('clean stop', async () => {
    await manager.close();
    return '';
  });
}

async function smallBatches(): Promise<void> {
  const manager = await open('small');
  for (const [title, count, records] of [
    ['30,000 batches of 100 x 100 B', 30_000, 100],
    ['200,000 batches of 1 x 100 B', 200_000, 1],
  ] as const) {
    const log = await openLog(manager, `small${records}-0`);
    const bytes = batch(records, 100);
    await timed(title, async () => {
      const startMs = performance.now();
      await produce(log, bytes, count, 50, false);
      return `${((count * records) / (performance.now() - startMs)).toFixed(0)} k records/s`;
    });
  }
  await manager.close();
}

async function manyPartitions(count: number): Promise<void> {
  let manager = await open('many');
  const bytes = batch(1, 100);
  const names = Array.from({ length: count }, (_, index) => `many-${index}`);
  let logs: Log[] = [];
  await timed(`first record to each of ${count} logs, fsynced, 50 at a time`, async () => {
    let next = 0;
    const one = async (): Promise<void> => {
      while (next < count) {
        const log = await openLog(manager, names[next++]!);
        logs.push(log);
        await log.append(Buffer.from(bytes), { leaderEpoch: 0 }).written;
        await log.flush();
      }
    };
    await Promise.all(Array.from({ length: 50 }, one));
    return '';
  });
  await timed('one record more to each, page cache', async () => {
    await Promise.all(logs.map((log) => log.append(Buffer.from(bytes), { leaderEpoch: 0 }).written));
    const { rss } = process.memoryUsage();
    return `rss ${(rss / 1e6).toFixed(0)} MB`;
  });
  await timed('clean stop, all dirty', async () => {
    await manager.close();
    return '';
  });
  logs = [];
  await timed('open, and handles for all', async () => {
    manager = await open('many');
    for (const name of names) manager.log({ directoryName: name, topicId: TOPIC_ID }, defaultLogConfig);
    return '';
  });
  await timed('load all', async () => {
    await Promise.all(names.map((name) => openLog(manager, name)));
    return `rss ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`;
  });
  await timed('clean stop, nothing changed', async () => {
    await manager.close();
    return '';
  });
}

const parts = process.argv.slice(3);
const isWanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
try {
  if (isWanted('headline')) await headline();
  if (isWanted('small')) await smallBatches();
  if (isWanted('many')) await manyPartitions(12_000);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
