// Writes docs/client/options.md from the options' own declarations and the tables of properties:
// `npx node --conditions=source scripts/client-options-docs.ts`.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consumerProperties } from '../packages/client/src/consumer/options/consumer-properties.ts';
import { clientProperties } from '../packages/client/src/options/client-properties.ts';
import type { PropertyDefinition } from '../packages/client/src/options/properties.ts';
import { producerProperties } from '../packages/client/src/producer/producer-properties.ts';
import { shareProperties } from '../packages/client/src/share/share-options.ts';

const SOURCES = join(import.meta.dirname, '../packages/client/src');
const TARGET = join(import.meta.dirname, '../docs/client/options.md');

interface Section {
  readonly title: string;
  /** Where its options are declared. */
  readonly file: string;
  readonly interfaces: readonly string[];
  readonly properties?: readonly PropertyDefinition[];
}

const SECTIONS: readonly Section[] = [
  {
    title: 'Every client: `new Kafka({ ... })`',
    file: 'options/client-options.ts',
    interfaces: ['ClientOptions', 'TlsOptions'],
    properties: clientProperties.definitions,
  },
  {
    title: 'Producers: `kafka.producer({ ... })`',
    file: 'producer/producer-options.ts',
    interfaces: ['ProducerOptions'],
    properties: producerProperties.definitions,
  },
  {
    title: 'Consumers: `kafka.consumer({ ... })`',
    file: 'consumer/options/consumer-options.ts',
    interfaces: ['ConsumerOptions'],
    properties: consumerProperties.definitions,
  },
  {
    title: 'Processing: `consumer.run({ ... })`',
    file: 'consumer/processing/run-options.ts',
    interfaces: ['AssignmentListener', 'RunOptions'],
  },
  {
    title: 'Retries: `run({ retry: { ... } })`',
    file: 'consumer/processing/failures.ts',
    interfaces: ['RetryOptions'],
  },
  {
    title: 'Batches: `consumer.batches({ ... })`',
    file: 'consumer/iteration/batch-iteration.ts',
    interfaces: ['BatchOptions'],
  },
  {
    title: 'Exactly once: `kafka.exactlyOnce({ ... })`',
    file: 'exactly-once/exactly-once-options.ts',
    interfaces: ['ExactlyOnceOptions'],
  },
  {
    title: 'Share consumers: `kafka.shareConsumer({ ... })`',
    file: 'share/share-options.ts',
    interfaces: ['ShareConsumerOptions'],
    properties: shareProperties.definitions,
  },
];

const INTRODUCTION = `# Options

<!-- Written by scripts/client-options-docs.ts from the declarations in packages/client/src; change those and run it again. -->

Options have their units in their names. An option that is not known is refused, with the one that was probably meant.

Those who have settings of Kafka's Java client or of librdkafka give them as \`properties\`, under the names they have there: those of all clients to
\`new Kafka({ properties })\`, the others to the client that they are for. A name that belongs elsewhere is refused with the place where it belongs. Values may be
texts, as a file has them. Where both are given, our option wins.

`;

interface Option {
  readonly names: string[];
  readonly text: string;
}

export function renderOptionsPage(): string {
  const parts = SECTIONS.map(({ title, file, interfaces, properties = [] }) => {
    const source = readFileSync(join(SOURCES, file), 'utf8');
    const tables = interfaces.map((name) => {
      const heading = name === 'TlsOptions' ? 'Of `tls`, when it is an object:\n\n' : '';
      return heading + optionTable(optionsOf(source, name), name === 'TlsOptions' ? 'tls.' : '', properties);
    });
    return `## ${title}\n\n${tables.join('\n')}${otherProperties(properties)}`;
  });
  return `${INTRODUCTION}${parts.join('\n')}`;
}

/** The members of an interface, with their comments. Those without one belong to the one before. */
function optionsOf(source: string, name: string): Option[] {
  const start = source.search(new RegExp(`^export interface ${name}\\b`, 'm'));
  const body = source.slice(start, source.indexOf('\n}\n', start));
  const options: Option[] = [];
  for (const [, comment, option] of body.matchAll(
    /(?:^ {2}\/\*\*([\s\S]*?)\*\/\n)?^ {2}(?:readonly )?(\w+)\??[:(]/gm,
  )) {
    const last = options.at(-1);
    if (comment === undefined && last !== undefined) last.names.push(option!);
    else options.push({ names: [option!], text: (comment ?? '').replace(/\s*\n\s*\*?\s*/g, ' ').trim() });
  }
  if (options.length === 0) throw new Error(`nothing is declared in ${name}`);
  return options;
}

function optionTable(
  options: readonly Option[],
  prefix: string,
  properties: readonly PropertyDefinition[],
): string {
  const hasProperties = properties.length > 0;
  const rows = options
    .filter(({ names }) => names[0] !== 'properties')
    .map(({ names, text }) => {
      const cells = [names.map((name) => code(prefix + name)).join(', '), text];
      if (!hasProperties) return row(cells);
      const known = properties.filter(
        ({ option }) =>
          option !== undefined && names.some((name) => prefix + name === option || isPart(option, name)),
      );
      return row([...cells, namesOf(known)]);
    });
  const heads = hasProperties ? ['option', 'meaning', 'properties'] : ['option', 'meaning'];
  return `${row(heads)}${row(heads.map(() => '---'))}${rows.join('')}`;
}

/** `sasl.username` is a part of `sasl`; what tls consists of has a table of its own, and `security.protocol` is about both. */
function isPart(option: string, name: string): boolean {
  if (option === 'securityProtocol') return name === 'tls' || name === 'sasl';
  return option.startsWith(`${name}.`) && name !== 'tls';
}

function namesOf(properties: readonly PropertyDefinition[]): string {
  return properties
    .map(({ name, origin, factor = 1 }) => {
      const notes = [
        ...(origin === 'both' ? [] : [origin === 'kafka' ? 'Kafka' : 'librdkafka']),
        ...(factor === 1 ? [] : [`in units of ${factor}`]),
      ];
      return notes.length === 0 ? code(name) : `${code(name)} (${notes.join(', ')})`;
    })
    .join(', ');
}

function otherProperties(properties: readonly PropertyDefinition[]): string {
  const list = (type: PropertyDefinition['type'], title: string): string => {
    const found = properties.filter((property) => property.type === type);
    if (found.length === 0) return '';
    const lines = found.map(({ name, why }) => `- ${code(name)}: ${why}\n`);
    return `\n${title}\n\n${lines.join('')}`;
  };
  return (
    list('ignored', 'Accepted as properties, without effect:') + list('refused', 'Refused as properties:')
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

if (import.meta.main) writeFileSync(TARGET, renderOptionsPage());
