// What is known to stand at each offset of one partition, from acknowledgements and polls of everybody.

import { int16Column, int32Column } from './columns.ts';

export class PartitionLog {
  readonly key: number;
  /** The process and index of the value at each offset; -1 where none is known, as at transaction markers. */
  readonly processes = int16Column();
  readonly indexes = int32Column();
  /** The highest offset that anybody polled; -1 when none. */
  highestPolled = -1;

  constructor(key: number) {
    this.key = key;
  }

  get endOffset(): number {
    return this.processes.length;
  }
}
