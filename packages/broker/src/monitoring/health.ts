// Whether the broker lives, has started, and can be sent work: what supervisors and load balancers ask.

import type { MonitoredLogDir } from './monitored.ts';

export type BrokerPhase = 'starting' | 'running' | 'stopping';

export interface HealthReport {
  readonly isHealthy: boolean;
  /** As it is answered; `reasons` says why not, one line each. */
  readonly body: { readonly status: string; readonly reasons: readonly string[] };
}

export interface HealthSource {
  readonly phase: BrokerPhase;
  readonly logDirs: () => readonly MonitoredLogDir[];
}

const PROBES: Readonly<Record<string, (source: HealthSource) => string[]>> = {
  // That it answers is all there is to it: a process that does not is to be started again, and nothing else is mended that way.
  live: () => [],
  started: ({ phase }) =>
    phase === 'starting' ? ['the broker is starting: it reads its metadata and opens its listeners'] : [],
  ready({ phase, logDirs }) {
    if (phase === 'starting') return ['the broker is starting'];
    if (phase === 'stopping') return ['the broker is stopping'];
    return logDirs()
      .map(troubleOf)
      .filter((reason) => reason !== undefined);
  },
};

/** Consumers could still read from a full one. Who alerts by this page, or sends producers elsewhere, is to know all the same. */
function troubleOf(dir: MonitoredLogDir): string | undefined {
  if (dir.offlineReason !== undefined || !dir.isFull()) return dir.offlineReason;
  return `no space left in log dir ${dir.path}: records are refused until there is room again`;
}

export const probeNames: readonly string[] = Object.keys(PROBES);

/** Undefined when there is no such probe. */
export function healthOf(probe: string, source: HealthSource): HealthReport | undefined {
  if (!Object.hasOwn(PROBES, probe)) return undefined;
  const reasons = PROBES[probe]!(source);
  const isHealthy = reasons.length === 0;
  return { isHealthy, body: { status: isHealthy ? 'ok' : `not ${probe}`, reasons } };
}
