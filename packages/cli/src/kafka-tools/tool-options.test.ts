import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpText } from './tool-help.ts';
import { HELP, parseOptions, type ToolOption, VERSION } from './tool-options.ts';

const OPTIONS: readonly ToolOption[] = [
  HELP,
  VERSION,
  { name: 'topic', summary: 'The topic.', argument: { name: 'topic' } },
  { name: 'partitions', summary: 'How many.', argument: { type: 'Integer' } },
  { name: 'state', summary: 'Which states.', argument: { isOptional: true } },
  { name: 'list', summary: 'List them.' },
  { name: 'brokers', aliases: ['b'], summary: 'Where.', argument: { separator: ',', default: 'here' } },
  { name: 'verbose', aliases: ['v'], summary: 'Say more.', availableIf: ['list'] },
];
const parse = (...words: string[]) => parseOptions(OPTIONS, words);

test('an argument stands behind its option, or after an equals sign, and one dash is as good as two', () => {
  assert.equal(parse('--topic', 'a').get('topic'), 'a');
  assert.equal(parse('--topic=a=b').get('topic'), 'a=b');
  assert.equal(parse('-topic', 'a').get('topic'), 'a');
  assert.equal(parse('-bhere,there').all('brokers').length, 2);
  assert.deepEqual(parse('-vb', 'a', '--list').all('brokers'), ['a']);
  assert.deepEqual(parse().all('brokers'), ['here']);
});

test('an argument that must be there is whatever stands next; one that may be there is no option', () => {
  assert.equal(parse('--topic', '--list').get('topic'), '--list');
  const state = parse('--state', '--list');
  assert.ok(state.has('state') && state.has('list') && !state.hasArgument('state'));
  assert.equal(parse('--state', 'Stable').get('state'), 'Stable');
});

test('what belongs to no option is kept, and all that follows two dashes', () => {
  assert.deepEqual(parse('a', '--list', '--', '--topic').words, ['a', '--topic']);
});

test('what is wrong is said in the words of Kafka', () => {
  const refused = (message: string, ask: () => unknown) =>
    assert.throws(ask, { name: 'OptionProblem', message });
  refused('topics is not a recognized option', () => parse('--topics', 'a'));
  refused('x is not a recognized option', () => parse('-x'));
  refused('Option topic requires an argument', () => parse('--topic'));
  refused("Cannot parse argument 'many' of option partitions", () =>
    parse('--partitions', 'many').number('partitions'),
  );
  refused('Found multiple arguments for option b/brokers, but you asked for only one', () =>
    parse('--brokers', 'a', '-b', 'b').get('brokers'),
  );
  refused('Option(s) [v/verbose] are unavailable given other options on the command line', () => parse('-v'));
});

test('help has two columns, which take eighty characters at most', () => {
  assert.equal(
    helpText(OPTIONS.slice(2, 5)),
    `Option                   Description  
------                   -----------  
--partitions <Integer>   How many.    
--state [String]         Which states.
--topic <String: topic>  The topic.   
`,
  );
  const long = { name: 'bootstrap-server', argument: { name: 'server to connect to' }, isRequired: true };
  const lines = helpText([{ ...long, summary: 'Where to find the cluster, as host:port; '.repeat(3) }]).split(
    '\n',
  );
  assert.equal(lines[0], 'Option (* = required)                    Description                            ');
  assert.equal(lines[2], '* --bootstrap-server <String: server     Where to find the cluster, as          ');
  assert.equal(lines[3], '  to connect to>                           host:port; Where to find the         ');
});
