import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentProblem, argumentUsage } from './argument-help.ts';
import {
  ArgumentError,
  type ArgumentGroup,
  HelpAsked,
  type ParserSpec,
  parseArguments,
  VERSION,
  VersionAsked,
} from './arguments.ts';

const PAYLOAD: ArgumentGroup = { isExclusive: true, isRequired: true };

const SPEC: ParserSpec = {
  program: 'measure',
  description: 'Measures.',
  tellsDefaults: true,
  arguments: [
    { flags: ['--topic'], isRequired: true, help: 'Where to.' },
    { flags: ['--num-records', '-n'], type: 'Long', help: 'How many.', default: 10 },
    { flags: ['--num-keys'], type: 'Integer', help: 'How many keys.' },
    { flags: ['--props'], metavar: 'NAME=VALUE', takes: 'many', help: 'Properties.' },
    { flags: ['--quiet', '-q'], takes: 'nothing', help: 'Says nothing.' },
    { flags: ['--size'], type: 'Integer', help: 'Of a payload.', group: PAYLOAD },
    { flags: ['--file'], help: 'With payloads.', group: PAYLOAD },
  ],
};

const WITH_COMMANDS: ParserSpec = {
  program: 'manage',
  description: 'Manages.',
  arguments: [VERSION, { flags: ['--server'], isRequired: true, help: 'Which.' }],
  commands: [
    { name: 'describe', help: 'shows', arguments: [{ flags: ['--id'], isRequired: true, help: 'whose' }] },
    { name: 'delete', help: 'ends', arguments: [{ flags: ['--id'], takes: 'append', help: 'whose' }] },
  ],
};

function problem(spec: ParserSpec, ...args: string[]): ArgumentError {
  try {
    parseArguments(spec, args);
  } catch (error) {
    if (error instanceof ArgumentError) return error;
    throw error;
  }
  throw new Error('nothing is wrong');
}

test('options are read with =, by their beginnings, and with many values', () => {
  const args = ['--top', 't', '--num-r=-5', '-q', '--size', '7', '--props', 'a=1', 'b=2'];
  const read = parseArguments(SPEC, args);
  assert.equal(read.text('topic'), 't');
  assert.equal(read.number('num-records'), -5);
  assert.equal(read.number('size'), 7);
  assert.deepEqual(read.texts('props'), ['a=1', 'b=2']);
  assert.ok(read.isGiven('quiet') && !read.has('num-keys'));
  assert.equal(parseArguments(SPEC, ['--topic', 't', '--file', 'f', '-n3']).number('num-records'), 3);
  assert.equal(parseArguments(SPEC, ['--topic', 't', '--file', 'f']).number('num-records'), 10);
});

test('what cannot be meant is told of as argparse does', () => {
  const cases: readonly (readonly [args: string[], message: string])[] = [
    [[], 'argument --topic is required'],
    [['--topic', 't'], 'one of the arguments --size --file is required'],
    [['--topic', 't', '--size', '1', '--file', 'f'], 'argument --file: not allowed with argument --size'],
    [['--num', '1'], 'ambiguous option: --num could match --num-keys, --num-records'],
    [['--topic'], 'argument --topic: expected one argument'],
    [['--props', '--quiet'], 'argument --props: expected 1 argument(s)'],
    [['--quiet=1'], "argument --quiet/-q: ignore implicit argument '1'"],
    [['--size', 'x'], `argument --size: could not convert 'x' to Integer (For input string: "x")`],
    [
      ['--size', '4294967296'],
      `argument --size: could not convert '4294967296' to Integer (For input string: "4294967296")`,
    ],
    [['--tropic', 't'], "unrecognized arguments: '--tropic'"],
    [['a', 'b'], "unrecognized arguments: 'a b'"],
  ];
  for (const [args, message] of cases) assert.equal(problem(SPEC, ...args).message, message);
});

test('commands have options of their own, and those of the program stand before them', () => {
  const read = parseArguments(WITH_COMMANDS, ['--server', 's', 'del', '--id', 'a', '--id', 'b']);
  assert.deepEqual([read.command, read.text('server'), read.texts('id')], ['delete', 's', ['a', 'b']]);
  assert.equal(problem(WITH_COMMANDS, '--server', 's').message, 'too few arguments');
  assert.equal(problem(WITH_COMMANDS, 'delete').message, 'argument --server is required');
  assert.equal(problem(WITH_COMMANDS, '--server', 's', 'describe').message, 'argument --id is required');
  assert.match(problem(WITH_COMMANDS, 'de').message, /ambiguous command: de could match delete, describe/);
  assert.match(
    problem(WITH_COMMANDS, 'x').message,
    /invalid choice: 'x' \(choose from 'describe', 'delete'\)/,
  );
  assert.throws(() => parseArguments(WITH_COMMANDS, ['-v']), VersionAsked);
});

test('usage, problems and help are laid out in 75 columns', () => {
  assert.equal(
    argumentUsage(SPEC),
    `usage: measure [-h] --topic TOPIC [--num-records NUM_RECORDS]
               [--num-keys NUM_KEYS] [--props NAME=VALUE [NAME=VALUE ...]]
               [--quiet] (--size SIZE | --file FILE)
`,
  );
  assert.equal(
    argumentProblem(SPEC, problem(SPEC, '--tropic')).split('\n').slice(3).join('\n'),
    "measure: error: unrecognized arguments: '--tropic'\n\nDid you mean:\n\t--topic\n",
  );
  assert.throws(
    () => parseArguments(WITH_COMMANDS, ['describe', '--help']),
    (error: unknown) => {
      assert.ok(error instanceof HelpAsked);
      assert.equal(
        error.message,
        `usage: manage --server SERVER describe [-h] --id ID

optional arguments:
  -h, --help             show this help message and exit
  --id ID                whose
`,
      );
      return true;
    },
  );
});
