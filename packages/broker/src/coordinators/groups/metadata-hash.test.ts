import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupTopic, GroupTopics } from './group-topics.ts';
import { metadataHash } from './metadata-hash.ts';

function topicsOf(topics: readonly GroupTopic[], racks: readonly string[] = []): GroupTopics {
  return {
    version: () => 1,
    byName: (name) => topics.find((topic) => topic.name === name),
    byId: (id) => topics.find((topic) => topic.id === id),
    names: () => topics.map(({ name }) => name),
    racks: () => racks,
  };
}

const topic: GroupTopic = {
  name: 'mwqknjew.JoinGroup-of-a-group-of-the-consumer-protocol-v0.t',
  id: '0bhOsryJQFKCvWnv8zqKoA',
  partitionCount: 2,
};

test('is the one that Kafka 4.3 wrote down for the same topic', () => {
  assert.equal(metadataHash([topic.name], topicsOf([topic])), 855_713_008_604_231_664n);
});

test('leaves topics out that do not exist', () => {
  assert.equal(
    metadataHash([topic.name, 'none'], topicsOf([topic])),
    metadataHash([topic.name], topicsOf([topic])),
  );
  assert.equal(metadataHash(['none'], topicsOf([])), 0n);
});

test('changes with everything that matters and not with the order', () => {
  const other = { name: 'u', id: 'AAAAAAAAAAAAAAAAAAAABA', partitionCount: 1 };
  const both = metadataHash([topic.name, 'u'], topicsOf([topic, other]));
  assert.equal(metadataHash(['u', topic.name], topicsOf([other, topic])), both);
  const hashes = [
    both,
    metadataHash([topic.name], topicsOf([topic])),
    metadataHash([topic.name], topicsOf([{ ...topic, partitionCount: 3 }])),
    metadataHash([topic.name], topicsOf([{ ...topic, id: other.id }])),
    metadataHash([topic.name], topicsOf([topic], ['rack'])),
  ];
  assert.equal(new Set(hashes).size, hashes.length);
});
