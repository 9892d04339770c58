import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jaasProblem, parseJaas } from './jaas.ts';

const options = (text: string) => Object.fromEntries(parseJaas(text)[0]!.options);

test('reads a login module, its flag and its options', () => {
  const [entry, ...others] = parseJaas(
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="a" user_alice=secret;',
  );
  assert.deepEqual(others, []);
  assert.equal(entry?.loginModule, 'org.apache.kafka.common.security.plain.PlainLoginModule');
  assert.deepEqual(
    [...entry.options],
    [
      ['username', 'admin'],
      ['password', 'a'],
      ['user_alice', 'secret'],
    ],
  );
});

test('takes any of the four flags in any case, no options, and several modules', () => {
  for (const flag of ['required', 'REQUISITE', 'Sufficient', 'optional'])
    assert.equal(parseJaas(`a.B ${flag};`).length, 1);
  assert.deepEqual(
    parseJaas('a.B required; c.D$E optional x=y;').map(({ loginModule }) => loginModule),
    ['a.B', 'c.D$E'],
  );
});

test('takes single and double quotes, each with the other inside, and blanks or lines around everything', () => {
  assert.deepEqual(options(`M required\n  a = "it's"\n\t"b c"='say "hi"' ;\n`), {
    a: "it's",
    'b c': 'say "hi"',
  });
});

test('undoes the escapes of quoted values as Java does', () => {
  assert.deepEqual(
    options(String.raw`M required a="q\"q" b="\\" c="\t\n" d="\101\60" e="\x" f="\4010" g='\'';`),
    {
      a: 'q"q',
      b: '\\',
      c: '\t\n',
      d: 'A0',
      e: 'x',
      f: ' 10',
      g: "'",
    },
  );
});

test('leaves out comments of all three kinds, but not what looks like one in quotes', () => {
  assert.deepEqual(options('M required // first\n a="/*x*/" /* b="no"\n */ / to the end\n c="//";'), {
    a: '/*x*/',
    c: '//',
  });
});

for (const [text, why] of [
  ['', /no login module/],
  ['   // nothing', /no login module/],
  ['M', /expected a control flag/],
  ['M wanted;', /must be followed by required, requisite/],
  ['M required a="secret"', /semicolon at the end is missing/],
  ['M required a "secret";', /no = behind its name/],
  ['M required a=;', /expected a value/],
  ['M required a=1secret;', /needs quotes/],
  ['M required a@b="secret";', /no = behind its name/],
  ['M required a="secret;', /quote is not closed/],
  ['M required a="sec\nret";', /quote is not closed/],
  ['M required /* a="secret";', /expected the name of an option/],
  ['M required; rest="secret";', /expected a control flag/],
] as const) {
  test(`refuses ${JSON.stringify(text)} without repeating what may be a password`, () => {
    const problem = jaasProblem(text);
    assert.match(problem ?? '', why);
    assert.doesNotMatch(problem ?? '', /secret|sec|ret"/);
  });
}

test('an unset value is no problem', () => {
  assert.equal(jaasProblem(null), undefined);
});

test('reads a megabyte that never closes its quotes or comments at once', () => {
  for (const filler of ['/*', '"\\', ' /', "a='"]) {
    assert.notEqual(jaasProblem(`M required ${filler.repeat(500_000)}`), undefined);
  }
});
