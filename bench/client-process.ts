// A client's process, and what the kernel says of it while it runs: processor time and the most memory that it had.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const SAMPLE_MS = 20;
const CLOCK_TICKS_PER_SECOND = 100;
const KEPT_CHARACTERS = 100_000;

export interface ProcessRun {
  readonly output: string;
  readonly wallSeconds: number;
  /** User and system together, but for what the last moments took. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Rejects when the process fails, or does not end in time. */
export async function runClient(command: readonly string[], timeoutMs: number): Promise<ProcessRun> {
  const [file, ...words] = command;
  const startedMs = performance.now();
  const child = spawn(file!, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-KEPT_CHARACTERS);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-KEPT_CHARACTERS);
  });
  const usage = { cpuSeconds: 0, peakBytes: 0 };
  const sampling = setInterval(() => Object.assign(usage, usageOf(child.pid!)), SAMPLE_MS);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) =>
    child.once('close', (...end) => done(end)),
  );
  clearInterval(sampling);
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${file} ended with ${code ?? signal}: ${errors.slice(-2000)}`);
  return { output, wallSeconds: (performance.now() - startedMs) / 1000, ...usage };
}

/** Nothing when it has just ended: what was seen last holds. */
function usageOf(pid: number): { cpuSeconds: number; peakBytes: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = /VmHWM:\s+(\d+)/.exec(status);
    if (peak === null) return undefined;
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND,
      peakBytes: Number(peak[1]) * 1024,
    };
  } catch {
    return undefined;
  }
}
