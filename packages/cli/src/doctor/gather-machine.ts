// What this machine gives to a broker that runs on it, as Linux tells in /proc. Elsewhere, and of others' processes, nothing is known.

import type { Disk } from '@moldau/io';
import type { LocalBrokerFacts, MachineFacts } from './facts.ts';

type Proc = Pick<Disk, 'readFile' | 'list'>;

const KIBIBYTE = 1024;

export async function machineFacts(disk: Proc): Promise<MachineFacts> {
  const memory = await readText(disk, '/proc/meminfo');
  const processes = await disk.list('/proc').catch(() => []);
  const ids = processes.map(({ name }) => Number(name)).filter(Number.isInteger);
  const brokers = await Promise.all(ids.map((id) => localBroker(disk, id)));
  return {
    memoryTotalBytes: kibibytesIn(memory, 'MemTotal'),
    memoryAvailableBytes: kibibytesIn(memory, 'MemAvailable'),
    swapTotalBytes: kibibytesIn(memory, 'SwapTotal'),
    swappiness: wholeIn(await readText(disk, '/proc/sys/vm/swappiness'), /^(\d+)/),
    brokers: brokers.filter((broker) => broker !== undefined),
  };
}

async function localBroker(disk: Proc, processId: number): Promise<LocalBrokerFacts | undefined> {
  const folder = `/proc/${processId}`;
  if (!isBroker(await readText(disk, `${folder}/cmdline`))) return undefined;
  const [limits, status, files] = await Promise.all([
    readText(disk, `${folder}/limits`),
    readText(disk, `${folder}/status`),
    disk.list(`${folder}/fd`).catch(() => undefined),
  ]);
  return {
    processId,
    maxOpenFiles: wholeIn(limits, /^Max open files\s+(\d+)/m),
    openFiles: files?.length,
    swappedBytes: kibibytesIn(status, 'VmSwap'),
  };
}

/** By its command line, whose words end with zeros. */
export function isBroker(commandLine: string): boolean {
  const words = commandLine.split('\0');
  return (
    words.includes('kafka.Kafka') ||
    (words.includes('server') && words.some((word) => /(^|\/)moldau(\.js)?$/.test(word)))
  );
}

function kibibytesIn(text: string, name: string): number | undefined {
  const value = wholeIn(text, new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'));
  return value === undefined ? undefined : value * KIBIBYTE;
}

function wholeIn(text: string, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

async function readText(disk: Proc, path: string): Promise<string> {
  try {
    return (await disk.readFile(path)).toString('utf8');
  } catch {
    return '';
  }
}
