// How quickly a folder is written: a file of zeros, synced as a broker syncs.

import { join } from 'node:path';
import type { Clock, Disk } from '@moldau/io';
import { sizeText } from '../output/units.ts';
import type { Finding } from './finding.ts';

const CHUNK_BYTES = 2 ** 20;
const CHUNKS = 64;
/** Less is slower than a single hard disk. */
const SLOW_BYTES_PER_SECOND = 50 * 2 ** 20;
const SLOW_SYNC_MS = 100;

export interface DiskSpeed {
  readonly path: string;
  readonly bytesPerSecond: number;
  /** Of a sync of 4 KiB. */
  readonly syncMs: number;
}

export async function measureDisk(path: string, disk: Disk, clock: Clock): Promise<DiskSpeed> {
  const filePath = join(path, '.moldau-doctor');
  const file = await disk.open(filePath, 'write');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const startMs = clock.monotonicMs();
    for (let index = 0; index < CHUNKS; index++) await file.write([chunk], index * CHUNK_BYTES);
    await file.sync();
    const writtenMs = clock.monotonicMs();
    await file.write([chunk.subarray(0, 4096)], 0);
    await file.sync();
    return {
      path,
      bytesPerSecond: (CHUNKS * CHUNK_BYTES) / ((writtenMs - startMs) / 1000),
      syncMs: clock.monotonicMs() - writtenMs,
    };
  } finally {
    await file.close();
    await disk.remove(filePath);
  }
}

export function checkDiskSpeed({ path, bytesPerSecond, syncMs }: DiskSpeed): Finding {
  const isSlow = bytesPerSecond < SLOW_BYTES_PER_SECOND || syncMs > SLOW_SYNC_MS;
  return {
    ...{ severity: isSlow ? 'warning' : 'note', check: 'disk-speed', subject: path },
    what: `it takes ${sizeText(bytesPerSecond)}/s, and ${syncMs.toFixed(1)} ms for a sync`,
    why: 'records come in no quicker than disks take them, and whoever waits for a sync waits so long',
    mend: isSlow
      ? 'a disk of its own for log.dirs, an SSD rather than a disk over the network: `iostat -x 1` shows who else writes'
      : 'nothing needs to be done',
  };
}
