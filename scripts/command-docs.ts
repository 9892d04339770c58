// Writes docs/commands.md from what the verbs of the moldau command say of themselves: `npx node --conditions=source scripts/command-docs.ts`.

import { writeFileSync } from 'node:fs';
import type { OptionSpec, VerbSpec } from '../packages/cli/src/command-line/command.ts';
import { CONNECTION_OPTIONS, optionsOf } from '../packages/cli/src/command-line/options.ts';
import { nouns } from '../packages/cli/src/commands/nouns.ts';
import { verbs } from '../packages/cli/src/commands/verbs.ts';

const target = new URL('../docs/commands.md', import.meta.url);

const INTRODUCTION = `# Commands

<!-- Written by scripts/command-docs.ts from packages/cli/src/commands; change that and run it again. -->

\`moldau NOUN VERB\`, or a verb alone. Each of them says with \`--help\` what stands here. What is asked for goes to standard output, and all else to standard
error.

| exit code | |
|---|---|
| 0 | done |
| 1 | what was asked for failed, or a check found something |
| 2 | the command line, a profile, the environment or a broker's configuration is wrong |
| 3 | the question before something is destroyed was not answered with yes |
| 129 | ended by SIGHUP: its terminal was closed |
| 130 | interrupted by Ctrl-C |
| 143 | ended by SIGTERM |

`;

const CONNECTING = `## Where the cluster is

Commands that talk to brokers take these options. They win over the environment, which wins over the profile: \`MOLDAU_BROKERS\`, \`MOLDAU_PROFILE\`,
\`MOLDAU_OUTPUT\`, \`MOLDAU_CONFIG\` (the file of profiles), and \`MOLDAU_X_SASL_PASSWORD\` for the property sasl.password, and so on.

`;

export async function renderCommandsPage(): Promise<string> {
  const parts = [INTRODUCTION, CONNECTING, optionTable(CONNECTION_OPTIONS)];
  for (const verb of verbs.filter(({ isHidden }) => isHidden !== true))
    parts.push(verbPart('##', verb, verb.name));
  for (const { name, summary, load } of nouns) {
    parts.push(`## ${name}\n\n${sentence(summary)}\n\n`);
    for (const verb of await load())
      if (verb.isHidden !== true) parts.push(verbPart('###', verb, `${name} ${verb.name}`));
  }
  return `${parts.join('').trimEnd()}\n`;
}

function verbPart(heading: string, verb: VerbSpec, name: string): string {
  const words = (verb.arguments ?? []).map(({ name, isMany, isOptional }) => {
    const shown = isMany === true ? `${name}...` : name;
    return isOptional === true ? `[${shown}]` : `<${shown}>`;
  });
  const usage = [`moldau ${name}`, ...words].join(' ');
  const common = new Set(CONNECTION_OPTIONS);
  const options = optionsOf(verb).filter((option) => !common.has(option) && option.isHidden !== true);
  const aliases = verb.aliases === undefined ? '' : ` Also: ${verb.aliases.map(code).join(', ')}.`;
  return [
    `${heading} ${name}\n\n${sentence(verb.summary)}${aliases}\n\n`,
    `\`\`\`text\n${usage}${options.length > 0 ? ' [options]' : ''}\n\`\`\`\n\n`,
    argumentTable(verb),
    optionTable(options),
    verb.details === undefined ? '' : `${verb.details}\n\n`,
    examples(verb.examples ?? []),
  ].join('');
}

function argumentTable({ arguments: specs = [] }: VerbSpec): string {
  if (specs.length === 0) return '';
  return table(
    'argument',
    specs.map(({ name, summary }) => [name, summary]),
  );
}

function optionTable(options: readonly OptionSpec[]): string {
  if (options.length === 0) return '';
  return table(
    'option',
    options.map(({ flags, summary }) => [flags, summary]),
  );
}

function table(title: string, rows: readonly (readonly [name: string, meaning: string])[]): string {
  const lines = rows.map(([name, meaning]) => `| ${code(name)} | ${meaning.replaceAll('|', '\\|')} |\n`);
  return `| ${title} | |\n|---|---|\n${lines.join('')}\n`;
}

function examples(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `\`\`\`sh\n${lines.map((line) => `moldau ${line}\n`).join('')}\`\`\`\n\n`;
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

/** Moldau’s summaries start small and have no full stop. */
function sentence(summary: string): string {
  return `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
}

if (import.meta.main) writeFileSync(target, await renderCommandsPage());
