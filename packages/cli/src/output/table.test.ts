import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './printable.ts';
import { formatFields, formatTable } from './table.ts';

test('columns stand under their titles, numbers to the right, and a row stays one line', () => {
  const rows = [
    { name: 'orders', count: 6 as number | undefined },
    { name: 'a\nb', count: undefined },
    { name: '注文', count: 12 },
  ];
  const table = formatTable(
    [
      { title: 'name', show: ({ name }: (typeof rows)[number]) => name },
      { title: 'count', show: ({ count }) => count, isNumber: true },
      { title: 'last', show: () => '' },
    ],
    rows,
  );
  assert.equal(table, 'NAME    COUNT  LAST\norders      6  -\na\\nb        -  -\n注文       12  -\n');
});

test('what a terminal would obey is shown, not sent to it', () => {
  const rows = ['\x1b[2J', '\x9b2J', '\x7f', 'a\u202eb\u2066', '\u2028', 'a\tb'];
  assert.equal(
    formatTable([{ title: 'name', show: (name) => name }], rows),
    'NAME\n\\u001b[2J\n\\u009b2J\n\\u007f\na\\u202eb\\u2066\n\\u2028\na\\tb\n',
  );
  assert.equal(printable('two\n\tlines\x1b'), 'two\n\tlines\\u001b');
});

test('fields stand under each other', () => {
  assert.equal(
    formatFields([
      ['Name', 'orders'],
      ['Partitions', 6],
      ['Id', undefined],
    ]),
    'Name:        orders\nPartitions:  6\nId:          -\n',
  );
});
