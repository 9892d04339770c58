import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { renderAuthorizationPage } from './authorization-docs.ts';

it('docs/authorization.md is what the table of permissions says (scripts/authorization-docs.ts writes it)', () => {
  const written = readFileSync(new URL('../docs/authorization.md', import.meta.url), 'utf8');
  assert.equal(written, renderAuthorizationPage());
});
