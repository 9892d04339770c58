// How an answer says it went, whatever its API: its own error, else what each of the first hundred entries of its lists, and of theirs, says.

/** So many entries of an answer are looked through. */
const MAX_LOOKED_AT = 100;

/** Calls back with Kafka's number of each; 0 for an entry that went well. */
export function eachOutcome(answer: unknown, tell: (errorCode: number) => void): void {
  if (typeof answer !== 'object' || answer === null) return;
  const { errorCode } = answer as { errorCode?: unknown };
  if (typeof errorCode === 'number' && errorCode !== 0) tell(errorCode);
  else eachEntryOutcome(answer, tell, { left: MAX_LOOKED_AT }, 0);
}

function eachEntryOutcome(
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
        tell(errorCode);
      } else if (depth === 0) eachEntryOutcome(entry, tell, budget, depth + 1);
    }
  }
}
