import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  exportUrlProblem,
  headersProblem,
  pageAddressProblem,
  parseHeaders,
  parsePageAddress,
} from './monitoring-settings.ts';

describe('what monitoring is told', () => {
  it('is an address with or without host and port, or nothing', () => {
    assert.deepEqual(parsePageAddress('127.0.0.1:9404'), { host: '127.0.0.1', port: 9404 });
    assert.deepEqual(parsePageAddress(':80'), { host: '', port: 80 });
    assert.deepEqual(parsePageAddress('[::1]:81'), { host: '::1', port: 81 });
    assert.deepEqual(parsePageAddress('metrics.local'), { host: 'metrics.local', port: 9404 });
    for (const wrong of ['a:b', '::1', 'a:70000', 'http://a:1', 'a b'])
      assert.match(pageAddressProblem(wrong)!, /host:port/);
    assert.equal(pageAddressProblem(''), undefined);
  });

  it('is a URL without a password', () => {
    for (const good of ['', 'http://collector:4318/v1/metrics', 'https://otel.example'])
      assert.equal(exportUrlProblem(good), undefined);
    for (const wrong of ['collector:4318', 'file:///x', 'https://me:secret@otel.example'])
      assert.match(exportUrlProblem(wrong)!, /^expected/);
  });

  it('is a list of headers', () => {
    assert.deepEqual(parseHeaders('Authorization=Bearer a=b, x-scope = me'), {
      authorization: 'Bearer a=b',
      'x-scope': 'me',
    });
    assert.deepEqual(parseHeaders(''), {});
    for (const wrong of ['bearer', 'a b=c', 'a=\nb']) assert.match(headersProblem(wrong)!, /name=value/);
  });
});
