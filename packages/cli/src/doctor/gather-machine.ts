// What this machine gives to a broker that runs on it, as Linux tells in /proc. Elsewhere, and of others' processes, nothing is known.

import type { Disk } from '@moldau/io';
import type { LocalBrokerFacts, MachineFacts } from './facts.ts';

export type MachineDisk = Pick<Disk, 'readFile' | 'list'>;

const KIBIBYTE = 1024;
/** The kernel's number of that state of a socket. */
const LISTENING = '0A';

/** `ports`: of the brokers that are looked at. Another cluster's brokers may run beside them. */
export async function machineFacts(disk: MachineDisk, ports: ReadonlySet<number>): Promise<MachineFacts> {
  const memory = await readText(disk, '/proc/meminfo');
  const processes = await disk.list('/proc').catch(() => []);
  const ids = processes.map(({ name }) => Number(name)).filter(Number.isInteger);
  const found = await Promise.all(ids.map((id) => localBroker(disk, id)));
  const brokers = found.filter((broker) => broker !== undefined);
  return {
    memoryTotalBytes: kibibytesIn(memory, 'MemTotal'),
    memoryAvailableBytes: kibibytesIn(memory, 'MemAvailable'),
    swapTotalBytes: kibibytesIn(memory, 'SwapTotal'),
    swappiness: wholeIn(await readText(disk, '/proc/sys/vm/swappiness'), /^(\d+)/),
    brokers: await thoseListening(disk, brokers, ports),
  };
}

/** A broker opens its listeners early. */
const MOST_FILES_LOOKED_AT = 1000;

/** All of them, where that cannot be seen: in front of containers others listen, and old kernels do not tell. */
async function thoseListening(
  disk: MachineDisk,
  brokers: readonly LocalBrokerFacts[],
  ports: ReadonlySet<number>,
): Promise<readonly LocalBrokerFacts[]> {
  const sockets = new Set([
    ...listeningSockets(await readText(disk, '/proc/net/tcp'), ports),
    ...listeningSockets(await readText(disk, '/proc/net/tcp6'), ports),
  ]);
  const listen = await Promise.all(brokers.map(({ processId }) => holdsOneOf(disk, processId, sockets)));
  return listen.includes(true) ? brokers.filter((_, index) => listen[index]) : brokers;
}

/** Inodes of sockets that listen at one of the ports: lines of 'sl local:port remote:port state ... inode', in hexadecimal. */
function listeningSockets(table: string, ports: ReadonlySet<number>): string[] {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows.flatMap(([, local = '', , state, , , , , , inode = '']) =>
    state === LISTENING && ports.has(Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16))
      ? [inode]
      : [],
  );
}

async function holdsOneOf(
  disk: MachineDisk,
  processId: number,
  sockets: ReadonlySet<string>,
): Promise<boolean> {
  const files = await disk.list(`/proc/${processId}/fd`).catch(() => []);
  const numbers = files.map(({ name }) => Number(name)).sort((one, other) => one - other);
  for (const number of numbers.slice(0, MOST_FILES_LOOKED_AT)) {
    const [, inode = ''] =
      /^ino:\s+(\d+)/m.exec(await readText(disk, `/proc/${processId}/fdinfo/${number}`)) ?? [];
    if (sockets.has(inode)) return true;
  }
  return false;
}

async function localBroker(disk: MachineDisk, processId: number): Promise<LocalBrokerFacts | undefined> {
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
    (words.includes('server') && words.some((word) => /(^|\/)moldau(\.m?js)?$/.test(word)))
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

async function readText(disk: MachineDisk, path: string): Promise<string> {
  try {
    return (await disk.readFile(path)).toString('utf8');
  } catch {
    return '';
  }
}
