// What is known of a history while it is checked: what each process sent, and what stands in each partition.

import { Anomalies } from './anomalies.ts';
import { PartitionLog } from './partition-log.ts';
import { ProducedValues, SEEN_COMMITTED } from './produced-values.ts';

export class HistoryState {
  readonly anomalies = new Anomalies();
  readonly producers = new Map<number, ProducedValues>();
  readonly logs = new Map<number, PartitionLog>();

  producer(process: number): ProducedValues {
    let values = this.producers.get(process);
    if (values === undefined) {
      values = new ProducedValues(process);
      this.producers.set(process, values);
    }
    return values;
  }

  log(key: number): PartitionLog {
    let log = this.logs.get(key);
    if (log === undefined) {
      log = new PartitionLog(key);
      this.logs.set(key, log);
    }
    return log;
  }

  /** Whether a consumer that reads committed must see what stands at the offset, as far as anybody knows. */
  isCommittedAt(log: PartitionLog, offset: number): boolean {
    const process = log.processes.get(offset);
    if (process < 0) return false;
    const values = this.producer(process);
    const index = log.indexes.get(offset);
    return values.has(index, SEEN_COMMITTED) || values.outcomeOf(index) === 'committed';
  }

  nameAt(log: PartitionLog, offset: number): string {
    const process = log.processes.get(offset);
    return process < 0 ? 'nothing' : `${process}:${log.indexes.get(offset)}`;
  }
}
