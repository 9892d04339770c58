// How long an interrupted command tries to end what it has begun: to have acknowledged what it read, to commit, to leave its group. Who does not want to wait
// for it interrupts again.

export const LAST_WORK_MS = 3_000;
/** Then it is over, whatever holds it: somebody who does not read what it writes, for example. */
export const GIVE_UP_AFTER_MS = LAST_WORK_MS + 1_000;
