// The signals by which a process is told to end: Ctrl-C, SIGTERM, and SIGHUP when its terminal goes away.
//
// Invariant: what was started with nohup outlives its terminal. Node takes SIGHUP as if nobody had asked to ignore it, for its own handlers and without any,
// and leaves no trace of it in /proc/self/status: so it is told by what is left of whoever started the process.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type EndingSignal, SIGNAL_EXIT_CODES } from './exit-codes.ts';

const SIGNALS = Object.keys(SIGNAL_EXIT_CODES) as EndingSignal[];

/** Until the function that it returns is called. */
export function onEndingSignals(listener: (signal: EndingSignal) => void): () => void {
  const ignored = isHangUpIgnored() ? 'SIGHUP' : undefined;
  // Without a listener of its own, Node would end at it. This one stays.
  if (ignored !== undefined) process.on(ignored, () => {});
  const heard = SIGNALS.filter((signal) => signal !== ignored);
  for (const signal of heard) process.on(signal, listener);
  return () => {
    for (const signal of heard) process.off(signal, listener);
  };
}

function isHangUpIgnored(): boolean {
  // Shells leave here what they have started, and nohup becomes what it starts.
  return basename(process.env._ ?? '') === 'nohup' || ignoresHangUp(process.ppid);
}

/** What a process ignores, so do those that it starts: the shell of a script that was started with nohup, or that says `trap '' HUP`. */
function ignoresHangUp(processId: number): boolean {
  try {
    // Signals as bits, the first one of SIGHUP.
    const ignored = /^SigIgn:\s*[0-9a-f]*([0-9a-f])$/m.exec(
      readFileSync(`/proc/${processId}/status`, 'utf8'),
    )?.[1];
    return (Number.parseInt(ignored ?? '0', 16) & 1) === 1;
  } catch {
    // No Linux, or a stranger's process.
    return false;
  }
}
