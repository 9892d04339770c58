import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProperties } from './properties-file.ts';

test('lines are names and values, and comments are left out', () => {
  const text = '# of ours\n! too\n\nclient.id = mine\r\nsasl.jaas.config=a \\\n  b="c"\nx: y\n';
  assert.deepEqual(parseProperties(text, 'f'), {
    'client.id': 'mine',
    'sasl.jaas.config': 'a b="c"',
    x: 'y',
  });
});

test('a line that is none is told by its number, not by what stands there', () => {
  assert.throws(() => parseProperties('a=b\nsasl.password hunter2\n', 'f.properties'), {
    message: 'f.properties, line 2: expected name=value, and there is no =',
  });
});
