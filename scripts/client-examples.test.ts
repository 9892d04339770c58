// The examples of the client's documentation: each is run against a broker of its own, and stands in the pages as it was run.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it, mock } from 'node:test';
import * as client from '@moldau/client';
import { TestKafka } from '@moldau/testing';
import { PAGES, withExamples } from './client-examples.ts';

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
      it(`${name}: ${title}`, { timeout: 30_000 }, async () => {
        await using broker = await TestKafka.start({
          topics: TOPICS,
          settings: SETTINGS,
          transport: 'memory',
        });
        await (example as (kafka: client.Kafka) => Promise<void>)(broker.client());
      });
    }
  }
  for (const name of PROGRAMS) {
    it(name, { timeout: 30_000 }, async () => {
      await using broker = await TestKafka.start({ topics: TOPICS });
      process.env.KAFKA_BROKERS = broker.brokers;
      await import(join(ROOT, 'examples/client', name));
    });
  }
});

describe('pages about the client', () => {
  for (const page of PAGES.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))) {
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

  it('name calls of the admin that there are', async () => {
    await using kafka = new client.Kafka({ brokers: 'localhost:9092' });
    const admin = kafka.admin() as unknown as Record<string, Record<string, unknown> | undefined>;
    const pages = globSync('docs/client/*.md', { cwd: ROOT }).map((page) =>
      readFileSync(join(ROOT, page), 'utf8'),
    );
    const named = new Set(pages.join('\n').match(/\badmin\.\w+\.\w+/g));
    assert.ok(named.size > 50);
    const missing = [...named].filter((name) => {
      const [, room, call] = name.split('.') as [string, string, string];
      return typeof admin[room]?.[call] !== 'function';
    });
    assert.deepEqual(missing, []);
  });

  it('tell of every kind of error and every code', () => {
    const page = readFileSync(join(ROOT, 'docs/client/errors.md'), 'utf8');
    const kinds = Object.entries(client).filter(
      ([, kind]) => typeof kind === 'function' && kind.prototype instanceof client.KafkaError,
    );
    const source = readFileSync(join(ROOT, 'packages/client/src/errors/kafka-error.ts'), 'utf8');
    const codes = source
      .slice(source.indexOf('type ClientErrorCode'), source.indexOf("'LOCK_LOST'") + 11)
      .match(/\b[A-Z]+_?[A-Z_]+\b(?=')/g);
    for (const name of [...kinds.map(([name]) => name), ...codes!])
      assert.ok(page.includes(`\`${name}\``), name);
  });
});
