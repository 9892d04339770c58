// Lists of what was persisted of a share partition: consecutive offsets with their delivery state and count, in order,
// none overlapping another. New facts are merged into the list that is there.
//
// Invariant: of two facts about an offset the one with more deliveries counts, and of two with as many the one whose state
// is further on; so a late fact never takes back a newer one.

/** Kafka's names in its records and requests. */
export interface StateBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** See DeliveryState. */
  readonly deliveryState: number;
  readonly deliveryCount: number;
}

/** @param startOffset what lies before it is left out; -1: nothing is. */
export function mergeStateBatches(
  known: readonly StateBatch[],
  added: readonly StateBatch[],
  startOffset: number,
): StateBatch[] {
  const result = startOffset === -1 ? [...known] : cutBefore(known, startOffset);
  for (const batch of startOffset === -1 ? added : cutBefore(added, startOffset)) insert(result, batch);
  return result;
}

function cutBefore(batches: readonly StateBatch[], startOffset: number): StateBatch[] {
  return batches.flatMap((batch) => {
    if (batch.lastOffset < startOffset) return [];
    return batch.firstOffset >= startOffset ? [batch] : [{ ...batch, firstOffset: startOffset }];
  });
}

/** Replaces those that it overlaps or touches by what they are together. */
function insert(batches: StateBatch[], added: StateBatch): void {
  const from = firstEndingAtOrAfter(batches, added.firstOffset - 1);
  let to = from;
  while (to < batches.length && batches[to]!.firstOffset <= added.lastOffset + 1) to++;
  batches.splice(from, to - from, ...combined(batches.slice(from, to), added));
}

function firstEndingAtOrAfter(batches: readonly StateBatch[], offset: number): number {
  let low = 0;
  let high = batches.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (batches[middle]!.lastOffset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function combined(known: readonly StateBatch[], added: StateBatch): StateBatch[] {
  const pieces: StateBatch[] = [];
  const put = (batch: StateBatch, firstOffset: number, lastOffset: number): void => {
    if (firstOffset > lastOffset) return;
    const last = pieces.at(-1);
    if (last !== undefined && last.lastOffset + 1 === firstOffset && compare(last, batch) === 0) {
      pieces[pieces.length - 1] = { ...last, lastOffset };
    } else {
      pieces.push({ ...batch, firstOffset, lastOffset });
    }
  };
  let position = added.firstOffset;
  for (const batch of known) {
    put(batch, batch.firstOffset, Math.min(batch.lastOffset, added.firstOffset - 1));
    put(added, position, Math.min(added.lastOffset, batch.firstOffset - 1));
    const first = Math.max(batch.firstOffset, added.firstOffset);
    const last = Math.min(batch.lastOffset, added.lastOffset);
    put(compare(added, batch) >= 0 ? added : batch, first, last);
    position = Math.max(position, batch.lastOffset + 1);
    if (batch.lastOffset > added.lastOffset) {
      put(added, position, added.lastOffset);
      put(batch, Math.max(batch.firstOffset, added.lastOffset + 1), batch.lastOffset);
    }
  }
  put(added, position, added.lastOffset);
  return pieces;
}

function compare(a: StateBatch, b: StateBatch): number {
  return a.deliveryCount - b.deliveryCount || a.deliveryState - b.deliveryState;
}
