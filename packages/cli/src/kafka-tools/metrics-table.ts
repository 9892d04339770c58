// The metrics of clients, as Kafka's perf tools print them at the end.

import type { MetricsSnapshot } from '@moldau/client';
import { hashOrder } from './java-text.ts';
import type { ToolContext } from './kafka-tool.ts';

export function printMetrics({ out }: ToolContext, snapshots: readonly MetricsSnapshot[]): void {
  const rows = snapshots
    .flatMap(({ clientId, metrics }) =>
      metrics.map(({ group, name, tags, value }) => {
        const named = Object.entries({ 'client-id': clientId, ...tags });
        const shown = hashOrder(named, ([tag]) => tag).map((pair) => pair.join('='));
        return [`${group}:${name}:{${shown.join(', ')}}`, value] as const;
      }),
    )
    .sort(([one], [other]) => (one < other ? -1 : 1));
  if (rows.length === 0) return;
  const width = Math.max(...rows.map(([name]) => name.length));
  out(`\n${'Metric Name'.padEnd(width)}   Value`);
  for (const [name, value] of rows)
    out(`${name.padEnd(width)} : ${typeof value === 'number' ? value.toFixed(3) : value}`);
}
