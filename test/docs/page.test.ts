import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { nouns } from '../../packages/cli/src/commands/nouns.ts';
import { verbs } from '../../packages/cli/src/commands/verbs.ts';
import { isAsShown } from './expected.ts';
import { stepsOf } from './page.ts';
import { examplesOf } from './reference.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const isTool = (name: string) => name.startsWith('kafka-');

describe('a page', () => {
  it('has commands, with what they print when it comes in the same section', () => {
    const page =
      '# One\n\n```sh\nmoldau topic list\n```\n\nprints\n\n```text\nNAME\n```\n\n```sh exit=3\nfalse\n```\n\n## Two\n\n```text\nno output\n```\n';
    assert.partialDeepStrictEqual(stepsOf(page), [
      { kind: 'commands', line: 3, text: 'moldau topic list\n', exitCode: 0, expected: 'NAME\n' },
      { kind: 'commands', line: 13, text: 'false\n', exitCode: 3, expected: undefined },
    ]);
  });

  it('has some that go on until they are stopped, some that readers do not see, files, and some that are not run', () => {
    const page =
      '```sh background\nmoldau server\n```\n\n```text\nready\n```\n<!-- sh\ntrue\n-->\n```text background\nmore\n```\n```python file=a.py\nprint(1)\n```\n<!-- stop KILL -->\n```sh no-run: needs Docker\ndocker ps\n```\n```ts\nlet a;\n```\n';
    assert.partialDeepStrictEqual(stepsOf(page), [
      { kind: 'background', text: 'moldau server\n', expected: 'ready\n', expectedInTheEnd: 'more\n' },
      { kind: 'commands', text: 'true\n' },
      { kind: 'file', name: 'a.py', text: 'print(1)\n' },
      { kind: 'stop', signal: 'SIGKILL' },
      { kind: 'not-run', reason: 'needs Docker' },
    ]);
  });

  it('may not have a block of which nobody says what it is', () => {
    assert.throws(() => stepsOf('# One\n\n```\nmoldau topic list\n```\n'), /line 3: a block of what\?/);
    assert.throws(() => stepsOf('```sh no-run\ndocker ps\n```\n'), /line 1: no-run is not understood/);
    assert.throws(() => stepsOf('```bash\ntrue\n```\n'), /line 1/);
  });

  it('of the reference has examples line by line', () => {
    const page = '```text\nmoldau produce\n```\n\n```sh\nmoldau produce a\nmoldau produce b\n```\n';
    assert.deepEqual(examplesOf(page), [
      { line: 6, text: 'produce a' },
      { line: 7, text: 'produce b' },
    ]);
  });
});

describe('the pages', () => {
  it('name no verb of moldau that there is not', async () => {
    const known = new Set(verbs.map(({ name }) => name));
    for (const noun of nouns) for (const { name } of await noun.load()) known.add(`${noun.name} ${name}`);
    const isKnown = (mention: string): boolean => {
      const [first = '', second = ''] = mention.split(' ');
      const isNoun = second === '' && nouns.some(({ name }) => name === first);
      return (
        first.startsWith('-') ||
        isTool(first) ||
        isNoun ||
        known.has(first) ||
        known.has(`${first} ${second}`)
      );
    };
    const pages = globSync(['README.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: ROOT });
    const unknown = pages.flatMap((page) => {
      const prose = readFileSync(join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
      const mentions = [...prose.matchAll(/`moldau ([^`]+)`/g)].map((match) => match[1]!);
      return mentions.filter((mention) => !isKnown(mention)).map((mention) => `${page}: ${mention}`);
    });
    assert.deepEqual(unknown, ['docs/commands.md: NOUN VERB']);
  });
});

describe('what is printed', () => {
  it('is as shown, but for how many spaces stand between words, and what … stands for', () => {
    assert.ok(isAsShown('NAME    PARTITIONS\na   1 \n\n', 'NAME PARTITIONS\n\na 1'));
    assert.ok(isAsShown('id: 1f3a.\n', 'id: ….'));
    assert.ok(isAsShown('one\ntwo\nthree\n', '…\nthree'));
    assert.ok(isAsShown('three\n', '…\nthree\n…'));
    assert.ok(isAsShown('', ''));
  });

  it('is not as shown when anything else differs', () => {
    assert.ok(!isAsShown('a.c\n', 'a…d'));
    assert.ok(!isAsShown('abc\n', 'a.c'));
    assert.ok(!isAsShown('one\ntwo\n', 'one'));
    assert.ok(!isAsShown('one\n', 'one\ntwo'));
    assert.ok(!isAsShown('one\ntwo\n', 'one …'));
    assert.ok(!isAsShown('', 'one'));
  });
});
