import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

test('who only administrates loads nothing of what sends and reads records', () => {
  const loaded = new Set<string>();
  const visit = (url: URL): void => {
    if (loaded.has(url.href)) return;
    loaded.add(url.href);
    const source = readFileSync(url, 'utf8');
    for (const [, specifier] of source.matchAll(/^(?:import|export) (?!type\b)[^;]*?from '(\.[^']+)';/gms))
      visit(new URL(specifier!, url));
  };
  visit(new URL('./admin-only.ts', import.meta.url));
  const others = [...loaded].filter((url) =>
    /\/src\/(producer|consumer|share|exactly-once|serdes)\//.test(url),
  );
  assert.ok(loaded.size > 50);
  assert.deepEqual(others, []);
});
