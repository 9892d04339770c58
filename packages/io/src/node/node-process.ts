// The process as Node and Linux tell of it.

import { readdir, readFile } from 'node:fs/promises';
import type { Process } from '../process-figures.ts';

async function countOpenFiles(): Promise<number | undefined> {
  try {
    // One of them is the listing itself.
    return (await readdir('/proc/self/fd')).length - 1;
  } catch {
    return undefined;
  }
}

async function readMaxOpenFiles(): Promise<number | undefined> {
  try {
    const found = /^Max open files +(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}

export const nodeProcess: Process = {
  runtimeVersion: process.version,
  async figures() {
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const { active, idle } = performance.eventLoopUtilization();
    return {
      startedMs: performance.timeOrigin,
      residentBytes: rss,
      heapBytes: heapUsed,
      externalBytes: Math.max(external, arrayBuffers),
      cpuSeconds: (user + system) / 1e6,
      openFiles: await countOpenFiles(),
      maxOpenFiles: await readMaxOpenFiles(),
      activeMs: active,
      idleMs: idle,
    };
  },
};
