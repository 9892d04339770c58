import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TransactionError } from '../../errors/kafka-error.ts';
import { type TransactionPhase, TransactionState } from './transaction-state.ts';

const abortable = new TransactionError('MESSAGE_TOO_LARGE', 'a record did not fit');
const fatal = new TransactionError('PRODUCER_FENCED', 'somebody else came', { fatal: true });

function open(protocol: 1 | 2 = 1): TransactionState {
  const state = new TransactionState();
  state.open(protocol);
  return state;
}

describe('the state of a transaction', () => {
  it('takes partitions and groups while it is open, and forgets them with its end', () => {
    const state = open(2);
    assert.equal(state.presence, 'none');
    state.addedPerhaps();
    assert.equal(state.presence, 'possible');
    state.addPartition('0:t');
    state.addGroup('g');
    state.addedPerhaps();
    assert.deepEqual(
      [state.presence, state.hasPartition('0:t'), state.hasGroup('g')],
      ['certain', true, true],
    );
    state.commit();
    state.ended();
    assert.deepEqual(
      [state.presence, state.hasPartition('0:t'), state.hasGroup('g')],
      ['none', false, false],
    );
    assert.equal(state.protocol, 2);
  });

  it('says why it takes nothing', () => {
    const state = new TransactionState();
    assert.match(state.refusal!.message, /no open transaction/);
    state.open(1);
    assert.equal(state.refusal, undefined);
    state.commit();
    assert.match(state.refusal!.message, /being ended/);
    state.ended();
    state.open(1);
    state.fail(abortable);
    assert.equal(state.refusal, abortable);
  });

  it('cannot be committed after a failure, but aborted, after which the next one is as new', () => {
    const state = open();
    state.fail(abortable);
    state.fail(new TransactionError('TIMED_OUT', 'another failure'));
    assert.throws(() => state.commit(), abortable);
    state.abort();
    state.abort();
    state.ended();
    assert.equal(state.failure, undefined);
    state.open(1);
    state.commit();
    state.commit();
  });

  it('can be aborted when its commit is refused, and not while the outcome of the commit is not known', () => {
    const state = open();
    state.commit();
    assert.throws(() => state.abort());
    state.commitRefused(abortable);
    assert.throws(() => state.commit(), abortable);
    state.abort();
    state.ended();
    assert.equal(state.phase, 'idle');
  });

  it('is over for ever after a fatal error, wherever it was', () => {
    const ways: Record<Exclude<TransactionPhase, 'fatal'>, (state: TransactionState) => void> = {
      idle: () => {},
      open: (state) => state.open(1),
      committing(state) {
        state.open(1);
        state.commit();
      },
      aborting(state) {
        state.open(1);
        state.abort();
      },
    };
    for (const go of Object.values(ways)) {
      const state = new TransactionState();
      go(state);
      state.fail(fatal);
      state.fail(abortable);
      assert.deepEqual([state.phase, state.failure, state.refusal], ['fatal', fatal, fatal]);
      for (const step of ['commit', 'abort', 'ended'] as const) assert.throws(() => state[step](), fatal);
      assert.throws(() => state.open(1), fatal);
    }
  });

  it('has one transaction at a time', () => {
    const state = open();
    assert.throws(() => state.open(1), /open to open/);
    assert.throws(() => new TransactionState().commit(), /no open transaction/);
    assert.throws(() => open().ended());
  });
});
