// Runs one of Kafka's tools in the process of its test, with streams that are kept.

import { PassThrough } from 'node:stream';
import { runTool } from './kafka-tool.ts';
import { loadTool } from './tools.ts';

export interface RanTool {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

export async function runInProcess(
  name: string,
  words: readonly string[],
  input = '',
  signal: AbortSignal = new AbortController().signal,
): Promise<RanTool> {
  const written = { out: '', err: '' };
  const keep = (stream: keyof typeof written): PassThrough => {
    const kept = new PassThrough();
    kept.setEncoding('utf8').on('data', (text: string) => {
      written[stream] += text;
    });
    return kept;
  };
  const stdin = new PassThrough();
  stdin.end(input);
  const streams = { stdin, stdout: keep('out'), stderr: keep('err'), environment: {}, signal };
  const code = await runTool(await loadTool(name), words, streams);
  await new Promise((resolve) => setImmediate(resolve));
  return { ...written, code };
}
