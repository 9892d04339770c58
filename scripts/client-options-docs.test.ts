import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { renderOptionsPage } from './client-options-docs.ts';

it('docs/client/options.md is what the options say (scripts/client-options-docs.ts writes it)', () => {
  const written = readFileSync(new URL('../docs/client/options.md', import.meta.url), 'utf8');
  assert.equal(written, renderOptionsPage());
});

it('has every property with an option beside one of the options', () => {
  const page = renderOptionsPage();
  for (const name of [
    'bootstrap.servers',
    'sasl.jaas.config',
    'ssl.ca.pem',
    'compression.zstd.level',
    'linger.ms',
  ])
    assert.match(page, new RegExp(`^\\|.*\`${name}\``, 'm'));
});
