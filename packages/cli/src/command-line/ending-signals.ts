// The signals by which a process is told to end: Ctrl-C, SIGTERM, and SIGHUP when its terminal goes away.
//
// Invariant: what was started with nohup outlives its terminal.

import { isNodeHangUpIgnored } from '@moldau/io';
import { type EndingSignal, SIGNAL_EXIT_CODES } from './exit-codes.ts';

const SIGNALS = Object.keys(SIGNAL_EXIT_CODES) as EndingSignal[];

/** Until the function that it returns is called. */
export function onEndingSignals(listener: (signal: EndingSignal) => void): () => void {
  const ignored = isNodeHangUpIgnored() ? 'SIGHUP' : undefined;
  // Node ends at what nobody listens to, so this one stays.
  if (ignored !== undefined) process.on(ignored, () => {});
  const heard = SIGNALS.filter((signal) => signal !== ignored);
  for (const signal of heard) process.on(signal, listener);
  return () => {
    for (const signal of heard) process.off(signal, listener);
  };
}
