// `moldau top`: looks at the cluster again and again, and shows what changed from look to look.

import { KafkaError } from '@moldau/client/admin';
import type { CommandArguments, CommandContext, CommandOptions } from '../command-line/command.ts';
import { figuresOf } from '../top/figures.ts';
import { LiveView } from '../top/live-view.ts';
import type { Pane } from '../top/panes.ts';
import { takeSample } from '../top/sample.ts';
import { summary } from '../top/view.ts';

const INTERVAL_MS = 2000;
/** After so long without an answer nobody shall take the figures on the screen for those of now. */
const LATE_MS = 3000;
const LATE = `no answer for ${LATE_MS / 1000} s: these figures are old`;
/** What a broker that is restarted leads to. */
const PASSING: ReadonlySet<string> = new Set([
  ...['NO_BROKER_REACHABLE', 'TIMED_OUT', 'CONNECTION_FAILED', 'CONNECTION_LOST'],
]);

export async function run(
  context: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { terminal, output, signal, timers, admin, clock, tell, environment } = context;
  const {
    interval = INTERVAL_MS,
    count = Number.POSITIVE_INFINITY,
    view = 'topics',
  } = options as {
    interval?: number;
    count?: number;
    view?: Pane;
  };
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const sampler = { admin, clock, signal: until };
  let before = await takeSample(sampler);
  const isLive = output.isForPeople && terminal.isInteractive && environment.TERM !== 'dumb';
  using live = isLive ? new LiveView(terminal, view, () => ended.abort()) : undefined;
  // Something to look at while the first rates are measured.
  live?.show(figuresOf(before, before));
  try {
    for (let look = 0; look < count; look++) {
      await pause(interval, timers, until);
      const late = timers.after(LATE_MS, () => live?.showTrouble(LATE));
      const now = await takeSample(sampler)
        .catch(troubleOf)
        .finally(() => late.cancel());
      if (typeof now === 'string') {
        if (live === undefined) tell(`moldau: ${now}`);
        else live.showTrouble(now);
        continue;
      }
      const figures = figuresOf(before, now);
      before = now;
      if (live !== undefined) live.show(figures);
      else
        await output.thing(
          { time: new Date(clock.wallMs()).toISOString(), ...figures },
          () => `${summary(figures)}\n`,
        );
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
}

/** Why there was no answer, which may be over at the next look. @throws all else */
function troubleOf(error: unknown): string {
  if (!(error instanceof KafkaError) || error.fatal || !PASSING.has(error.code)) throw error;
  // A list has an address in each line, and there is room for one.
  const [whole, first] = error.message.split('\n- ');
  return `no answer: ${first ?? whole}`;
}

function pause(ms: number, timers: CommandContext['timers'], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = (): void => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = timers.after(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    signal.addEventListener('abort', stop, { once: true });
  });
}
