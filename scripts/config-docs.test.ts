import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { renderConfigurationPage } from './config-docs.ts';

it('docs/configuration.md is what the tables say (scripts/config-docs.ts writes it)', () => {
  const written = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(written, renderConfigurationPage());
});
