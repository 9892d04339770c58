// Whether there is a cluster at all. Who sends records goes on trying for minutes, which is right when brokers come back, and no use when the address is wrong.

import type { CommandContext } from '../command-line/command.ts';

/** Quick commands do without. */
const FIRST_LOOK_MS = 1_000;

const UNREACHED: ReadonlySet<string> = new Set(['NO_BROKER_REACHABLE', 'TIMED_OUT', 'AUTHENTICATION_FAILED']);

export interface Reach {
  /** Aborted with the reason when no broker could be reached within the time that brokers have for an answer. */
  readonly lost: AbortSignal;
  end(): void;
}

export function watchReach(context: Pick<CommandContext, 'admin' | 'timers' | 'signal'>): Reach {
  const lost = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const timer = context.timers.after(FIRST_LOOK_MS, () => {
    context.admin.cluster.describe({ signal }).catch((error) => {
      if (!signal.aborted && UNREACHED.has(error.code)) lost.abort(error);
    });
  });
  return {
    lost: lost.signal,
    end() {
      timer.cancel();
      ended.abort();
    },
  };
}
