// The assignors against what those of Java's consumer (Kafka 4.3) made of the same members: histories of groups whose members come and go, read other
// topics, miss rebalances, and tell the same partition twice.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeSubscription, encodeSubscription } from '../consumer-protocol.ts';
import type { AssignorName, SubscribedMember } from './assignor.ts';
import { ASSIGNOR_NAMES, makeAssignor } from './assignors.ts';

interface Line {
  readonly assignor: AssignorName;
  readonly topics: Record<string, number>;
  readonly members: readonly { id: string; instance: string | null; wire: string }[];
  readonly assigned: Record<string, Record<string, number[]>>;
}

const fixture = new URL('../../../../fixtures/java-assignments.jsonl.gz', import.meta.url);
const lines = gunzipSync(readFileSync(fixture))
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);

function membersOf({ members }: Line): SubscribedMember[] {
  return members.map(({ id, instance, wire }) =>
    decodeSubscription(id, instance ?? undefined, Buffer.from(wire, 'hex')),
  );
}

function asTopics(partitions: readonly { topic: string; partition: number }[]): Record<string, number[]> {
  const topics: Record<string, number[]> = {};
  for (const { topic, partition } of partitions) {
    topics[topic] ??= [];
    topics[topic].push(partition);
  }
  for (const list of Object.values(topics)) list.sort((left, right) => left - right);
  return topics;
}

describe('assignors', () => {
  for (const name of ASSIGNOR_NAMES) {
    it(`${name} assigns as Java's does`, () => {
      const own = lines.filter(({ assignor }) => assignor === name);
      assert.ok(own.length > 50);
      for (const line of own) {
        const wanted = new Set(line.members.flatMap((_, index) => membersOf(line)[index]!.topics));
        const counts = new Map(Object.entries(line.topics).filter(([topic]) => wanted.has(topic)));
        const result = makeAssignor(name).assign(counts, membersOf(line));
        const assigned = Object.fromEntries(
          [...result].map(([memberId, { partitions }]) => [memberId, asTopics(partitions)]),
        );
        assert.deepEqual(assigned, line.assigned, JSON.stringify(line));
      }
    });
  }

  it("writes subscriptions byte for byte as Java's consumer", () => {
    for (const line of lines) {
      for (const { wire } of line.members) {
        const content = decodeSubscription('', undefined, Buffer.from(wire, 'hex'));
        assert.equal(encodeSubscription(content).toString('hex'), wire);
      }
    }
  });
});
