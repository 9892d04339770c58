// What a compaction (or Kafka's splitting of a segment) left in a folder when it was interrupted. As Kafka decides it:
//
// - .cleaned is output that was not finished. It goes, and with it any .swap that starts where it does or later: those are parts of
//   the same work.
// - Any other .swap is a finished segment that was about to take the place of the segments whose offsets it covers. It takes it.
// - .deleted is a segment that was replaced or removed. It goes.
//
// Each step is durable before the next, so that this too may be interrupted.

import type { Disk } from '@moldau/io';
import { isLeftover, parseCleanedFileName, parseSegmentFileName, parseSwapFileName } from './file-names.ts';
import { scanSegment } from './segment-scan.ts';

/** Leaves only files that count, and answers their names. */
export async function settleFolder(disk: Disk, directory: string): Promise<string[]> {
  const names = await fileNames(disk, directory);
  const cleaned = names.flatMap((name) => parseCleanedFileName(name)?.baseOffset ?? []);
  const firstCleaned = Math.min(...cleaned);
  const swaps = names.flatMap((name) => parseSwapFileName(name) ?? []);
  const whole = new Set(
    swaps
      .filter(({ kind, baseOffset }) => kind === 'log' && baseOffset < firstCleaned)
      .map(({ baseOffset }) => baseOffset),
  );
  const leftovers = names.filter((name) => {
    const swap = parseSwapFileName(name);
    return isLeftover(name) || name.endsWith('.tmp') || (swap !== undefined && !whole.has(swap.baseOffset));
  });
  for (const name of leftovers) await disk.remove(`${directory}/${name}`);
  if (whole.size === 0) return names.filter((name) => !leftovers.includes(name));
  await completeSwaps(disk, directory, names, whole);
  return fileNames(disk, directory);
}

async function fileNames(disk: Disk, directory: string): Promise<string[]> {
  const entries = await disk.list(directory);
  return entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
}

async function completeSwaps(
  disk: Disk,
  directory: string,
  names: readonly string[],
  bases: ReadonlySet<number>,
): Promise<void> {
  const firstOffset = Math.min(...bases);
  let nextOffset = firstOffset;
  for (const name of names) {
    const swap = parseSwapFileName(name);
    if (swap?.kind !== 'log' || !bases.has(swap.baseOffset)) continue;
    nextOffset = Math.max(nextOffset, await endOf(disk, `${directory}/${name}`, swap.baseOffset));
  }
  for (const name of names) {
    const file = parseSegmentFileName(name);
    if (file === undefined || file.baseOffset < firstOffset || file.baseOffset >= nextOffset) continue;
    const isStillTrue = file.kind === 'snapshot' && bases.has(file.baseOffset);
    if (!isStillTrue) await disk.remove(`${directory}/${name}`);
  }
  // Even an empty output takes the place of the segment it is named after, indexes and all.
  for (const baseOffset of bases) {
    for (const name of names) {
      const file = parseSegmentFileName(name);
      if (file?.baseOffset === baseOffset && file.kind !== 'snapshot')
        await disk.remove(`${directory}/${name}`);
    }
  }
  await disk.syncDirectory(directory);
  for (const name of names) {
    const swap = parseSwapFileName(name);
    if (swap === undefined || !bases.has(swap.baseOffset)) continue;
    await disk.rename(`${directory}/${name}`, `${directory}/${name.slice(0, -'.swap'.length)}`);
  }
  await disk.syncDirectory(directory);
}

/** The offset after the last batch of a file; its base offset when it has none. */
async function endOf(disk: Disk, path: string, baseOffset: number): Promise<number> {
  const file = await disk.open(path, 'read');
  try {
    const to = await file.sizeBytes();
    const options = { from: 0, to, minOffset: baseOffset, checkCrc: false, visit: () => undefined };
    return (await scanSegment(file, options)).nextOffset;
  } finally {
    await file.close();
  }
}
