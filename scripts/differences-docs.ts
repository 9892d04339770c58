// Writes docs/differences.md from test/differential/deliberate.ts: `npx node --conditions=source scripts/differences-docs.ts`.

import { writeFileSync } from 'node:fs';
import { type Deliberate, deliberate } from '../test/differential/deliberate.ts';
import { scenarios } from '../test/differential/scenarios/mod.ts';

const target = new URL('../docs/differences.md', import.meta.url);
const HIGHEST_VERSION = 20;
/** An entry of more APIs than this is about all of them. */
const MAX_NAMED_APIS = 4;
const EVERY_API = 'Every API';

const INTRODUCTION = `# Where Moldau answers otherwise than Apache Kafka

<!-- Written by scripts/differences-docs.ts from test/differential/deliberate.ts; change that and run it again. -->

\`npx node --conditions=source test/differential/run.ts\` sends the same requests, good and bad, to Apache Kafka 4.3 and to Moldau, in every version of
every API that both serve, and compares the answers field by field (ids, times and addresses aside). What differs is either mended or
stands here with its reason; nothing else may differ.

`;

export function renderDifferencesPage(): string {
  const byTitle = new Map<string, Set<string>>();
  for (const entry of deliberate) {
    const title = titleOf(entry);
    byTitle.set(title, (byTitle.get(title) ?? new Set()).add(sentence(entry.reason)));
  }
  const inOrder = [...byTitle].sort(([a], [b]) => Number(b === EVERY_API) - Number(a === EVERY_API));
  const sections = inOrder.map(
    ([title, reasons]) => `## ${title}\n\n${[...reasons].map((reason) => `- ${reason}\n`).join('')}`,
  );
  return `${INTRODUCTION}${sections.join('\n')}`;
}

/** The APIs whose scenarios the entry excuses. */
function titleOf({ scenario }: Deliberate): string {
  const versions = Array.from({ length: HIGHEST_VERSION + 1 }, (_, version) => version);
  const excused = scenarios.filter(({ name }) =>
    versions.some((version) => scenario.test(`${name} v${version}`)),
  );
  const apis = [...new Set(excused.map(({ name }) => name.slice(0, name.indexOf(':'))))];
  return apis.length > MAX_NAMED_APIS ? EVERY_API : apis.join(', ');
}

function sentence(reason: string): string {
  return `${reason[0]!.toUpperCase()}${reason.slice(1)}.`;
}

if (import.meta.main) writeFileSync(target, renderDifferencesPage());
