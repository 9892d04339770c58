// For tests: the logs under a coordinator in memory.

import type { KafkaError } from '@moldau/protocol';
import type { CoordinatorLog, CoordinatorLogs, CoordinatorRecord } from './coordinator-log.ts';

/** Logs in memory that count what is asked of them, and fail when told to. */
export class MemoryLogs implements CoordinatorLogs {
  readonly partitions = new Map<number, CoordinatorRecord[][]>();
  openCount = 0;
  openError: KafkaError | undefined;
  appendError: KafkaError | undefined;
  /** Resolves appends by hand when set. */
  heldAppends: (() => void)[] | undefined;

  partitionCount(): number {
    return 50;
  }

  partitionsWithRecords(): number[] {
    return [...this.partitions.keys()];
  }

  async open(partition: number): Promise<CoordinatorLog> {
    this.openCount++;
    if (this.openError !== undefined) throw this.openError;
    const batches = this.partitions.get(partition) ?? [];
    this.partitions.set(partition, batches);
    return {
      append: async (records) => {
        if (this.heldAppends !== undefined)
          await new Promise<void>((resolve) => this.heldAppends?.push(resolve));
        if (this.appendError !== undefined) throw this.appendError;
        batches.push([...records]);
      },
      replay: async (visit) => {
        batches.flat().forEach((record, offset) => {
          visit({ ...record, offset, timestamp: 0, headers: [] });
        });
      },
    };
  }
}
