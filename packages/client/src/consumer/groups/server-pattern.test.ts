import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { serverPattern } from './server-pattern.ts';

describe('patterns for brokers', () => {
  it('covers whole names, and joins several patterns', () => {
    assert.equal(serverPattern([/^a-/]), '.*(?:^a-).*');
    assert.equal(serverPattern([/^a-/g, /b$/i]), '(?:.*(?:^a-).*)|(?:.*(?i:b$).*)');
    assert.equal(
      serverPattern([/[^a-c\d.]{2,3}(?:x|y)+?\.\w\b/]),
      '.*(?:[^a-c\\d.]{2,3}(?:x|y)+?\\.\\w\\b).*',
    );
  });

  it('finds the same names as the pattern does', () => {
    const names = ['a-1', 'A-2', 'ba-3', 'x.y', 'orders', 'orders_eu'];
    for (const pattern of [/^a-/, /a-/i, /\.|_/, /^orders$/, /^(?:x|o)/, /\d$/]) {
      const whole = new RegExp(`^(?:${serverPattern([pattern])})$`);
      assert.deepEqual(
        names.filter((name) => whole.test(name)),
        names.filter((name) => pattern.test(name)),
        pattern.source,
      );
    }
  });

  it('leaves to the client what RE2 does not know, or takes for something else', () => {
    const others = [
      ...[
        'a(?=b)',
        'a(?!b)',
        '(?<=a)b',
        '(?<n>a)\\k<n>',
        '(a)\\1',
        '\\u0061',
        '\\x61',
        '\\cA',
        '\\A',
        '[\\b]',
      ],
      ...['[[:a]', '[^]', '[]', 'a{1,1001}', 'a{,3}', 'é', 'a&&[b&&c]'],
    ].map((source) => new RegExp(source));
    others.push(/\p{L}/u, /a/y, /a/v);
    for (const pattern of others) assert.equal(serverPattern([pattern]), undefined, pattern.source);
    assert.equal(serverPattern([/a/, /a(?=b)/]), undefined);
    assert.equal(serverPattern([]), undefined);
  });
});
