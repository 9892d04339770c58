export type { Clock } from './clock.ts';
export type { Disk, DiskEntry, DiskFile, DiskLock, DiskSpace, DiskStat } from './disk.ts';
export { type Logger, silentLogger } from './logger.ts';
export type { Connection, ConnectionHandler, Listener, Network } from './network.ts';
export type { Random } from './random.ts';
export type { Timer, Timers } from './timers.ts';
