// The table of metrics, as the documentation has it.

import { GROUP_PREFIXES, METRICS, type MetricDefinition } from './metric-definitions.ts';

const ENDINGS = { counter: ['-total', '-rate'], measure: ['-avg', '-max'], gauge: [''] } as const;

/** One row for each metric: its groups, its names, and what it is. */
export function metricRows(): string[] {
  return Object.values<MetricDefinition>(METRICS).map(({ kind, group, name, unit, description, clients }) => {
    const groups = clients.map((client) => `\`${GROUP_PREFIXES[client]}-${group}\``);
    const where =
      clients.length === Object.keys(GROUP_PREFIXES).length ? `\`…-${group}\`` : groups.join(', ');
    const names = ENDINGS[kind].map((ending) => `\`${name}${ending}\``).join(', ');
    return `| ${where} | ${names} | ${unit} | ${description} |`;
  });
}
