// How long the parts of a call may take.

import type { CallOptions, Cluster } from '../cluster/cluster.ts';

/** For the broker to wait until its change is known; a little less than this client waits for the broker. */
export function brokerTimeoutMs(cluster: Cluster, { timeoutMs }: CallOptions): number {
  const { requestTimeoutMs } = cluster.settings;
  return Math.floor(Math.min(timeoutMs ?? requestTimeoutMs, requestTimeoutMs) * 0.9);
}

/** For a call that asks several times in turn: gives what is left of its time for the next question. */
export function inSteps(cluster: Cluster, { timeoutMs, signal }: CallOptions): () => CallOptions {
  const { clock } = cluster.ports;
  const deadlineMs = clock.monotonicMs() + (timeoutMs ?? cluster.settings.apiTimeoutMs);
  return () => ({ timeoutMs: Math.max(1, deadlineMs - clock.monotonicMs()), signal });
}
