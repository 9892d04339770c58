// What this process takes of its machine, as a port.

export interface ProcessFigures {
  /** Of the wall clock. */
  readonly startedMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** Memory outside of the heap: records, above all. */
  readonly externalBytes: number;
  readonly cpuSeconds: number;
  /** Undefined where the system does not tell. */
  readonly openFiles: number | undefined;
  readonly maxOpenFiles: number | undefined;
  /** How long the event loop has been busy, and how long it has waited, since the start. */
  readonly activeMs: number;
  readonly idleMs: number;
}

export interface Process {
  /** As in 'v26.1.0'. */
  readonly runtimeVersion: string;
  figures(): Promise<ProcessFigures>;
}
