import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { renderDifferencesPage } from './differences-docs.ts';

it('docs/differences.md is what test/differential/deliberate.ts says (scripts/differences-docs.ts writes it)', () => {
  const written = readFileSync(new URL('../docs/differences.md', import.meta.url), 'utf8');
  assert.equal(written, renderDifferencesPage());
});
