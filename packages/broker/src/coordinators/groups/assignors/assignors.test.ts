import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seedOf } from '@moldau/testing';
import type { Assignor, AssignorMember, TopicPartitions } from './assignor.ts';
import { assignByRange } from './range.ts';
import { assignUniformly } from './uniform.ts';

const SEED = seedOf();

function member(memberId: string, topicIds: string[], fields: Partial<AssignorMember> = {}): AssignorMember {
  return { memberId, instanceId: null, topicIds: new Set(topicIds), previous: new Map(), ...fields };
}

function assign(assignor: Assignor, counts: Record<string, number>, members: AssignorMember[]) {
  return assignor({ members, partitionCount: (topicId) => counts[topicId] ?? 0 });
}

function listed(assignment: Map<string, TopicPartitions>): Record<string, Record<string, number[]>> {
  return Object.fromEntries(
    [...assignment].map(([memberId, topics]) => [
      memberId,
      Object.fromEntries([...topics].map(([topic, partitions]) => [topic, [...partitions].sort()])),
    ]),
  );
}

function size(partitions: TopicPartitions | undefined): number {
  return [...(partitions?.values() ?? [])].reduce((sum, each) => sum + each.size, 0);
}

describe('the range assignor', () => {
  test('gives neighbours to each, the first ones one more', () => {
    const members = [member('b', ['t', 'u']), member('a', ['t', 'u'])];
    assert.deepEqual(listed(assign(assignByRange, { t: 3, u: 4 }, members)), {
      a: { t: [0, 1], u: [0, 1] },
      b: { t: [2], u: [2, 3] },
    });
  });

  test('takes static members first, by their names', () => {
    const members = [
      member('a', ['t']),
      member('b', ['t'], { instanceId: '2' }),
      member('c', ['t'], { instanceId: '1' }),
    ];
    assert.deepEqual(listed(assign(assignByRange, { t: 3 }, members)), {
      c: { t: [0] },
      b: { t: [1] },
      a: { t: [2] },
    });
  });

  test('shares a topic among those who subscribe to it', () => {
    const members = [member('a', ['t']), member('b', ['t', 'u']), member('c', [])];
    assert.deepEqual(listed(assign(assignByRange, { t: 2, u: 2 }, members)), {
      a: { t: [0] },
      b: { t: [1], u: [0, 1] },
      c: {},
    });
  });
});

describe('the uniform assignor', () => {
  test('deals out evenly, whatever the topics', () => {
    const assignment = assign(assignUniformly, { t: 1, u: 1, v: 3 }, [
      member('a', ['t', 'u', 'v']),
      member('b', ['t', 'u', 'v']),
    ]);
    assert.deepEqual([size(assignment.get('a')), size(assignment.get('b'))].sort(), [2, 3]);
  });

  test('keeps what members have when another comes', () => {
    const before = assign(assignUniformly, { t: 6 }, [member('a', ['t']), member('b', ['t'])]);
    const after = assign(assignUniformly, { t: 6 }, [
      ...['a', 'b'].map((id) => member(id, ['t'], { previous: before.get(id)! })),
      member('c', ['t']),
    ]);
    for (const id of ['a', 'b']) {
      assert.equal(size(after.get(id)), 2);
      assert.ok(after.get(id)!.get('t')!.isSubsetOf(before.get(id)!.get('t')!));
    }
  });

  test('moves nothing when nothing changes', () => {
    const members = ['a', 'b', 'c'].map((id) => member(id, ['t', 'u']));
    const before = assign(assignUniformly, { t: 5, u: 2 }, members);
    const again = members.map((each) => ({ ...each, previous: before.get(each.memberId)! }));
    assert.deepEqual(listed(assign(assignUniformly, { t: 5, u: 2 }, again)), listed(before));
  });

  test('gives most of a shared topic to those who have nothing else', () => {
    const assignment = assign(assignUniformly, { t: 4, u: 4 }, [member('a', ['t']), member('b', ['t', 'u'])]);
    assert.deepEqual(listed(assignment), { a: { t: [0, 1, 2, 3] }, b: { u: [0, 1, 2, 3] } });
  });

  test('takes back what a topic no longer has', () => {
    const previous = new Map([
      ['t', new Set([0, 1, 2])],
      ['gone', new Set([0])],
    ]);
    assert.deepEqual(listed(assign(assignUniformly, { t: 2 }, [member('a', ['t'], { previous })])), {
      a: { t: [0, 1] },
    });
  });
});

for (const [name, assignor] of [
  ['range', assignByRange],
  ['uniform', assignUniformly],
] as const) {
  test(`the ${name} assignor gives every partition to one subscriber, over any history`, () => {
    let seed = SEED;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 4_294_967_296) * below);
    };
    for (let round = 0; round < 60; round++) {
      const counts = { t: random(12), u: random(7), v: random(3) };
      const isMixed = random(2) === 0;
      let members: AssignorMember[] = Array.from({ length: 1 + random(7) }, (_, index) =>
        member(`m${index}`, isMixed ? ['t', 'u', 'v'].filter(() => random(2) === 0) : ['t', 'u', 'v']),
      );
      for (let step = 0; step < 4; step++) {
        const assignment = assign(assignor, counts, members);
        check(`seed ${SEED} round ${round}`, counts, members, assignment, name === 'uniform' && !isMixed);
        members = members
          .map((each) => ({ ...each, previous: assignment.get(each.memberId)! }))
          .filter(() => random(5) > 0);
        if (random(2) === 0) members.push(member(`n${step}`, isMixed ? ['t'] : ['t', 'u', 'v']));
        if (random(3) === 0) counts.t += random(3);
      }
    }
  });
}

function check(
  label: string,
  counts: Record<string, number>,
  members: AssignorMember[],
  assignment: Map<string, TopicPartitions>,
  isEven: boolean,
): void {
  const seen = new Set<string>();
  for (const { memberId, topicIds } of members) {
    for (const [topic, partitions] of assignment.get(memberId)!) {
      assert.ok(topicIds.has(topic), `${label}: ${memberId} is not subscribed to ${topic}`);
      assert.ok(partitions.size > 0, `${label}: an empty topic`);
      for (const partition of partitions) {
        assert.ok(partition < counts[topic]!, `${label}: ${topic} has no partition ${partition}`);
        assert.ok(!seen.has(`${topic}-${partition}`), `${label}: ${topic}-${partition} has two owners`);
        seen.add(`${topic}-${partition}`);
      }
    }
  }
  const subscribed = new Set(members.flatMap(({ topicIds }) => [...topicIds]));
  const total = [...subscribed].reduce((sum, topic) => sum + counts[topic]!, 0);
  assert.equal(seen.size, total, `${label}: partitions are left over`);
  const sizes = members.map(({ memberId }) => size(assignment.get(memberId)));
  if (isEven)
    assert.ok(Math.max(...sizes, 0) - Math.min(...sizes, total) <= 1, `${label}: ${sizes} is uneven`);
}
