// Runs one of Kafka's tools in this process: its streams, Ctrl-C, and the exit code.

import { nodeTimers } from '@moldau/io';
import { onEndingSignals } from '../command-line/ending-signals.ts';
import { type EndingSignal, SIGNAL_EXIT_CODES } from '../command-line/exit-codes.ts';
import { GIVE_UP_AFTER_MS } from '../command-line/last-work.ts';
import { watchReader } from '../output/reader-watch.ts';
import { runTool } from './kafka-tool.ts';
import { type AskedTool, loadTool } from './tools.ts';

/** Nobody reads what the tool writes, so nothing else holds it. */
const LEAVE_WITHIN_MS = 500;

export async function runAsked({ name, words }: AskedTool): Promise<void> {
  const { stdin, stdout, stderr, env: environment } = process;
  const abort = new AbortController();
  let stoppedWith: number | undefined;
  const stop = (code: number): void => {
    // Whoever asks twice does not want to wait for a clean end.
    if (stoppedWith !== undefined) process.exit(stoppedWith);
    stoppedWith = code;
    abort.abort();
    nodeTimers.after(GIVE_UP_AFTER_MS, () => process.exit(code));
  };
  const interrupt = (signal: EndingSignal): void => stop(SIGNAL_EXIT_CODES[signal]);
  const stopListening = onEndingSignals(interrupt);
  // `kafka-topics --list | head` ends when head has seen enough, without a word.
  watchReader(stdout, nodeTimers, () => {
    nodeTimers.after(LEAVE_WITHIN_MS, () => process.exit(0));
    stop(0);
  });
  stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const tool = await loadTool(name);
  const code = await runTool(tool, words, { stdin, stdout, stderr, environment, signal: abort.signal });
  // What a tool was doing may go on for long yet.
  if (stoppedWith !== undefined) process.exit(stoppedWith);
  process.exitCode = code;
  stopListening();
  // Whoever waits for standard input holds the process up.
  stdin.unref?.();
}
