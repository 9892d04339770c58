// What a terminal picture keeps of the lines it draws.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terminalPicture } from './terminal-picture.ts';

test('draws each line, and marks what was typed', () => {
  const picture = terminalPicture(['$ npm start', 'Moldau is ready']);
  assert.match(picture, /<text class="typed" [^>]*>\$ npm start<\/text>/);
  assert.match(picture, /<text x="16" [^>]*>Moldau is ready<\/text>/);
});

test('keeps signs that SVG would take for its own', () => {
  assert.match(terminalPicture(['a < b && c > d']), />a &lt; b &amp;&amp; c &gt; d</);
});

test('is as wide as the longest line needs', () => {
  const widthOf = (picture: string) => Number(/viewBox="0 0 (\d+)/.exec(picture)![1]);
  assert.ok(widthOf(terminalPicture(['x'.repeat(200)])) > widthOf(terminalPicture(['x'.repeat(100)])));
});
