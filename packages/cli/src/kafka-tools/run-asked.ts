// Runs one of Kafka's tools in this process: its streams, Ctrl-C, and the exit code.

import { runTool } from './kafka-tool.ts';
import { type AskedTool, loadTool } from './tools.ts';

export async function runAsked({ name, words }: AskedTool): Promise<void> {
  const { stdin, stdout, stderr, env: environment } = process;
  const abort = new AbortController();
  const interrupt = (): void => {
    // Whoever asks twice does not want to wait for a clean end.
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // `kafka-topics --list | head` ends when head has seen enough, without a word.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  const tool = await loadTool(name);
  process.exitCode = await runTool(tool, words, { stdin, stdout, stderr, environment, signal: abort.signal });
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  // Whoever waits for standard input holds the process up.
  stdin.unref?.();
}
