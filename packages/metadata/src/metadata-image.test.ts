import assert from 'node:assert/strict';
import test from 'node:test';
import { MetadataImage } from './metadata-image.ts';
import { ConfigResourceType, type MetadataRecord, type PartitionState } from './records.ts';

const onOne: PartitionState = { leader: 1, leaderEpoch: 0, replicas: [1], isr: [1] };
const id = (n: number): string => `topic${String(n).padStart(17, '0')}`;

function topic(n: number, name: string, count = 1): MetadataRecord {
  return { type: 'topic', id: id(n), name, partitions: [{ count, state: { ...onOne } }] };
}

function imageOf(records: Iterable<MetadataRecord>): MetadataImage {
  const image = new MetadataImage();
  for (const record of records) image.apply(record);
  return image;
}

test('finds a topic by name and by id', () => {
  const image = imageOf([topic(1, 'orders', 3)]);
  assert.equal(image.topicByName('orders'), image.topicById(id(1)));
  assert.equal(image.topicByName('orders')?.partitionCount, 3);
  assert.deepEqual(image.topicByName('orders')?.partition(2), onOne);
  assert.equal(image.topicByName('orders')?.partition(3), undefined);
  assert.equal(image.topicByName('orders')?.partition(-1), undefined);
  assert.equal(image.topicByName('payments'), undefined);
});

test('adds partitions behind those a topic has, and leaves an image handed out before as it was', () => {
  const image = imageOf([topic(1, 'orders', 2)]);
  const before = image.topicByName('orders');
  const onTwo: PartitionState = { leader: 2, leaderEpoch: 5, replicas: [2, 1], isr: [2] };
  image.apply({ type: 'partitions-added', topicId: id(1), partitions: [{ count: 1, state: onTwo }] });
  assert.equal(before?.partitionCount, 2);
  assert.deepEqual([...image.topicByName('orders')!.partitions()], [onOne, onOne, onTwo]);
  assert.equal(image.topicById(id(1)), image.topicByName('orders'));
  assert.equal(image.partitionCount, 3);
});

test('forgets a removed topic and its configs', () => {
  const image = imageOf([
    topic(1, 'orders', 2),
    {
      type: 'config',
      resourceType: 2,
      resourceName: 'orders',
      entries: [{ name: 'retention.ms', value: '1' }],
    },
    { type: 'topic-removed', topicId: id(1) },
  ]);
  assert.equal(image.topicByName('orders'), undefined);
  assert.equal(image.topicById(id(1)), undefined);
  assert.equal(image.partitionCount, 0);
  assert.equal(image.topicConfigs('orders').size, 0);
  assert.deepEqual(image.sortedTopicNames(), []);
});

test('knows the levels of features, and none of those taken back', () => {
  const image = imageOf([
    { type: 'feature', name: 'group.version', level: 1 },
    { type: 'feature', name: 'transaction.version', level: 2 },
    { type: 'feature', name: 'group.version', level: 0 },
  ]);
  assert.deepEqual(Object.fromEntries(image.features), { 'transaction.version': 2 });
  assert.equal(image.featureLevel('transaction.version'), 2);
  assert.equal(image.featureLevel('group.version'), 0);
});

test('knows quotas by whom they are for, whatever the order of the parts', () => {
  const user = { entityType: 'user', entityName: 'ada' };
  const everyClientId = { entityType: 'client-id', entityName: null };
  const quota = (key: string, value: number, isRemoved = false): MetadataRecord => ({
    type: 'client-quota',
    entity: [user, everyClientId],
    ...{ key, value, isRemoved },
  });
  const image = imageOf([quota('producer_byte_rate', 10), quota('request_percentage', 0.5)]);
  const found = image.clientQuotas.get([everyClientId, user])!;
  assert.deepEqual(found.entity, [everyClientId, user]);
  assert.deepEqual(Object.fromEntries(found.quotas), { producer_byte_rate: 10, request_percentage: 0.5 });
  assert.deepEqual(imageOf(image.records()).clientQuotas.get([user, everyClientId]), found);
  image.apply(quota('producer_byte_rate', 0, true));
  image.apply(quota('request_percentage', 0, true));
  assert.equal(image.clientQuotas.get([user, everyClientId]), undefined);
  assert.equal(image.clientQuotas.size, 0);
});

test('keeps configs that a change does not name, and forgets those set to null', () => {
  const image = new MetadataImage();
  const change = (entries: { name: string; value: string | null }[]) =>
    image.apply({ type: 'config', resourceType: ConfigResourceType.BROKER, resourceName: '', entries });
  change([
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
  ]);
  change([{ name: 'a', value: null }]);
  assert.deepEqual([...image.configs(ConfigResourceType.BROKER, '')], [['b', '2']]);
  change([{ name: 'b', value: null }]);
  assert.deepEqual(image.configuredResources(ConfigResourceType.BROKER), []);
});

test('knows the names that differ only in dots and underscores', () => {
  const image = imageOf([topic(1, 'a.b_c'), topic(2, 'x_y')]);
  assert.equal(image.collidingTopic('a_b_c'), 'a.b_c');
  assert.equal(image.collidingTopic('a_b.c'), 'a.b_c');
  assert.equal(image.collidingTopic('x.y'), 'x_y');
  assert.equal(image.collidingTopic('x_y'), undefined);
  assert.equal(image.collidingTopic('x-y'), undefined);
  image.apply({ type: 'topic-removed', topicId: id(1) });
  assert.equal(image.collidingTopic('a_b.c'), undefined);
});

test('raises the leader epoch of every partition', () => {
  const image = imageOf([topic(1, 'a', 2), topic(2, 'b'), { type: 'leader-epochs-raised' }, topic(3, 'c')]);
  const epochs = ['a', 'b', 'c'].map((name) => image.topicByName(name)!.partition(0)!.leaderEpoch);
  assert.deepEqual(epochs, [1, 1, 0]);
  assert.equal(image.topicById(id(1)), image.topicByName('a'));
  assert.equal(image.partitionCount, 4);
});

test('its own records build an equal image', () => {
  const image = imageOf([
    { type: 'cluster', clusterId: 'c' },
    {
      type: 'broker',
      brokerId: 1,
      rack: null,
      endpoints: [{ listener: 'PLAINTEXT', host: 'h', port: 1, securityProtocol: 'PLAINTEXT' }],
    },
    topic(1, 'b', 2),
    topic(2, 'a'),
    { type: 'partitions-added', topicId: id(1), partitions: [{ count: 4, state: onOne }] },
    { type: 'config', resourceType: 2, resourceName: 'a', entries: [{ name: 'x', value: '' }] },
    { type: 'producer-ids', nextProducerId: 3000 },
  ]);
  const copy = imageOf(image.records());
  assert.deepEqual([...copy.records()], [...image.records()]);
  assert.equal(copy.clusterId, 'c');
  assert.equal(copy.brokers.get(1)?.endpoints[0]?.host, 'h');
  assert.equal(copy.nextProducerId, 3000);
  assert.equal(copy.topicByName('b')?.runs.length, 1);
  assert.deepEqual(copy.sortedTopicNames(), ['a', 'b']);
});

test('a hundred thousand topics that look alike share what they are made of', () => {
  const records: MetadataRecord[] = [];
  for (let n = 0; n < 100_000; n += 1) records.push(topic(n, `a-topic-with-a-name-${n}`));
  const image = imageOf(records);
  assert.equal(image.topicCount, 100_000);
  assert.equal(new Set([...image.topics()].map(({ runs }) => runs)).size, 1);
});

test('knows the SCRAM credentials of users, and no user whose last one is gone', () => {
  const credential = (user: string, mechanism: number, iterations = 4096): MetadataRecord => ({
    ...{ type: 'scram-credential', user, mechanism, iterations },
    ...{ salt: Buffer.from('salt'), storedKey: Buffer.from('stored'), serverKey: Buffer.from('server') },
  });
  const image = imageOf([
    credential('ada', 1),
    credential('ada', 2),
    credential('bob', 1),
    credential('ada', 1, 8192),
  ]);
  assert.deepEqual([...image.scramCredentials.users()], ['ada', 'bob']);
  assert.equal(image.scramCredentials.of('ada').get(1)?.iterations, 8192);
  assert.equal(image.scramCredentials.of('ada').get(2)?.storedKey.toString(), 'stored');
  assert.deepEqual(imageOf(image.records()).scramCredentials.of('ada'), image.scramCredentials.of('ada'));
  const before = image.scramCredentials.revision;
  image.apply({ type: 'scram-credential-removed', user: 'bob', mechanism: 1 });
  assert.deepEqual([...image.scramCredentials.users()], ['ada']);
  assert.equal(image.scramCredentials.of('bob').size, 0);
  assert.ok(image.scramCredentials.revision > before);
});

test('knows delegation tokens and the secret of the cluster', () => {
  const token: MetadataRecord = {
    ...{
      type: 'delegation-token',
      tokenId: 't',
      owner: 'User:ada',
      requester: 'User:bob',
      renewers: ['User:eve'],
    },
    ...{ issueTimestampMs: 1, expiryTimestampMs: 2, maxTimestampMs: 3 },
  };
  const image = imageOf([
    token,
    { ...token, expiryTimestampMs: 3 },
    { type: 'cluster-secret', secret: Buffer.from('s') },
  ]);
  assert.equal(image.delegationTokens.get('t')?.expiryTimestampMs, 3);
  const copy = imageOf(image.records());
  assert.deepEqual(copy.delegationTokens, image.delegationTokens);
  assert.deepEqual(copy.clusterSecret, Buffer.from('s'));
  image.apply({ type: 'delegation-token-removed', tokenId: 't' });
  assert.equal(image.delegationTokens.size, 0);
});
