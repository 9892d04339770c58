import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tidy } from './tidy.ts';

/** Findings as 'path:line rule', over a tree in which every file opens with a comment. */
function findingsOf(files: Record<string, string>): string[] {
  return tidy(new Map(Object.entries(files))).map(({ path, line, rule }) => `${path}:${line} ${rule}`);
}

const ENTRY = { 'packages/log/package.json': '{ "exports": { ".": { "source": "./src/mod.ts" } } }' };

describe('the import table', () => {
  it('lets packages import what stands to their left', () => {
    assert.deepEqual(
      findingsOf({ ...ENTRY, 'packages/log/src/mod.ts': "// Log.\nimport { x } from '@moldau/io';\n" }),
      [],
    );
    assert.deepEqual(
      findingsOf({
        ...ENTRY,
        'packages/log/src/mod.ts': "// Log.\nimport type { x } from '@moldau/broker';\n",
      }),
      ['packages/log/src/mod.ts:2 import table'],
    );
  });

  it('sees imports over several lines, re-exports, dynamic imports and URLs', () => {
    const imports = [
      "import {\n  a,\n  b,\n} from '@moldau/cli';",
      "export { a } from '@moldau/cli';",
      "import '@moldau/cli';",
      "await import('@moldau/cli');",
      "new URL('../../cli/src/x.ts', import.meta.url);",
    ];
    for (const text of imports) {
      assert.equal(findingsOf({ ...ENTRY, 'packages/log/src/mod.ts': `// Log.\n${text}\n` }).length, 1, text);
    }
  });

  it('does not take what stands in comments and strings for an import', () => {
    const text =
      "// import { x } from '@moldau/cli';\nconst a = \"import '@moldau/cli'\";\nconst b = `import(\"@moldau/cli\")`;\nconst c = /from '@moldau\\/cli'/;\n";
    assert.deepEqual(findingsOf({ ...ENTRY, 'packages/log/src/mod.ts': text }), []);
  });

  it('keeps the rooms of the broker in order', () => {
    const files = {
      'packages/broker/package.json': '{ "source": "./src/mod.ts" }',
      'packages/broker/src/mod.ts': "// Entry.\nimport './apis/00-produce.ts';\nimport './broker.ts';\n",
      'packages/broker/src/broker.ts': '// Composes.\n',
      'packages/broker/src/apis/00-produce.ts': "// Produce.\nimport '../replication/partition.ts';\n",
      'packages/broker/src/replication/partition.ts':
        "// Partition.\nimport '../apis/00-produce.ts';\nimport '../broker.ts';\n",
    };
    assert.deepEqual(findingsOf(files), [
      'packages/broker/src/replication/partition.ts:2 import table',
      'packages/broker/src/replication/partition.ts:3 import table',
    ]);
  });

  it('keeps the rooms of the client in order', () => {
    const files = {
      'packages/client/package.json': '{ "source": "./src/mod.ts" }',
      'packages/client/src/mod.ts': "// Entry.\nimport './kafka.ts';\n",
      'packages/client/src/kafka.ts': "// Composes.\nimport './producer/producer.ts';\n",
      'packages/client/src/topic.ts': '// Topic.\n',
      'packages/client/src/producer/producer.ts':
        "// Sends.\nimport '../topic.ts';\nimport '../network/pool.ts';\n",
      'packages/client/src/network/pool.ts':
        "// Pool.\nimport '../producer/producer.ts';\nimport '../topic.ts';\nimport '../kafka.ts';\n",
    };
    assert.deepEqual(findingsOf(files), [
      'packages/client/src/network/pool.ts:2 import table',
      'packages/client/src/network/pool.ts:3 import table',
      'packages/client/src/network/pool.ts:4 import table',
    ]);
  });

  it('lets only tests import testing', () => {
    const text = "// X.\nimport '@moldau/testing';\n";
    assert.deepEqual(
      findingsOf({ ...ENTRY, 'packages/log/src/mod.ts': text, 'packages/log/src/mod.test.ts': text }),
      ['packages/log/src/mod.ts:2 import table'],
    );
  });
});

describe('helpers of tests', () => {
  it('may do what tests may, and only tests may import them', () => {
    const files = {
      ...ENTRY,
      'packages/log/src/mod.ts': "// Log.\nimport './testing-logs.ts';\n",
      'packages/log/src/mod.test.ts': "import './testing-logs.ts';\n",
      'packages/log/src/testing-logs.ts': "// Helper.\nimport '@moldau/testing';\nDate.now();\n",
    };
    assert.deepEqual(findingsOf(files), ['packages/log/src/mod.ts:2 import table']);
  });
});

describe('purity', () => {
  const impure = [
    "import fs from 'node:fs';",
    "import timers from 'node:timers/promises';",
    "import net from 'net';",
    'const now = Date.now();',
    'const now = new Date();',
    'const now = performance.now();',
    'const at = process.hrtime.bigint();',
    'setTimeout(() => {}, 5);',
    'const id = crypto.randomUUID();',
    'const x = Math.random();',
    'const home = process.env.HOME;',
  ];
  for (const line of impure) {
    it(`refuses ${line}`, () => {
      assert.deepEqual(findingsOf({ ...ENTRY, 'packages/log/src/mod.ts': `// Log.\n${line}\n` }), [
        'packages/log/src/mod.ts:2 impure',
      ]);
    });
  }

  it('allows all of it in packages/io, tests and scripts, and the process in the command', () => {
    const text = `// X.\n${impure.join('\n')}\n`;
    assert.deepEqual(
      findingsOf({
        'packages/io/package.json': '"./src/mod.ts"',
        'packages/io/src/mod.ts': text,
        'packages/log/src/x.test.ts': text,
        'scripts/x.ts': text,
        'packages/cli/package.json': '"./src/main.ts"',
        'packages/cli/src/main.ts': '// Main.\nprocess.exit(process.env.A);\n',
      }),
      [],
    );
  });

  it('allows dates and timers that are somebody else’s, and words in strings and comments', () => {
    const text =
      "// Date.now() is banned.\nconst a = new Date(5);\nthis.setTimeout(1);\nconst b = 'Math.random()';\nconst c = `Date.now()`;\n";
    assert.deepEqual(findingsOf({ ...ENTRY, 'packages/log/src/mod.ts': text }), []);
  });
});

describe('files', () => {
  it('that nothing imports are dead, unless they are an entry, a test, a benchmark or a fuzz test', () => {
    const files = {
      ...ENTRY,
      'packages/log/src/mod.ts': "// Entry.\nimport './used.ts';\n",
      'packages/log/src/used.ts': '// Used.\n',
      'packages/log/src/dead.ts': '// Dead.\n',
      'packages/log/src/a.test.ts': '',
      'packages/log/src/a.bench.ts': '// Bench.\n',
      'packages/log/src/a.fuzz.ts': '// Fuzz.\n',
    };
    assert.deepEqual(findingsOf(files), ['packages/log/src/dead.ts:1 dead file']);
  });

  it('open with a comment', () => {
    assert.deepEqual(
      findingsOf({
        'scripts/a.ts': 'const a = 1;\n',
        'scripts/b.ts': '#!/usr/bin/env node\n// B.\n',
        'scripts/c.test.ts': 'x;\n',
      }),
      ['scripts/a.ts:1 opening'],
    );
  });

  it('are no longer than 600 lines, unless they are tables', () => {
    const long = `// Long.\n${'x;\n'.repeat(600)}`;
    assert.deepEqual(findingsOf({ 'scripts/a.ts': long, 'scripts/definitions/b.ts': long }), [
      'scripts/a.ts:600 length',
    ]);
  });

  it('leave nothing for later', () => {
    const word = ['TO', 'DO'].join('');
    assert.deepEqual(findingsOf({ 'scripts/a.ts': `// A.\n\n// ${word}: more\nconst x = '${word}';\n` }), [
      'scripts/a.ts:3 unfinished',
    ]);
  });
});

describe('documents', () => {
  it('link to files and headings that exist', () => {
    const files = {
      'README.md':
        '# A b: `c`!\n[x](docs/a.md) [x](docs/) [x](#a-b-c) [x](https://example.org) [x](docs/a.md#there)\n[y](docs/b.md)\n[z](docs/a.md#gone)\n```\n[q](nowhere)\n```\n',
      'docs/a.md': '## There\n[up](../README.md)\n',
    };
    assert.deepEqual(findingsOf(files), ['README.md:3 dead link', 'README.md:4 dead link']);
  });

  it('name paths that exist', () => {
    assert.deepEqual(
      findingsOf({ 'README.md': 'See `scripts/a.ts` and `scripts/gone.ts`.\n', 'scripts/a.ts': '// A.\n' }),
      ['README.md:1 dead path'],
    );
  });
});
