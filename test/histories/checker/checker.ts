// The checker: reads the histories of all processes, phase by phase, and says what no right broker can have done.
//
// Phase 1 takes what producers say (sent, acknowledged, transactions), phase 2 puts every polled value in its place, and only then, when it is
// known what stood where and what became of it, phase 3 asks whether each consumer saw what it should in the order it should
// (poll-order.ts, group-coverage.ts) and phase 4 whether each value is where it should be. Each phase reads the histories anew, as streams:
// what stays in memory is some 20 bytes a value.
//
// Invariants of the judgement: what is indeterminate may have happened or not, but not by half and not twice. Nothing is concluded
// from the order in which files were written, only from offsets and from times taken before a request and after an answer.

import type { Anomalies } from './anomalies.ts';
import { GroupCoverage } from './group-coverage.ts';
import { type ProcessHistory, partitionKey, partitionName } from './history.ts';
import { HistoryState } from './history-state.ts';
import { checkPollOrder } from './poll-order.ts';
import {
  ACKNOWLEDGED,
  FAILED,
  type ProducedValues,
  SEEN_COMMITTED,
  SEEN_UNCOMMITTED,
} from './produced-values.ts';
import { checkResults } from './results.ts';

export interface Summary {
  sent: number;
  acknowledged: number;
  /** Values of transactions that were aborted. */
  aborted: number;
  /** Values whose fate the producer never learned. */
  indeterminate: number;
  /** Polls of values, by everybody together. */
  polled: number;
  transactionsCommitted: number;
  transactionsAborted: number;
  transactionsIndeterminate: number;
}

export interface Verdict {
  readonly summary: Summary;
  readonly anomalies: Anomalies;
}

export function checkHistories(histories: readonly ProcessHistory[]): Verdict {
  const state = new HistoryState();
  let polled = 0;
  for (const history of histories) takeProducerEvents(state, history);
  for (const history of histories) polled += placePolledValues(state, history);
  for (const history of histories) checkPollOrder(state, history);
  const coverage = new GroupCoverage(state);
  for (const history of histories) coverage.take(history);
  coverage.check();
  const summary = checkValues(state);
  checkResults(state, histories);
  return { summary: { ...summary, polled }, anomalies: state.anomalies };
}

function takeProducerEvents(state: HistoryState, history: ProcessHistory): void {
  const { info } = history;
  const values = state.producer(info.number);
  for (const line of history.lines()) {
    const kind = line[0];
    if (kind === undefined || !'safbcCxX'.includes(kind)) continue;
    const words = line.split(' ');
    const number = (at: number) => Number(words[at]);
    if (kind === 's') {
      const input = words.length > 6 ? { process: number(6), index: number(7) } : undefined;
      values.sent(partitionKey(number(2), number(3)), number(4), number(5), input);
    } else if (kind === 'a') {
      const key = partitionKey(number(2), number(3));
      for (let at = 0; at < number(6); at += 1) {
        values.mark(number(5) + at, ACKNOWLEDGED);
        place(state, key, number(4) + at, info.number, number(5) + at, info.number);
      }
    } else if (kind === 'f') {
      for (let at = 0; at < number(3); at += 1) values.mark(number(2) + at, FAILED);
    } else if (kind === 'b') values.begin(number(2));
    else if (kind === 'c') values.askCommit(number(1));
    else if (kind === 'C') values.end('committed');
    else if (kind === 'X') values.end('aborted');
  }
}

/** Says that a value stands at an offset; `witness` is the process that says so. Offsets of the partitions that do not fit are anomalies. */
function place(
  state: HistoryState,
  key: number,
  offset: number,
  process: number,
  index: number,
  witness: number,
): void {
  const log = state.log(key);
  const values = state.producers.get(process);
  const name = `${process}:${index}`;
  if (values === undefined || values.partitions.get(index) !== key) {
    state.anomalies.add(
      'phantom-value',
      () => `${name} at offset ${offset} of ${partitionName(key)}, says process ${witness}`,
    );
    return;
  }
  const there = log.processes.get(offset);
  if (there < 0) {
    log.processes.set(offset, process);
    log.indexes.set(offset, index);
  } else if (there !== process || log.indexes.get(offset) !== index) {
    state.anomalies.add(
      'inconsistent-offset',
      () =>
        `${partitionName(key)} offset ${offset}: ${state.nameAt(log, offset)}, but ${name} says process ${witness}`,
    );
  }
  const known = values.offsets.get(index);
  if (known < 0) values.offsets.set(index, offset);
  else if (known !== offset) {
    state.anomalies.add(
      'duplicate',
      () => `${name} at offsets ${known} and ${offset} of ${partitionName(key)}, says process ${witness}`,
    );
  }
}

function placePolledValues(state: HistoryState, history: ProcessHistory): number {
  const { info } = history;
  const isCommitted = info.isolation === 'committed';
  let polled = 0;
  for (const line of history.lines()) {
    if (line[0] !== 'r') continue;
    const words = line.split(' ');
    const timeUs = Number(words[1]);
    const key = partitionKey(Number(words[2]), Number(words[3]));
    const offset = Number(words[4]);
    const process = Number(words[5]);
    const index = Number(words[6]);
    const count = Number(words[7]);
    const values = state.producers.get(process);
    polled += count;
    for (let at = 0; at < count; at += 1) {
      place(state, key, offset + at, process, index + at, info.number);
      if (values === undefined || index + at >= values.count) continue;
      values.mark(index + at, isCommitted ? SEEN_COMMITTED : SEEN_UNCOMMITTED);
      if (isCommitted) checkTransactionOf(state, values, index + at, timeUs, info.number);
    }
    const log = state.log(key);
    log.highestPolled = Math.max(log.highestPolled, offset + count - 1);
  }
  return polled;
}

function checkTransactionOf(
  state: HistoryState,
  values: ProducedValues,
  index: number,
  timeUs: number,
  witness: number,
): void {
  const transaction = values.transactionOf(index);
  if (transaction === undefined) return;
  const about = () =>
    `${values.name(index)} of transaction ${transaction.number} of process ${values.process}, seen by process ${witness}`;
  if (transaction.outcome === 'aborted' || transaction.outcome === 'open')
    state.anomalies.add('aborted-read', () => `${about()} (${transaction.outcome})`);
  else if (timeUs < transaction.commitAskedUs)
    state.anomalies.add(
      'precommitted-read',
      () => `${about()} ${transaction.commitAskedUs - timeUs} us before it was asked to commit`,
    );
}

/** Phase 4: each value of each producer by itself. */
function checkValues(state: HistoryState): Summary {
  const summary: Summary = {
    ...{ sent: 0, acknowledged: 0, aborted: 0, indeterminate: 0, polled: 0 },
    ...{ transactionsCommitted: 0, transactionsAborted: 0, transactionsIndeterminate: 0 },
  };
  for (const values of state.producers.values()) {
    const lastOffsets = new Map<number, number>();
    for (let index = 0; index < values.count; index += 1) {
      const key = values.partitions.get(index);
      if (key < 0) continue;
      summary.sent += 1;
      const outcome = values.outcomeOf(index);
      const isAcknowledged = values.has(index, ACKNOWLEDGED);
      if (isAcknowledged) summary.acknowledged += 1;
      if (outcome === 'aborted') summary.aborted += 1;
      else if (outcome === 'indeterminate' || !(isAcknowledged || values.has(index, FAILED)))
        summary.indeterminate += 1;
      const offset = values.offsets.get(index);
      if (offset >= 0) {
        checkOrderOfSends(state, values, index, offset, lastOffsets);
        lastOffsets.set(key, Math.max(offset, lastOffsets.get(key) ?? -1));
      }
      checkFate(state, values, index);
    }
    for (const transaction of values.transactions) {
      if (transaction.outcome === 'committed') summary.transactionsCommitted += 1;
      else if (transaction.outcome === 'indeterminate') summary.transactionsIndeterminate += 1;
      else summary.transactionsAborted += 1;
      checkWholeness(state, values, transaction.firstIndex, transaction.endIndex, transaction.number);
    }
  }
  return summary;
}

function checkOrderOfSends(
  state: HistoryState,
  values: ProducedValues,
  index: number,
  offset: number,
  lastOffsets: ReadonlyMap<number, number>,
): void {
  const key = values.partitions.get(index);
  const before = lastOffsets.get(key);
  if (before !== undefined && before > offset)
    state.anomalies.add(
      'nonmonotonic-send',
      () =>
        `${values.name(index)} at offset ${offset} of ${partitionName(key)}, an earlier one at offset ${before}`,
    );
}

function checkFate(state: HistoryState, values: ProducedValues, index: number): void {
  const isSeen = values.has(index, SEEN_COMMITTED | SEEN_UNCOMMITTED);
  if (values.has(index, FAILED) && isSeen) state.anomalies.add('failed-write-seen', () => values.name(index));
  const mustBeSeen =
    values.outcomeOf(index) === 'committed' && values.has(index, ACKNOWLEDGED) && !isCommittedSeen();
  if (!mustBeSeen) return;
  const key = values.partitions.get(index);
  const offset = values.offsets.get(index);
  const isBelow = offset <= state.log(key).highestPolled;
  state.anomalies.add(
    isBelow ? 'lost-write' : 'unseen-write',
    () => `${values.name(index)}, acknowledged at offset ${offset} of ${partitionName(key)}`,
  );

  function isCommittedSeen(): boolean {
    return values.transactionOf(index) === undefined ? isSeen : values.has(index, SEEN_COMMITTED);
  }
}

/** All acknowledged values of a transaction are visible, or none; once it is decided nobody can tell the time between. */
function checkWholeness(
  state: HistoryState,
  values: ProducedValues,
  firstIndex: number,
  endIndex: number,
  number: number,
): void {
  let seen = -1;
  let unseen = -1;
  for (let index = firstIndex; index < endIndex; index += 1) {
    if (values.has(index, SEEN_COMMITTED)) seen = index;
    else if (values.has(index, ACKNOWLEDGED)) unseen = index;
  }
  if (seen < 0 || unseen < 0) return;
  state.anomalies.add(
    'torn-transaction',
    () =>
      `transaction ${number} of process ${values.process}: ${values.name(seen)} is visible and ${values.name(unseen)} is not`,
  );
}
