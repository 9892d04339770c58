import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { BrokerError } from './kafka-error.ts';

test('what a broker says is not said again, and what to do is', () => {
  const message = (code: number, said?: string, more = {}) =>
    new BrokerError(code, { said, ...more }).message;
  assert.equal(message(ErrorCode.TOPIC_ALREADY_EXISTS), 'A topic with this name exists already.');
  assert.equal(
    message(ErrorCode.TOPIC_ALREADY_EXISTS, "Topic 'a' already exists."),
    "Topic 'a' already exists.",
  );
  assert.equal(
    message(ErrorCode.NON_EMPTY_GROUP, 'The group is not empty'),
    'The group is not empty. Stop its members first.',
  );
  assert.equal(
    message(ErrorCode.GROUP_AUTHORIZATION_FAILED, 'No way', { resource: 'group g', operation: 'Read' }),
    'group g: No way. Ask for an access rule for this principal. It takes Read on the group g.',
  );
  const denied = new BrokerError(ErrorCode.TOPIC_AUTHORIZATION_FAILED, { topic: 't', operation: 'Read' });
  assert.deepEqual(denied.missingRight, { operation: 'Read', on: 'topic t' });
  assert.equal(message(ErrorCode.NON_EMPTY_GROUP, 'Stop b', { saysAll: true }), 'Stop b');
});
