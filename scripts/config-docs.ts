// Writes docs/configuration.md from the tables of configuration keys: `npx node --conditions=source scripts/config-docs.ts`.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allowed, type ConfigDefinition } from '../packages/broker/src/config/definition.ts';
import { brokerConfigSections } from '../packages/broker/src/config/definitions/broker.ts';
import { groupConfigDefinitions } from '../packages/broker/src/config/definitions/group.ts';
import {
  topicConfigDefinitions,
  topicConfigSynonyms,
} from '../packages/broker/src/config/definitions/topic.ts';

const target = new URL('../docs/configuration.md', import.meta.url);

const INTRODUCTION = `# Configuration

<!-- Written by scripts/config-docs.ts from packages/broker/src/config/definitions; change those and run it again. -->

Moldau's keys are Kafka's, with Kafka's names, types and meaning. They are read from

1. flags: \`--listen HOST:PORT\` is \`listeners\`, \`--data DIR\` is \`log.dirs\`;
2. \`--set key=value\`, as often as you like;
3. the environment: \`KAFKA_LOG_DIRS\` is \`log.dirs\` (two underscores stand for one, three for a dash), and so is
   \`KAFKA_CFG_LOG_DIRS\`. \`KAFKA_CREATE_TOPICS="orders:3:1,state:1:1:compact"\` creates topics at the start
   (name, partitions, replicas, and if you like the cleanup policy), separated by commas, line ends, or
   \`KAFKA_CREATE_TOPICS_SEPARATOR\`;
4. the file that \`--config server.properties\` names, in the format Kafka's file has;
5. the defaults below;

where the earlier wins. Of keys that say the same in different units, the one said at the earlier place wins, and at one place
the finer unit. A key that has no effect, or that nobody knows, is told at the start and does not stop it; a wrong value does.

"Changed by" says how a key is changed while the broker runs: with \`kafka-configs --alter\` (or any client's admin calls) for
*one broker* or also for *all* of them, or only by a *restart*. What is changed that way wins over files and command lines.

`;

export function renderConfigurationPage(): string {
  const parts = [INTRODUCTION];
  for (const { title, definitions } of brokerConfigSections) {
    const all = Object.entries<ConfigDefinition>(definitions);
    parts.push(`## ${title}\n\n`);
    const live = all.filter(([, definition]) => definition.inert === undefined);
    if (live.length > 0) parts.push(brokerTable(live));
    parts.push(...inertLists(all));
  }
  parts.push(
    '## Topics\n\n',
    'Set when a topic is created, or with `kafka-configs --alter --entity-type topics`. What a topic does not say it takes from the broker.\n\n',
  );
  const ofTopics = Object.entries<ConfigDefinition>(topicConfigDefinitions);
  parts.push(
    topicTable(ofTopics.filter(([, definition]) => definition.inert === undefined)),
    ...inertLists(ofTopics),
  );
  parts.push('## Single groups\n\n', ...inertLists(Object.entries<ConfigDefinition>(groupConfigDefinitions)));
  return `${parts.join('').trimEnd()}\n`;
}

type Entries = [name: string, definition: ConfigDefinition][];

const CHANGED_BY = { 'read-only': 'restart', 'per-broker': 'one broker', 'cluster-wide': 'all' } as const;

function brokerTable(entries: Entries): string {
  const rows = entries.map(([name, definition]) => {
    const kafka = definition.kafkaDefault === undefined ? '' : ` (Kafka: ${code(definition.kafkaDefault)})`;
    const cells = [
      code(name),
      `${defaultCell(definition)}${kafka}`,
      allowed(definition),
      CHANGED_BY[definition.update],
      definition.doc,
    ];
    return row(cells);
  });
  return `${row(['key', 'default', 'allowed', 'changed by', 'meaning'])}${row(['---', '---', '---', '---', '---'])}${rows.join('')}\n`;
}

function topicTable(entries: Entries): string {
  const rows = entries.map(([name, definition]) => {
    const keys = (topicConfigSynonyms[name] ?? []).map(({ key }) => code(key)).join(', ');
    return row([code(name), keys, defaultCell(definition), allowed(definition), definition.doc]);
  });
  return `${row(['key', "the broker's key", 'default', 'allowed', 'meaning'])}${row(['---', '---', '---', '---', '---'])}${rows.join('')}\n`;
}

/** Keys without effect, one paragraph a reason. */
function inertLists(entries: Entries): string[] {
  const namesByReason = new Map<string, string[]>();
  for (const [name, { inert }] of entries) {
    if (inert !== undefined) namesByReason.set(inert, [...(namesByReason.get(inert) ?? []), code(name)]);
  }
  return [...namesByReason].map(
    ([reason, names]) => `Accepted, has no effect (${reason}): ${names.join(', ')}.\n\n`,
  );
}

function defaultCell({ defaultText }: ConfigDefinition): string {
  if (defaultText === null) return 'unset';
  if (defaultText === '') return 'empty';
  return defaultText === '9223372036854775807' ? 'no limit' : code(defaultText);
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: 'boolean' } } });
  const page = renderConfigurationPage();
  if (values.check === true) {
    if (readFileSync(target, 'utf8') !== page) {
      console.error(
        'docs/configuration.md is out of date: run `npx node --conditions=source scripts/config-docs.ts`',
      );
      process.exitCode = 1;
    }
  } else {
    writeFileSync(target, page);
  }
}
