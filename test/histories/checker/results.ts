// Phase 4 of the checker, for processors: every visible value of their input has one committed result, no more and no less.

import { BitSet } from './columns.ts';
import { type ProcessHistory, partitionName, topicOf } from './history.ts';
import type { HistoryState } from './history-state.ts';
import { ACKNOWLEDGED, SEEN_COMMITTED } from './produced-values.ts';

export function checkResults(state: HistoryState, histories: readonly ProcessHistory[]): void {
  const topics = new Set(
    histories.flatMap(({ info }) => (info.processes === undefined ? [] : [info.processes])),
  );
  if (topics.size === 0) return;
  const processed = new Map<number, BitSet>();
  for (const values of state.producers.values()) {
    for (let index = 0; index < values.inputProcesses.length; index += 1) {
      const inputProcess = values.inputProcesses.get(index);
      const isCommitted =
        values.has(index, SEEN_COMMITTED) ||
        (values.has(index, ACKNOWLEDGED) && values.outcomeOf(index) === 'committed');
      if (inputProcess < 0 || !isCommitted) continue;
      const done = processed.get(inputProcess) ?? new BitSet();
      processed.set(inputProcess, done);
      const inputIndex = values.inputIndexes.get(index);
      if (done.has(inputIndex))
        state.anomalies.add(
          'processed-twice',
          () =>
            `${inputProcess}:${inputIndex}, again as ${values.name(index)} at offset ${values.offsets.get(index)} of ${partitionName(values.partitions.get(index))}`,
        );
      done.add(inputIndex);
    }
  }
  for (const log of state.logs.values()) {
    if (!topics.has(topicOf(log.key))) continue;
    for (let offset = 0; offset < log.endOffset; offset += 1) {
      if (!state.isCommittedAt(log, offset)) continue;
      const isDone = processed.get(log.processes.get(offset))?.has(log.indexes.get(offset)) ?? false;
      if (!isDone)
        state.anomalies.add(
          'never-processed',
          () => `${state.nameAt(log, offset)} at offset ${offset} of ${partitionName(log.key)}`,
        );
    }
  }
}
