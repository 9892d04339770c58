// For tests: the logs under a coordinator in memory.

import type { VerificationGuard } from '@moldau/log';
import type { KafkaError } from '@moldau/protocol';
import type {
  CoordinatorBatch,
  CoordinatorLog,
  CoordinatorLogs,
  CoordinatorRecord,
} from './coordinator-log.ts';

/** The records of a batch; what came by append is there whole too, its transaction or marker with it. */
export type MemoryBatch = CoordinatorRecord[] & { readonly whole?: CoordinatorBatch };

/** Logs in memory that count what is asked of them, and fail when told to. */
export class MemoryLogs implements CoordinatorLogs {
  /** The records of each batch; a marker has none. */
  readonly partitions = new Map<number, MemoryBatch[]>();
  openCount = 0;
  openError: KafkaError | undefined;
  appendError: KafkaError | undefined;
  /** The guard that transactions are verified with; undefined: none need be. */
  verification: VerificationGuard | undefined;
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
    const stored = this.partitions.get(partition) ?? [];
    this.partitions.set(partition, stored);
    return {
      append: async (batches) => {
        if (this.heldAppends !== undefined)
          await new Promise<void>((resolve) => this.heldAppends?.push(resolve));
        if (this.appendError !== undefined) throw this.appendError;
        for (const whole of batches)
          stored.push(Object.assign('records' in whole ? [...whole.records] : [], { whole }));
        return batches.map(() => null);
      },
      beginVerification: () => this.verification,
      replay: async (visitor) => {
        let offset = 0;
        for (const batch of stored) {
          const { whole } = batch;
          if (whole !== undefined && 'marker' in whole) {
            visitor.marker(whole.marker);
            offset++;
            continue;
          }
          const transaction = whole?.transaction ?? null;
          const { producerId, producerEpoch } = transaction ?? { producerId: -1, producerEpoch: -1 };
          const isTransactional = transaction !== null;
          for (const record of batch) {
            visitor.record(
              { ...record, offset: offset++, timestamp: 0, headers: [] },
              { producerId, producerEpoch, isTransactional },
            );
          }
        }
      },
    };
  }
}
