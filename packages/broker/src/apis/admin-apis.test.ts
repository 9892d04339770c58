// The admin APIs through a real connection, in every version that is served.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  alterConfigsRequest,
  alterConfigsResponse,
  createPartitionsRequest,
  createPartitionsResponse,
  createTopicsRequest,
  createTopicsResponse,
  deleteTopicsRequest,
  deleteTopicsResponse,
  describeConfigsRequest,
  describeConfigsResponse,
  describeLogDirsRequest,
  describeLogDirsResponse,
  ErrorCode,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  metadataRequest,
  metadataResponse,
  ZERO_UUID,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';

const TOPIC = 2;
const BROKER = 4;
const GROUP = 32;

let broker: TestBroker;
let client: RawClient;

before(async () => {
  broker = await startTestBroker({ settings: ['auto.create.topics.enable=false'] });
  client = await RawClient.dial(broker);
});

after(async () => {
  client.close();
  await broker.stop();
});

async function create(name: string, options: { numPartitions?: number; version?: number } = {}) {
  const { numPartitions = 1, version = createTopicsRequest.versions.max } = options;
  const configs = [{ name: 'retention.ms', value: '1000' }];
  const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs };
  const { topics } = await client.request(createTopicsRequest, createTopicsResponse, version, {
    topics: [topic],
    timeoutMs: 1000,
  });
  return topics[0]!;
}

async function partitionCount(name: string): Promise<number | undefined> {
  const request = { topics: [{ name }], allowAutoTopicCreation: false };
  const { topics } = await client.request(metadataRequest, metadataResponse, 4, request);
  return topics[0]?.errorCode === ErrorCode.NONE ? topics[0].partitions.length : undefined;
}

async function describe(resourceType: number, resourceName: string, keys: string[] | null, version = 4) {
  const { results } = await client.request(describeConfigsRequest, describeConfigsResponse, version, {
    resources: [{ resourceType, resourceName, configurationKeys: keys }],
    includeSynonyms: true,
    includeDocumentation: true,
  });
  return results[0]!;
}

for (let version = 0; version <= 7; version += 1) {
  test(`CreateTopics version ${version}`, async () => {
    const name = `created-${version}`;
    const created = await create(name, { numPartitions: 3, version });
    assert.equal(created.errorCode, ErrorCode.NONE);
    assert.equal(created.topicId === ZERO_UUID, version < 7);
    assert.equal(created.numPartitions, version >= 5 ? 3 : -1);
    const retention = created.configs?.find((config) => config.name === 'retention.ms');
    assert.equal(retention?.value, version >= 5 ? '1000' : undefined);
    assert.equal(await partitionCount(name), 3);
    const again = await create(name, { version });
    assert.equal(again.errorCode, ErrorCode.TOPIC_ALREADY_EXISTS);
  });
}

for (let version = 0; version <= 6; version += 1) {
  test(`DeleteTopics version ${version}`, async () => {
    const name = `deleted-${version}`;
    await create(name);
    const byName =
      version < 6
        ? { topicNames: [name, 'nope'] }
        : { topics: [name, 'nope'].map((each) => ({ name: each, topicId: ZERO_UUID })) };
    const request = { topics: [], topicNames: [], timeoutMs: 1000, ...byName };
    const { responses } = await client.request(deleteTopicsRequest, deleteTopicsResponse, version, request);
    assert.deepEqual(
      responses.map((response) => [response.name, response.errorCode]),
      [
        [name, ErrorCode.NONE],
        ['nope', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      ],
    );
    assert.equal(await partitionCount(name), undefined);
  });
}

test('DeleteTopics by id and by name refuses the name and tells its id', async () => {
  const { topicId } = await create('both-ways');
  const topics = [
    { name: null, topicId },
    { name: 'both-ways', topicId: ZERO_UUID },
  ];
  const request = { topics, topicNames: [], timeoutMs: 1000 };
  const { responses } = await client.request(deleteTopicsRequest, deleteTopicsResponse, 6, request);
  assert.deepEqual(
    responses.map(({ name, topicId: id, errorCode }) => ({ name, id, errorCode })),
    [{ name: 'both-ways', id: topicId, errorCode: ErrorCode.INVALID_REQUEST }],
  );
});

test('DeleteTopics by id', async () => {
  const { topicId } = await create('by-id');
  const request = { topics: [{ name: null, topicId }], topicNames: [], timeoutMs: 1000 };
  const { responses } = await client.request(deleteTopicsRequest, deleteTopicsResponse, 6, request);
  assert.deepEqual(responses[0], { name: 'by-id', topicId, errorCode: 0, errorMessage: null });
});

for (let version = 0; version <= 3; version += 1) {
  test(`CreatePartitions version ${version}`, async () => {
    const name = `raised-${version}`;
    await create(name);
    const raise = async (count: number, validateOnly: boolean) => {
      const request = { topics: [{ name, count, assignments: null }], timeoutMs: 1000, validateOnly };
      const { results } = await client.request(
        createPartitionsRequest,
        createPartitionsResponse,
        version,
        request,
      );
      return results[0]!.errorCode;
    };
    assert.equal(await raise(4, true), ErrorCode.NONE);
    assert.equal(await partitionCount(name), 1);
    assert.equal(await raise(4, false), ErrorCode.NONE);
    assert.equal(await partitionCount(name), 4);
    assert.equal(await raise(4, false), ErrorCode.INVALID_PARTITIONS);
  });
}

for (let version = 0; version <= 4; version += 1) {
  test(`DescribeConfigs version ${version}`, async () => {
    const name = `described-${version}`;
    await create(name);
    const { errorCode, configs } = await describe(
      TOPIC,
      name,
      ['retention.ms', 'segment.bytes', 'nope'],
      version,
    );
    assert.equal(errorCode, ErrorCode.NONE);
    const [retention, segment] = ['retention.ms', 'segment.bytes'].map((key) => {
      return configs.find((config) => config.name === key)!;
    });
    assert.equal(configs.length, 2);
    assert.equal(retention?.value, '1000');
    assert.equal(segment?.value, '1073741824');
    if (version === 0) assert.deepEqual([retention?.isDefault, segment?.isDefault], [false, true]);
    else assert.deepEqual([retention?.configSource, segment?.configSource], [1, 5]);
    assert.equal(retention?.synonyms.length, version >= 1 ? 2 : 0);
    assert.equal(retention?.configType, version >= 3 ? 5 : 0);
    assert.equal((retention?.documentation ?? '') !== '', version >= 3);
  });
}

test('DescribeConfigs without keys, or with an empty list of them, describes all', async () => {
  await create('whole');
  const all = await describe(TOPIC, 'whole', null);
  assert.ok(all.configs.length > 30);
  assert.equal((await describe(TOPIC, 'whole', [])).configs.length, all.configs.length);
});

test('DescribeConfigs tells a key once, and of a group what stands behind it', async () => {
  await create('twice');
  assert.equal((await describe(TOPIC, 'twice', ['retention.ms', 'retention.ms'])).configs.length, 1);
  const key = 'consumer.session.timeout.ms';
  const { configs } = await describe(GROUP, 'some-group', [key]);
  assert.deepEqual(configs[0]?.synonyms, [{ name: `group.${key}`, value: '45000', source: 5 }]);
});

test('DescribeLogDirs lists partitions that nobody has written to', async () => {
  await create('unwritten', { numPartitions: 2 });
  const request = { topics: [{ topic: 'unwritten', partitions: [1, 7] }] };
  const { results } = await client.request(describeLogDirsRequest, describeLogDirsResponse, 4, request);
  const partition = { partitionIndex: 1, partitionSize: 0, offsetLag: 0, isFutureKey: false };
  assert.deepEqual(results[0]?.topics, [{ name: 'unwritten', partitions: [partition] }]);
});

test('DescribeConfigs says what is wrong with a resource', async () => {
  const message = async (type: number, name: string) => (await describe(type, name, null)).errorMessage;
  assert.equal(await message(TOPIC, 'nope'), "The topic 'nope' does not exist.");
  assert.match((await message(TOPIC, 'a/b')) ?? '', /^Topic name is invalid/);
  assert.match((await message(BROKER, 'x')) ?? '', /must be an integer/);
  assert.match((await message(BROKER, '77')) ?? '', /^Unexpected broker id/);
  assert.equal(await message(77, 'x'), 'Unknown resource type 77');
});

for (let version = 0; version <= 2; version += 1) {
  test(`AlterConfigs version ${version}`, async () => {
    const name = `replaced-${version}`;
    await create(name);
    const configs = [{ name: 'segment.bytes', value: '2000000' }];
    const request = {
      resources: [{ resourceType: TOPIC, resourceName: name, configs }],
      validateOnly: false,
    };
    const { responses } = await client.request(alterConfigsRequest, alterConfigsResponse, version, request);
    assert.equal(responses[0]?.errorCode, ErrorCode.NONE);
    const described = await describe(TOPIC, name, ['segment.bytes', 'retention.ms']);
    const values = Object.fromEntries(described.configs.map((config) => [config.name, config.value]));
    assert.deepEqual(values, { 'segment.bytes': '2000000', 'retention.ms': '604800000' });
  });
}

for (let version = 0; version <= 1; version += 1) {
  test(`IncrementalAlterConfigs version ${version} takes effect on a topic and on the broker at once`, async () => {
    const name = `changed-${version}`;
    await create(name);
    const set = (key: string, value: string) => [{ name: key, configOperation: 0, value }];
    const { responses } = await client.request(
      incrementalAlterConfigsRequest,
      incrementalAlterConfigsResponse,
      version,
      {
        resources: [
          { resourceType: TOPIC, resourceName: name, configs: set('segment.ms', '60000') },
          {
            resourceType: BROKER,
            resourceName: '',
            configs: set('log.segment.bytes', `${5_000_000 + version}`),
          },
        ],
        validateOnly: false,
      },
    );
    assert.deepEqual(
      responses.map(({ errorCode }) => errorCode),
      [ErrorCode.NONE, ErrorCode.NONE],
    );
    const described = await describe(TOPIC, name, ['segment.ms', 'segment.bytes', 'retention.ms']);
    const values = Object.fromEntries(described.configs.map((config) => [config.name, config.value]));
    assert.deepEqual(values, {
      'segment.ms': '60000',
      'segment.bytes': `${5_000_000 + version}`,
      'retention.ms': '1000',
    });
  });
}
