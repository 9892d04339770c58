// Small helpers with the texts of configuration: lists, and names that were nearly right.

/** Splits at commas with blanks around them, as Kafka's LIST does; an empty text is an empty list. */
export function splitList(text: string): string[] {
  const trimmed = text.trim();
  return trimmed === '' ? [] : trimmed.split(/\s*,\s*/);
}

/** ' (did you mean num.partitions?)' when one of the names is close to what was written, else ''. */
export function didYouMean(written: string, names: Iterable<string>): string {
  const nearest = nearestName(written, names);
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`;
}

/** The name with the fewest letters to change, when these are few for its length. */
export function nearestName(written: string, names: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(written.length / 5));
  let nearest: string | undefined;
  let fewest = limit + 1;
  for (const name of names) {
    if (Math.abs(name.length - written.length) >= fewest) continue;
    const edits = editDistance(written, name, fewest);
    if (edits >= fewest) continue;
    nearest = name;
    fewest = edits;
  }
  return nearest;
}

/** Letters to insert, remove or replace; stops counting at `limit`. */
function editDistance(from: string, to: string, limit: number): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    let rowMinimum = row;
    for (let column = 1; column <= to.length; column++) {
      const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      const edits = Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1);
      current.push(edits);
      rowMinimum = Math.min(rowMinimum, edits);
    }
    if (rowMinimum >= limit) return limit;
    previous = current;
  }
  return previous[to.length]!;
}
