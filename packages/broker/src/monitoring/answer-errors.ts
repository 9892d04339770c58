// The errors in an answer, whatever its API: its own, else those of the first hundred entries of its lists, and of theirs.

/** So many entries of an answer are looked through. */
const MAX_LOOKED_AT = 100;

/** Calls back for each that is one, with Kafka's number of it. */
export function eachError(answer: unknown, tell: (errorCode: number) => void): void {
  if (typeof answer !== 'object' || answer === null) return;
  const { errorCode } = answer as { errorCode?: unknown };
  if (typeof errorCode === 'number' && errorCode !== 0) tell(errorCode);
  else eachEntryError(answer, tell, { left: MAX_LOOKED_AT }, 0);
}

function eachEntryError(
  owner: object,
  tell: (errorCode: number) => void,
  budget: { left: number },
  depth: number,
): void {
  for (const list of Object.values(owner)) {
    if (!Array.isArray(list) || typeof list[0] !== 'object') continue;
    for (const entry of list as readonly (object | null)[]) {
      if (entry === null || budget.left === 0) break;
      budget.left -= 1;
      const { errorCode } = entry as { errorCode?: unknown };
      if (typeof errorCode === 'number') {
        if (errorCode !== 0) tell(errorCode);
      } else if (depth === 0) eachEntryError(entry, tell, budget, depth + 1);
    }
  }
}
