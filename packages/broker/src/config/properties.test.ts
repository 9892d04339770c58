// The grammar of Java's Properties. The expectations were checked against java.util.Properties.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseProperties } from './properties.ts';

const CASES: [title: string, text: string, expected: Record<string, string>][] = [
  ['keys end at =, : or a blank', 'a=1\nb:2\nc 3\nd  =  4\ne', { a: '1', b: '2', c: '3', d: '4', e: '' }],
  ['comments and blank lines are left out', '# x=1\n  ! y=2\n\n \t\nz=3', { z: '3' }],
  [
    'a second separator belongs to the value',
    'a==1\nb=:2\nlisteners=PLAINTEXT://:9092',
    { a: '=1', b: ':2', listeners: 'PLAINTEXT://:9092' },
  ],
  ['lines go on after a backslash', 'a=1,\\\n   2,\\\r\n\t3\nb=x', { a: '1,2,3', b: 'x' }],
  ['a continued line may look like a comment', 'a=1\\\n#2', { a: '1#2' }],
  ['two backslashes do not continue', 'a=c:\\\\\nb=2', { a: 'c:\\', b: '2' }],
  ['escapes are taken out', 'a\\=b=\\u0041\\t\\q\\ \nk\\ e\\:y=v', { 'a=b': 'A\tq ', 'k e:y': 'v' }],
  ['blanks at the end stay', 'a=1  ', { a: '1  ' }],
  ['the last value wins', 'a=1\na=2', { a: '2' }],
  ['every kind of line end', 'a=1\rb=2\r\nc=3', { a: '1', b: '2', c: '3' }],
];

for (const [title, text, expected] of CASES) {
  it(title, () => assert.deepEqual(Object.fromEntries(parseProperties(text)), expected));
}
