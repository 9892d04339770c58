// Phase 3 of the checker, for one consumer: within an assignment its polls go on from offset to offset, and pass over nothing that it should have seen.

import { type ProcessHistory, partitionKey, partitionName } from './history.ts';
import type { HistoryState } from './history-state.ts';
import type { PartitionLog } from './partition-log.ts';

const UNKNOWN = -1;

export function checkPollOrder(state: HistoryState, history: ProcessHistory): void {
  const { info } = history;
  /** The offset that each partition's next poll may start at, or UNKNOWN right after an assignment. */
  const positions = new Map<number, number>();
  const isExpected = (log: PartitionLog, offset: number) =>
    info.isolation === 'committed' ? state.isCommittedAt(log, offset) : log.processes.get(offset) >= 0;
  for (const line of history.lines()) {
    const kind = line[0];
    if (kind !== 'r' && kind !== 'A' && kind !== 'R') continue;
    const words = line.split(' ');
    const key = partitionKey(Number(words[2]), Number(words[3]));
    if (kind === 'A') positions.set(key, Number(words[4]));
    else if (kind === 'R') positions.delete(key);
    else {
      const offset = Number(words[4]);
      const position = positions.get(key) ?? UNKNOWN;
      const log = state.log(key);
      const where = () => `process ${info.number} in ${partitionName(key)}, from ${position} to ${offset}`;
      if (position > offset) state.anomalies.add('poll-back', where);
      for (let at = position; position !== UNKNOWN && at < offset; at += 1) {
        if (isExpected(log, at))
          state.anomalies.add(
            'poll-skip',
            () => `${where()}, past ${state.nameAt(log, at)} at ${at}, at ${words[1]} us`,
          );
      }
      positions.set(key, offset + Number(words[7]));
    }
  }
}
