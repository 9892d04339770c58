// How measurements are told: a line each second while they are made, and all of it in the end.

import type { CommandContext } from '../command-line/command.ts';
import { formatFields } from '../output/table.ts';
import { sizeText } from '../output/units.ts';
import type { LatencySummary, Quantiles, Rates, Throughput } from './measures.ts';

const EVERY_MS = 1000;

export interface Measured {
  readonly topic: string;
  readonly rates: Rates;
  /** Undefined: nothing was timed. */
  readonly latencyMs: LatencySummary | undefined;
}

/** Tells of the last second, until it is stopped. */
export function eachSecond(
  { timers, clock, tell }: Pick<CommandContext, 'timers' | 'clock' | 'tell'>,
  throughput: Throughput,
  latency?: Quantiles,
): () => void {
  const next = () => timers.after(EVERY_MS, report);
  const report = (): void => {
    const rates = throughput.interval(clock.monotonicMs());
    const wasTimed = latency !== undefined && rates.records > 0;
    tell(`${ratesText(rates)}${wasTimed ? `, 99 % within ${latency.at(0.99).toPrecision(3)} ms` : ''}`);
    timer = next();
  };
  let timer = next();
  return () => timer.cancel();
}

export function ratesText({ records, recordsPerSecond, bytesPerSecond }: Rates): string {
  return `${records} records, ${recordsPerSecond} records/s, ${sizeText(bytesPerSecond)}/s`;
}

export async function tellResult(
  { output }: Pick<CommandContext, 'output'>,
  { topic, rates, latencyMs }: Measured,
): Promise<void> {
  await output.thing({ topic, ...rates, latencyMs: latencyMs ?? null }, () =>
    formatFields([
      ['Topic', topic],
      ['Records', rates.records],
      ['Bytes', rates.bytes],
      ['Seconds', rates.seconds],
      ['Records/s', rates.recordsPerSecond],
      ['Bytes/s', `${rates.bytesPerSecond} (${sizeText(rates.bytesPerSecond)}/s)`],
      ...(latencyMs === undefined ? [] : ([['Latency', latencyText(latencyMs)]] as const)),
    ]),
  );
}

export function latencyText({ mean, p50, p95, p99, p999, max }: LatencySummary): string {
  return `mean ${mean} ms, 50 % ${p50} ms, 95 % ${p95} ms, 99 % ${p99} ms, 99.9 % ${p999} ms, most ${max} ms`;
}
