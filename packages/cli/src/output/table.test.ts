import assert from 'node:assert/strict';
import { test } from 'node:test';
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
