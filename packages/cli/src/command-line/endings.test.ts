import assert from 'node:assert/strict';
import { it } from 'node:test';
import { endingOf } from './endings.ts';
import { CommandError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';

const never = new AbortController().signal;

it('says what failed first, not what failed at closing because of it', async () => {
  const failed = async () => {
    await using _producer = { [Symbol.asyncDispose]: () => Promise.reject(new Error('not all was sent')) };
    throw new CommandError('the disk is full');
  };
  const error = await failed().catch((reason: unknown) => reason);
  assert.deepEqual(endingOf(error, never), { exitCode: EXIT_CODES.failed, lines: ['the disk is full'] });
});

it('ends as interrupted when closing failed after the interruption', () => {
  const abort = new AbortController();
  abort.abort();
  const error = new SuppressedError(new Error('not all was sent'), abort.signal.reason);
  assert.deepEqual(endingOf(error, abort.signal), { exitCode: EXIT_CODES.interrupted, lines: [] });
});
