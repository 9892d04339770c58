// The examples of the client's documentation: each is run against a broker of its own, and stands in the pages as it was run.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it, mock } from 'node:test';
import type { Kafka } from '@moldau/client';
import { TestKafka } from '@moldau/testing';
import { withExamples } from './client-examples.ts';

const ROOT = join(import.meta.dirname, '..');
const TOPICS = [
  { name: 'orders', partitions: 6 },
  ...['orders.dlq', 'payments', 'invoices', 'events', 'audit-logins', 'temperatures', 'holidays'].map(
    (name) => ({
      name,
    }),
  ),
];
/** Everybody may everything, and rules can be made. */
const SETTINGS = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
};
/** Programs, in place of functions. */
const PROGRAMS = ['quick-start.ts'];

for (const level of ['log', 'warn', 'error'] as const) mock.method(console, level, () => {});

describe('examples/client', { concurrency: 4 }, async () => {
  for (const path of globSync('examples/client/*.ts', { cwd: ROOT }).sort()) {
    const name = basename(path);
    if (PROGRAMS.includes(name) || name === 'orders.ts') continue;
    const examples: Record<string, unknown> = await import(join(ROOT, path));
    for (const [title, example] of Object.entries(examples)) {
      if (typeof example !== 'function') continue;
      it(`${name}: ${title}`, { timeout: 20_000 }, async () => {
        await using broker = await TestKafka.start({
          topics: TOPICS,
          settings: SETTINGS,
          transport: 'memory',
        });
        await (example as (kafka: Kafka) => Promise<void>)(broker.client());
      });
    }
  }
  for (const name of PROGRAMS) {
    it(name, { timeout: 20_000 }, async () => {
      await using broker = await TestKafka.start({ topics: TOPICS });
      process.env.KAFKA_BROKERS = broker.brokers;
      await import(join(ROOT, 'examples/client', name));
    });
  }
});

describe('pages about the client', () => {
  for (const page of ['packages/client/README.md', ...globSync('docs/client/*.md', { cwd: ROOT })]) {
    it(`${page} shows its examples as they are (scripts/client-examples.ts copies them)`, () => {
      const text = readFileSync(join(ROOT, page), 'utf8');
      assert.equal(text, withExamples(text));
      const shown = [...text.matchAll(/^```ts$/gm)].length;
      assert.equal(
        shown,
        [...text.matchAll(/^<!-- example: .* -->\n```ts$/gm)].length,
        'an example nobody runs',
      );
    });
  }
});
