// What the commands decide, against an image; the words are Kafka's, taken from answers of its broker.

import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigResourceType, MetadataImage } from '@moldau/metadata';
import { ErrorCode, ZERO_UUID } from '@moldau/protocol';
import { BrokerConfig } from '../config/broker-config.ts';
import { alterConfigs, ConfigOperation, incrementalAlterConfigs } from './alter-configs.ts';
import { createPartitions } from './create-partitions.ts';
import { createTopics, type NewTopic, type TopicDefaults } from './create-topics.ts';
import { deleteTopics } from './delete-topics.ts';
import { MetadataView } from './metadata-view.ts';

const config = new BrokerConfig();
let nextId = 0;
const defaults: TopicDefaults = {
  numPartitions: 4,
  replicationFactor: 3,
  newTopicId: () => `${String(nextId++).padStart(21, '0')}A`,
  firstBroker: () => 0,
};

function imageWithBrokers(...brokerIds: number[]): MetadataImage {
  const image = new MetadataImage();
  for (const brokerId of brokerIds) image.apply({ type: 'broker', brokerId, endpoints: [], rack: null });
  return image;
}

function topic(name: string, change: Partial<NewTopic> = {}): NewTopic {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...change };
}

/** Creates the topics and applies the records to the image. */
function create(image: MetadataImage, ...topics: NewTopic[]) {
  const { records, response } = createTopics(image, { topics, validateOnly: false }, defaults);
  for (const record of records) image.apply(record);
  return response;
}

function assignment(...replicas: number[][]): Partial<NewTopic> {
  const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }));
  return { numPartitions: -1, replicationFactor: -1, assignments };
}

const refusedTopics: [topic: NewTopic, code: keyof typeof ErrorCode, message: string][] = [
  [topic(''), 'INVALID_TOPIC_EXCEPTION', 'Topic name is invalid: the empty string is not allowed'],
  [topic('.'), 'INVALID_TOPIC_EXCEPTION', "Topic name is invalid: '.' is not allowed"],
  [topic('..'), 'INVALID_TOPIC_EXCEPTION', "Topic name is invalid: '..' is not allowed"],
  [
    topic('a/b'),
    'INVALID_TOPIC_EXCEPTION',
    "Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
  ],
  [
    topic('x'.repeat(250)),
    'INVALID_TOPIC_EXCEPTION',
    `Topic name is invalid: the length of '${'x'.repeat(250)}' is longer than the max allowed length 249`,
  ],
  [
    topic('__cluster_metadata'),
    'INVALID_REQUEST',
    'Creation of internal topic __cluster_metadata is prohibited.',
  ],
  [topic('a_b'), 'INVALID_TOPIC_EXCEPTION', "Topic 'a_b' collides with existing topic: a.b"],
  [topic('a.b'), 'TOPIC_ALREADY_EXISTS', "Topic 'a.b' already exists."],
  [
    topic('t', { numPartitions: 0 }),
    'INVALID_PARTITIONS',
    'Number of partitions was set to an invalid non-positive value.',
  ],
  [
    topic('t', { replicationFactor: -2 }),
    'INVALID_REPLICATION_FACTOR',
    'Replication factor must be larger than 0, or -1 to use the default value.',
  ],
  [
    topic('t', { replicationFactor: 2 }),
    'INVALID_REPLICATION_FACTOR',
    'Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because only 1 broker(s) are registered.',
  ],
  [
    topic('t', { numPartitions: 10_001 }),
    'POLICY_VIOLATION',
    'Excessively large number of partitions per request: at most 10000 can be created at once.',
  ],
  [
    topic('t', assignment([1, 1])),
    'INVALID_REPLICA_ASSIGNMENT',
    'The manual partition assignment includes the broker 1 more than once.',
  ],
  [
    topic('t', assignment([9])),
    'INVALID_REPLICA_ASSIGNMENT',
    'The manual partition assignment includes broker 9, but no such broker is registered.',
  ],
  [
    topic('t', assignment([1], [])),
    'INVALID_REPLICA_ASSIGNMENT',
    'The manual partition assignment includes an empty replica list.',
  ],
  [
    topic('t', { ...assignment([1]), assignments: [{ partitionIndex: 1, brokerIds: [1] }] }),
    'INVALID_REPLICA_ASSIGNMENT',
    'partitions should be a consecutive 0-based integer sequence',
  ],
  [
    topic('t', { ...assignment([1]), numPartitions: 1 }),
    'INVALID_REQUEST',
    'A manual partition assignment was specified, but numPartitions was not set to -1.',
  ],
  [
    topic('t', { ...assignment([1]), replicationFactor: 1 }),
    'INVALID_REQUEST',
    'A manual partition assignment was specified, but replication factor was not set to -1.',
  ],
  [
    topic('t', { configs: [{ name: 'foo', value: 'bar' }] }),
    'INVALID_CONFIG',
    'Unknown topic config name: foo',
  ],
  [
    topic('t', { configs: [{ name: 'retention.ms', value: null }] }),
    'INVALID_CONFIG',
    'Null value not supported for topic configs: retention.ms',
  ],
];

for (const [wanted, code, message] of refusedTopics) {
  const { name, assignments, configs, ...counts } = wanted;
  const asked = JSON.stringify([name.slice(0, 20), counts, assignments, configs]);
  test(`refuses to create ${asked}`, () => {
    const image = imageWithBrokers(1);
    create(image, topic('a.b'));
    const { records, response } = createTopics(image, { topics: [wanted], validateOnly: false }, defaults);
    assert.deepEqual(records, []);
    assert.equal(response[0]?.errorMessage, message);
    assert.equal(response[0]?.errorCode, ErrorCode[code]);
    assert.equal(response[0]?.topicId, ZERO_UUID);
  });
}

test('creates topics by the defaults, with no more replicas than there are brokers', () => {
  const image = imageWithBrokers(1, 2);
  const [created] = create(image, topic('t', { numPartitions: -1, replicationFactor: -1 }));
  assert.equal(created?.numPartitions, 4);
  assert.equal(created?.replicationFactor, 2);
  const leaders = [...image.topicByName('t')!.partitions()].map(({ leader }) => leader);
  assert.deepEqual(leaders, [1, 2, 1, 2]);
});

test('creates partitions where they were asked for', () => {
  const image = imageWithBrokers(1, 2, 3);
  create(image, topic('t', assignment([3, 1], [2, 3])));
  assert.deepEqual(image.topicByName('t')?.partition(0), {
    leader: 3,
    leaderEpoch: 0,
    replicas: [3, 1],
    isr: [3, 1],
  });
  const [uneven] = create(image, topic('u', assignment([1], [1, 2])));
  assert.equal(uneven?.errorCode, ErrorCode.INVALID_REPLICA_ASSIGNMENT);
});

test('keeps the configs of a new topic, and forgets them with it', () => {
  const image = imageWithBrokers(1);
  create(image, topic('t', { configs: [{ name: 'retention.ms', value: '5' }] }));
  assert.equal(image.topicConfigs('t').get('retention.ms'), '5');
  const { records } = deleteTopics(image, [{ name: 't', topicId: ZERO_UUID }]);
  for (const record of records) image.apply(record);
  create(image, topic('t'));
  assert.equal(image.topicConfigs('t').size, 0);
});

test('only tries out what is only to be validated, each topic against those before it', () => {
  const image = imageWithBrokers(1);
  const topics = [topic('a.b'), topic('a_b'), topic('d'), topic('d')];
  const { records, response } = createTopics(image, { topics, validateOnly: true }, defaults);
  assert.deepEqual(records, []);
  assert.deepEqual(
    response.map(({ name, errorCode }) => [name, errorCode]),
    [
      ['a.b', ErrorCode.NONE],
      ['a_b', ErrorCode.INVALID_TOPIC_EXCEPTION],
      ['d', ErrorCode.INVALID_REQUEST],
    ],
  );
});

test('deletes topics by name and by id, each once', () => {
  const image = imageWithBrokers(1);
  create(image, ...['a', 'b', 'c', 'd'].map((name) => topic(name)));
  const id = (name: string) => image.topicByName(name)!.id;
  const { records, response } = deleteTopics(image, [
    { name: 'a', topicId: ZERO_UUID },
    { name: null, topicId: id('b') },
    { name: 'c', topicId: ZERO_UUID },
    { name: null, topicId: id('c') },
    { name: 'd', topicId: ZERO_UUID },
    { name: 'd', topicId: ZERO_UUID },
    { name: 'd', topicId: id('d') },
    { name: 'e', topicId: ZERO_UUID },
    { name: null, topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' },
    { name: null, topicId: ZERO_UUID },
  ]);
  assert.deepEqual(records, [
    { type: 'topic-removed', topicId: id('a') },
    { type: 'topic-removed', topicId: id('b') },
  ]);
  assert.deepEqual(
    response.map(({ name, errorMessage }) => [name, errorMessage]),
    [
      ['a', null],
      ['b', null],
      ['c', 'The provided topic name maps to an ID that was already supplied.'],
      ['e', 'This server does not host this topic-partition.'],
      [null, 'This server does not host this topic ID.'],
      [null, 'Neither topic name nor id were specified.'],
      ['d', 'Duplicate topic name.'],
    ],
  );
});

test('refuses a topic by name and id at once', () => {
  const image = imageWithBrokers(1);
  create(image, topic('a'));
  const { response } = deleteTopics(image, [{ name: 'a', topicId: image.topicByName('a')!.id }]);
  assert.equal(response[0]?.errorMessage, 'You may not specify both topic name and topic id.');
});

const refusedCounts: [count: number, assignments: number[][] | null, message: string][] = [
  [2, null, 'Topic already has 2 partition(s).'],
  [1, null, 'The topic t currently has 2 partition(s); 1 would not be an increase.'],
  [4, [[1]], 'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.'],
  [3, [[7]], 'The manual partition assignment includes broker 7, but no such broker is registered.'],
  [
    3,
    [[1, 2]],
    'The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 1 replica(s).',
  ],
];

for (const [count, brokers, message] of refusedCounts) {
  test(`refuses to raise two partitions to ${count} on ${JSON.stringify(brokers)}`, () => {
    const image = imageWithBrokers(1, 2);
    create(image, topic('t', { numPartitions: 2 }));
    const assignments = brokers?.map((brokerIds) => ({ brokerIds })) ?? null;
    const topics = [{ name: 't', count, assignments }];
    const { records, response } = createPartitions(image, { topics, validateOnly: false });
    assert.deepEqual(records, []);
    assert.equal(response[0]?.errorMessage, message);
  });
}

test('adds partitions', () => {
  const image = imageWithBrokers(1);
  create(image, topic('t', { numPartitions: 2 }));
  const topics = [{ name: 't', count: 5, assignments: null }];
  assert.deepEqual(createPartitions(image, { topics, validateOnly: true }).records, []);
  for (const record of createPartitions(image, { topics, validateOnly: false }).records) image.apply(record);
  assert.equal(image.topicByName('t')?.partitionCount, 5);
});

/** Changes configs of topic t and gives the answer's message and what is then set. */
function change(
  image: MetadataImage,
  ...operations: [name: string, operation: number, value: string | null][]
) {
  const configs = operations.map(([name, configOperation, value]) => ({ name, configOperation, value }));
  const resources = [{ resourceType: ConfigResourceType.TOPIC, resourceName: 't', configs }];
  const { records, response } = incrementalAlterConfigs(image, { resources, validateOnly: false }, config);
  for (const record of records) image.apply(record);
  return { message: response[0]?.errorMessage, set: Object.fromEntries(image.topicConfigs('t')) };
}

test('sets, deletes, appends and subtracts configs', () => {
  const { SET, DELETE, APPEND, SUBTRACT } = ConfigOperation;
  const image = imageWithBrokers(1);
  create(image, topic('t'));
  assert.deepEqual(change(image, ['retention.ms', SET, '5'], ['segment.ms', SET, '6']).set, {
    'retention.ms': '5',
    'segment.ms': '6',
  });
  assert.deepEqual(change(image, ['retention.ms', DELETE, null], ['segment.bytes', DELETE, null]).set, {
    'segment.ms': '6',
  });
  change(image, ['segment.ms', DELETE, null]);
  assert.equal(change(image, ['cleanup.policy', APPEND, 'compact']).set['cleanup.policy'], 'delete,compact');
  assert.equal(change(image, ['cleanup.policy', APPEND, 'compact']).set['cleanup.policy'], 'delete,compact');
  assert.equal(change(image, ['cleanup.policy', SUBTRACT, 'delete']).set['cleanup.policy'], 'compact');
});

test('refuses wrong config changes, and then changes nothing of the resource', () => {
  const { SET, APPEND } = ConfigOperation;
  const image = imageWithBrokers(1);
  create(image, topic('t'));
  const refused = (...operations: Parameters<typeof change>[1][]) => {
    const { message, set } = change(image, ...operations);
    assert.deepEqual(set, {});
    return message;
  };
  assert.equal(refused(['foo', SET, '1']), 'Unknown topic config name: foo');
  assert.match(refused(['retention.ms', SET, '1'], ['segment.bytes', SET, 'x']) ?? '', /segment\.bytes/);
  assert.equal(refused(['retention.ms', SET, null]), 'Null value not supported for : retention.ms');
  assert.equal(
    refused(['retention.ms', APPEND, '1']),
    "Can't APPEND to key retention.ms because its type is not LIST.",
  );
  assert.equal(
    refused(['retention.ms', SET, '1'], ['retention.ms', SET, '2']),
    'Error due to duplicate config keys',
  );
  assert.match(refused(['retention.ms', 9, '1']) ?? '', /Unknown config operation 9/);
});

test('takes no topic into memory or out of it, as its records would not be seen any more', () => {
  const { SET, DELETE } = ConfigOperation;
  const image = imageWithBrokers(1);
  create(image, topic('t'));
  const { message, set } = change(image, ['moldau.durability', SET, 'memory'], ['retention.ms', SET, '5']);
  assert.match(
    message ?? '',
    /^moldau\.durability of the topic t is fsync and cannot become memory: .*make a new topic/i,
  );
  assert.deepEqual(set, {});
  assert.equal(change(image, ['moldau.durability', SET, 'replicated']).message, null);
  const other = imageWithBrokers(1);
  create(other, topic('t', { configs: [{ name: 'moldau.durability', value: 'memory' }] }));
  assert.match(
    change(other, ['moldau.durability', DELETE, null]).message ?? '',
    /is memory and cannot become fsync/,
  );
  assert.equal(change(other, ['moldau.durability', SET, 'memory'], ['retention.ms', SET, '5']).message, null);
});

test('refuses resources that are not there or come twice', () => {
  const image = imageWithBrokers(1);
  create(image, topic('t'));
  const messageFor = (...resources: [type: number, name: string][]) =>
    alterConfigs(
      image,
      {
        resources: resources.map(([resourceType, resourceName]) => ({
          resourceType,
          resourceName,
          configs: [],
        })),
        validateOnly: false,
      },
      config,
    ).response[0]?.errorMessage;
  assert.equal(messageFor([2, 'nope']), "The topic 'nope' does not exist.");
  assert.equal(messageFor([2, '']), 'Default topic resources are not allowed.');
  assert.equal(messageFor([4, 'x']), 'Node id must be an integer, but it is: x');
  assert.equal(messageFor([4, '9']), 'Unexpected broker id, expected 1, but received 9');
  assert.equal(messageFor([32, '']), 'Default group resources are not allowed.');
  assert.equal(messageFor([16, '']), "Subscription name can't be empty");
  assert.equal(messageFor([77, 'x']), 'Unknown resource type 77');
  assert.equal(messageFor([2, 't'], [2, 't']), 'Each resource must appear at most once.');
});

test('replaces all configs of a resource', () => {
  const image = imageWithBrokers(1);
  create(image, topic('t', { configs: [{ name: 'retention.ms', value: '5' }] }));
  const configs = [{ name: 'segment.ms', value: '6' }];
  const resources = [{ resourceType: ConfigResourceType.TOPIC, resourceName: 't', configs }];
  const { records } = alterConfigs(image, { resources, validateOnly: false }, config);
  for (const record of records) image.apply(record);
  assert.deepEqual([...image.topicConfigs('t')], [['segment.ms', '6']]);
});

test('a view shows what was decided over the image, and the image does not', () => {
  const image = imageWithBrokers(1);
  create(image, topic('a.b'), topic('keep'));
  const view = new MetadataView(image);
  view.apply({ type: 'topic-removed', topicId: image.topicByName('a.b')!.id });
  for (const record of createTopics(view, { topics: [topic('a_b')], validateOnly: false }, defaults)
    .records) {
    view.apply(record);
  }
  assert.equal(view.topicByName('a.b'), undefined);
  assert.equal(view.collidingTopic('a.b'), 'a_b');
  assert.equal(view.topicByName('keep'), image.topicByName('keep'));
  assert.equal(image.topicByName('a_b'), undefined);
});
