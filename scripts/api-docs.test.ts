import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { reasonProblems, renderApisPage } from './api-docs.ts';

it('docs/apis.md is what the handlers say (scripts/api-docs.ts writes it)', () => {
  const written = readFileSync(new URL('../docs/apis.md', import.meta.url), 'utf8');
  assert.equal(written, renderApisPage());
});

it('every API is served, or it is said why not', () => {
  assert.deepEqual(reasonProblems(), []);
});
