import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CurrentAssignment, MemberState, type PartitionEpochs } from './consumer-group.ts';
import { mustStartAnew, type ReconciliationInput, reconcile } from './reconciliation.ts';

const T = 'AAAAAAAAAAAAAAAAAAAABA';
const U = 'AAAAAAAAAAAAAAAAAAAABQ';
const { STABLE, UNREVOKED_PARTITIONS, UNRELEASED_PARTITIONS, UNKNOWN } = MemberState;

function epochs(topicId: string, partitions: Record<number, number>): PartitionEpochs {
  const list = Object.entries(partitions).map(([partition, epoch]): [number, number] => [
    Number(partition),
    epoch,
  ]);
  return list.length === 0 ? new Map() : new Map([[topicId, new Map(list)]]);
}

function partitions(topicId: string, ...indexes: number[]) {
  return new Map([[topicId, new Set(indexes)]]);
}

function member(fields: Partial<CurrentAssignment> = {}): CurrentAssignment {
  return {
    memberEpoch: 1,
    previousMemberEpoch: 1,
    state: STABLE,
    assigned: epochs(T, { 0: 1, 1: 1 }),
    pendingRevocation: new Map(),
    ...fields,
  };
}

function step(fields: Partial<ReconciliationInput>): CurrentAssignment {
  return reconcile({
    member: member(),
    target: partitions(T, 0, 1),
    targetEpoch: 2,
    subscribedIds: new Set([T, U]),
    hasSubscriptionChanged: false,
    isHeldByAnother: () => false,
    owned: null,
    ...fields,
  });
}

test('a member that has its target stays as it is', () => {
  const stable = member({ memberEpoch: 2 });
  assert.equal(step({ member: stable }), stable);
});

test('a newer target with the same partitions only takes the epoch', () => {
  assert.deepEqual(step({}), member({ memberEpoch: 2 }));
});

test('what is free is given at once, with the epoch of the target', () => {
  const after = step({ target: partitions(T, 0, 1, 2) });
  assert.deepEqual(after, member({ memberEpoch: 2, assigned: epochs(T, { 0: 1, 1: 1, 2: 2 }) }));
});

test('partitions that are taken away are revoked first, and the epoch stays', () => {
  const target = new Map([
    [T, new Set([0])],
    [U, new Set([0])],
  ]);
  const after = step({ target });
  assert.deepEqual(
    after,
    member({
      state: UNREVOKED_PARTITIONS,
      assigned: epochs(T, { 0: 1 }),
      pendingRevocation: epochs(T, { 1: 1 }),
    }),
  );
  assert.equal(step({ member: after, target }), after, 'silence is no proof');
  assert.equal(step({ member: after, target, owned: partitions(T, 0, 1) }), after);
  const revoked = step({ member: after, target, owned: partitions(T, 0) });
  assert.deepEqual([revoked.memberEpoch, revoked.previousMemberEpoch, revoked.state], [2, 1, STABLE]);
  assert.deepEqual(revoked.assigned.get(U), new Map([[0, 2]]));
  assert.equal(revoked.pendingRevocation.size, 0);
});

test('partitions it says it does not own need no revocation', () => {
  const after = step({ target: partitions(T, 0), owned: partitions(T, 0) });
  assert.deepEqual(after, member({ memberEpoch: 2, assigned: epochs(T, { 0: 1 }) }));
});

test('what others hold is waited for, in the newer epoch', () => {
  const target = partitions(T, 0, 1, 2, 3);
  const after = step({ target, isHeldByAnother: (_topic, partition) => partition === 3 });
  assert.equal(after.state, UNRELEASED_PARTITIONS);
  assert.equal(after.memberEpoch, 2);
  assert.deepEqual(after.assigned, epochs(T, { 0: 1, 1: 1, 2: 2 }));
  const released = step({ member: after, target });
  assert.equal(released.state, STABLE);
  assert.deepEqual(released.assigned, epochs(T, { 0: 1, 1: 1, 2: 2, 3: 2 }));
});

test('topics it has unsubscribed from are taken away before there is a newer target', () => {
  const stable = member({ memberEpoch: 2 });
  const input = { member: stable, hasSubscriptionChanged: true, subscribedIds: new Set([U]) };
  const after = step(input);
  assert.equal(after.state, UNREVOKED_PARTITIONS);
  assert.deepEqual(after.pendingRevocation, epochs(T, { 0: 1, 1: 1 }));
  assert.equal(step({ ...input, owned: new Map() }).assigned.size, 0);
});

test('a state that is not known is trusted only with empty hands', () => {
  const unknown = member({ state: UNKNOWN });
  assert.ok(mustStartAnew(unknown, null));
  assert.ok(mustStartAnew(unknown, partitions(T, 0)));
  assert.ok(!mustStartAnew(unknown, new Map()));
  assert.ok(!mustStartAnew(member(), null));
});
