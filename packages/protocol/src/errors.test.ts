import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, errorMessage, errorName, isRetriable, KafkaError } from './errors.ts';

test('has every code from -1 to 133 once', () => {
  const codes = Object.values(ErrorCode).sort((a, b) => a - b);
  assert.deepEqual(
    codes,
    Array.from({ length: 135 }, (_, i) => i - 1),
  );
});

test('names codes, also those it does not know', () => {
  assert.equal(errorName(ErrorCode.OFFSET_OUT_OF_RANGE), 'OFFSET_OUT_OF_RANGE');
  assert.equal(errorName(-1), 'UNKNOWN_SERVER_ERROR');
  assert.equal(errorName(9999), 'ERROR_9999');
});

test('tells which errors are worth another try', () => {
  assert.equal(isRetriable(ErrorCode.NOT_LEADER_OR_FOLLOWER), true);
  assert.equal(isRetriable(ErrorCode.CORRUPT_MESSAGE), true);
  assert.equal(isRetriable(ErrorCode.MESSAGE_TOO_LARGE), false);
  assert.equal(isRetriable(9999), false);
  const retriable = Object.values(ErrorCode).filter((code) => isRetriable(code));
  assert.equal(retriable.length, 32);
});

test('has a sentence for every code', () => {
  const messages = Object.values(ErrorCode).map((code) => errorMessage(code));
  for (const message of messages) assert.match(message, /^[A-Z].*\.$/);
  assert.equal(new Set(messages).size, messages.length);
  assert.match(errorMessage(9999), /9999/);
});

test('an error carries its code, and a message of its own where one is given', () => {
  const plain = new KafkaError(ErrorCode.TOPIC_ALREADY_EXISTS);
  assert.equal(plain.code, 36);
  assert.equal(plain.codeName, 'TOPIC_ALREADY_EXISTS');
  assert.equal(plain.message, 'A topic with this name exists already.');
  assert.equal(new KafkaError(36, `Topic 'a' exists.`).message, `Topic 'a' exists.`);
  assert.ok(plain instanceof Error);
});
