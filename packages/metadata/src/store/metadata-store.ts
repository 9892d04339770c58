// Where the metadata log lives, as brokers and the controller see it: one sequence of records, in one order for all.
//
// A store promises: a batch that append() resolved for is never lost and never moves; watchers see committed batches only,
// each once and in order; of two controllers the one with the older epoch cannot append. It may be a file on this machine
// or a service such as etcd, so every call may take a while or fail.

import type { MetadataRecord } from '../records.ts';

/** What an appender believes. The append is refused, with nothing written, unless both are still true. */
export interface Fence {
  /** The epoch that claimController() gave. */
  readonly controllerEpoch: number;
  /** How many records the log holds: the appender has seen them all. */
  readonly position: number;
}

export interface MetadataWatcher {
  /**
   * Forget everything: these records build all there is before `position`. Called first when the watch starts
   * before the oldest kept record, and again when the watcher has fallen behind the oldest kept record.
   */
  restart(records: readonly MetadataRecord[], position: number): void;
  /** These records were committed; `position` is the one after them. */
  committed(records: readonly MetadataRecord[], position: number): void;
}

export interface Watch {
  stop(): void;
}

/** A broker's membership, held by a lease: it ends by itself when this process dies or is cut off from the store. */
export interface MetadataSession {
  /** Resolves with the reason when the lease is lost; the broker must then stop acting as a member at once. */
  readonly lost: Promise<Error>;
  /** Makes this broker the controller and fences the one before. Resolves to its epoch, higher than all before. */
  claimController(): Promise<number>;
  close(): Promise<void>;
}

export interface MetadataStore {
  openSession(brokerId: number): Promise<MetadataSession>;
  /** Delivers all there is from `fromPosition` on, then resolves, then delivers what is committed later. */
  watch(fromPosition: number, watcher: MetadataWatcher): Promise<Watch>;
  /**
   * Commits the records, all or none. Watchers have been told before it resolves to the position after them.
   * @throws MetadataFencedError when the fence does not hold
   * @throws MetadataStoreError when they could not be made durable
   */
  append(records: readonly MetadataRecord[], fence: Fence): Promise<number>;
  /** True when enough was appended since the newest snapshot that another would shorten the next start. */
  readonly isSnapshotDue: boolean;
  /**
   * Keeps records that build all there is before `position`, which is where the log ends; the records before it may be
   * dropped. `records` is read before the first turn of the event loop. Appends go on meanwhile.
   */
  writeSnapshot(records: Iterable<MetadataRecord>, position: number): Promise<void>;
  close(): Promise<void>;
}

/** Another controller has taken over, or has appended what this one has not seen. */
export class MetadataFencedError extends Error {
  override readonly name = 'MetadataFencedError';
}

/** The store cannot do what was asked. The message names the file and what to do. */
export class MetadataStoreError extends Error {
  override readonly name = 'MetadataStoreError';
}
