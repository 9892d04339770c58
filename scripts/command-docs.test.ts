import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { flagsOf, optionsOf } from '../packages/cli/src/command-line/options.ts';
import { nouns } from '../packages/cli/src/commands/nouns.ts';
import { verbs } from '../packages/cli/src/commands/verbs.ts';
import { renderCommandsPage } from './command-docs.ts';

it('docs/commands.md is what the verbs say (scripts/command-docs.ts writes it)', async () => {
  const written = readFileSync(new URL('../docs/commands.md', import.meta.url), 'utf8');
  assert.equal(written, await renderCommandsPage());
});

it('no verb has two options of one name, and examples are of their verbs', async () => {
  const all = [...verbs.map((verb) => ({ verb, name: verb.name }))];
  for (const noun of nouns)
    for (const verb of await noun.load()) all.push({ verb, name: `${noun.name} ${verb.name}` });
  for (const { verb, name } of all) {
    const flags = optionsOf(verb).flatMap((option) => Object.values(flagsOf(option)).slice(0, 2));
    const named = flags.filter((flag) => flag !== undefined);
    assert.deepEqual(named, [...new Set(named)], name);
    for (const example of verb.examples ?? []) assert.ok(example.includes(name), `${name}: ${example}`);
  }
});
