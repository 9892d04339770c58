// Whom the admin asks, with which version, and again when that was the wrong one: against scripted brokers.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createAclsRequest,
  createTopicsRequest,
  deleteGroupsRequest,
  describeConfigsRequest,
  describeGroupsRequest,
  describeProducersRequest,
  describeTransactionsRequest,
  ErrorCode,
  findCoordinatorRequest,
  listGroupsRequest,
  listTransactionsRequest,
  offsetFetchRequest,
} from '@moldau/protocol';
import { Cluster } from '../cluster/cluster.ts';
import { PartialFailureError } from '../errors/kafka-error.ts';
import {
  type Answering,
  ClientWorld,
  type MetadataAnswer,
  metadataOf,
  ScriptedBroker,
} from '../network/testing-network.ts';
import { Admin } from './admin.ts';

const ADDRESSES = ['one:9092', 'two:9092'];

/** Two brokers; `coordinators` says which of them (1 or 2) coordinates a key, 1 if it does not. */
function scripted(metadata: () => MetadataAnswer = () => metadataOf(ADDRESSES)) {
  const world = new ClientWorld(1);
  const coordinators = new Map<string, number>();
  const brokers = ADDRESSES.map((address) => {
    const broker = new ScriptedBroker(metadata);
    broker.serve(
      findCoordinatorRequest.apiKey,
      [4, 6],
      ({ coordinatorKeys }: { coordinatorKeys: string[] }) => ({
        coordinators: coordinatorKeys.map((key) => {
          const nodeId = coordinators.get(key) ?? 1;
          const [host] = ADDRESSES[nodeId - 1]!.split(':');
          return { ...{ key, nodeId, host, port: 9092 }, errorCode: 0, errorMessage: null };
        }),
      }),
    );
    world.network.place(address, broker);
    return broker;
  });
  const cluster = new Cluster(world.settings(), world.ports);
  const admin = new Admin(cluster);
  const serve = (apiKey: number, versions: [number, number], ...answering: Answering[]): void => {
    for (const [index, broker] of brokers.entries())
      broker.serve(apiKey, versions, answering[index] ?? answering[0]!);
  };
  const asked = (apiKey: number): number[] =>
    brokers.map(({ received }) => received.filter((each) => each.startsWith(`${apiKey}/`)).length);
  return { world, admin, brokers, coordinators, serve, asked };
}

describe('the admin asks', () => {
  it('each coordinator once about all of its groups, and again about those that have moved or are loading', async () => {
    const { world, admin, coordinators, serve, asked } = scripted();
    for (const key of ['b', 'moved']) coordinators.set(key, 2);
    let isFirst = true;
    const answer = (errors: Record<string, number>): Answering =>
      (({ groupsNames }: { groupsNames: string[] }) => ({
        results: groupsNames.map((groupId) => ({ groupId, errorCode: errors[groupId] ?? ErrorCode.NONE })),
      })) as Answering;
    serve(
      deleteGroupsRequest.apiKey,
      [0, 2],
      (request) => answer({ full: ErrorCode.NON_EMPTY_GROUP })(request, 2, undefined as never),
      (request) => {
        const errors = isFirst
          ? { moved: ErrorCode.NOT_COORDINATOR, b: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS }
          : {};
        isFirst = false;
        coordinators.set('moved', 1);
        return answer(errors)(request, 2, undefined as never);
      },
    );
    const deletion = assert.rejects(
      world.until(admin.groups.delete(['a', 'b', 'full', 'moved'])),
      (error) => {
        assert.ok(error instanceof PartialFailureError);
        assert.deepEqual(
          error.errors.map(({ message }) => message.slice(0, 11)),
          ['group full:'],
        );
        return true;
      },
    );
    await deletion;
    assert.deepEqual(asked(deleteGroupsRequest.apiKey), [2, 2], 'one: a, full; moved. two: b, moved; b');
    await admin.close();
  });

  it('every broker for lists, and old ones for what they know', async () => {
    const { world, admin, serve, asked } = scripted();
    const groups =
      (...names: string[]): Answering =>
      () => ({
        errorCode: 0,
        groups: names.map((groupId) => ({ groupId, protocolType: 'consumer', groupState: 'Stable' })),
      });
    serve(listGroupsRequest.apiKey, [0, 4], groups('b'), groups('a', 'c'));
    const listed = await world.until(admin.groups.list({ types: ['classic'], states: ['stable'] }));
    assert.deepEqual(
      listed.map(({ groupId, coordinatorId, type }) => [groupId, coordinatorId, type]),
      [
        ['a', 2, 'classic'],
        ['b', 1, 'classic'],
        ['c', 2, 'classic'],
      ],
    );
    assert.deepEqual(await world.until(admin.groups.list({ types: ['share'] })), []);
    assert.deepEqual(asked(listGroupsRequest.apiKey), [2, 2]);
    await admin.close();
    const old = scripted();
    old.serve(listGroupsRequest.apiKey, [0, 2], groups('b'));
    const refused = old.world.until(old.admin.groups.list({ states: ['empty'] }));
    await assert.rejects(refused, (error: PartialFailureError) =>
      error.errors.every(({ code }) => code === 'UNSUPPORTED_VERSION'),
    );
    assert.equal((await old.world.until(old.admin.groups.list()))[0]!.state, 'unknown');
    await old.admin.close();
  });

  it('for committed offsets, and tells them in order, as brokers do not', async () => {
    const { world, admin, serve } = scripted();
    const partition = (partitionIndex: number) => ({
      ...{ partitionIndex, committedOffset: 7, metadata: '', errorCode: 0 },
    });
    serve(offsetFetchRequest.apiKey, [0, 7], () => ({
      topics: [
        { name: 'b', partitions: [10, 2, 0].map(partition) },
        { name: 'a', partitions: [partition(1)] },
      ],
      errorCode: 0,
    }));
    const found = await world.until(admin.groupOffsets.get('g'));
    assert.deepEqual(
      found.map(({ topic, partition }) => `${topic}-${partition}`),
      ['a-1', 'b-0', 'b-2', 'b-10'],
    );
    await admin.close();
  });

  it('no old broker for configuration and access rules that it cannot have', async () => {
    const { world, admin, serve, asked } = scripted();
    serve(describeConfigsRequest.apiKey, [0, 2], ({ resources }: { resources: object[] }) => ({
      results: resources.map((resource) => ({
        ...{ errorCode: 0, errorMessage: null, configs: [] },
        ...resource,
      })),
    }));
    serve(describeGroupsRequest.apiKey, [0, 5], () => assert.fail('only its versions count'));
    serve(createAclsRequest.apiKey, [0, 1], () => assert.fail('it cannot know what that is'));
    const described = admin.configs.describe([
      { type: 'topic', name: 't' },
      { type: 'group', name: 'g' },
      { type: 'client-metrics', name: 'm' },
    ]);
    await assert.rejects(world.until(described), ({ results, errors }: PartialFailureError) => {
      assert.equal((results[0] as { resource: { name: string } }).resource.name, 't');
      const [group, metrics] = errors;
      assert.match(group!.message, /needed for configuration of groups: these came with Kafka 4\.0\./);
      assert.match(metrics!.message, /needed for configuration of client metrics: it came with Kafka 3\.7/);
      return true;
    });
    assert.equal(asked(describeConfigsRequest.apiKey).join('+'), '1+0');
    const rule = { resource: { type: 'user', name: 'User:ada' }, principal: 'User:bob' } as const;
    await assert.rejects(world.until(admin.acls.create({ ...rule, operation: 'create-tokens' })), {
      message: /needed for rules of the resource type 'user': these came with Kafka 3\.3\./,
    });
    await admin.close();
  });

  it('old brokers about groups that they only know as dead, and for the offsets of one group at a time', async () => {
    const { world, admin, serve } = scripted();
    const told = {
      protocolType: 'consumer',
      protocolData: 'range',
      members: [],
      authorizedOperations: -2147483648,
    };
    serve(describeGroupsRequest.apiKey, [0, 4], ({ groups }: { groups: string[] }) => ({
      groups: groups.map((groupId) => ({
        errorCode: 0,
        groupId,
        groupState: groupId === 'gone' ? 'Dead' : 'Empty',
        ...told,
      })),
    }));
    serve(offsetFetchRequest.apiKey, [0, 7], ({ groupId, topics }: { groupId: string; topics: unknown }) => ({
      topics: [
        {
          name: `of ${groupId}`,
          partitions: [
            { partitionIndex: 0, committedOffset: topics === null ? 7 : 8, metadata: '', errorCode: 0 },
          ],
        },
      ],
      errorCode: 0,
    }));
    const [found] = await world.until(admin.groups.describe('here'));
    assert.deepEqual(
      [found!.type, found!.state, found!.authorizedOperations],
      ['classic', 'empty', undefined],
    );
    await assert.rejects(world.until(admin.groups.describe(['gone'])), { code: 'GROUP_ID_NOT_FOUND' });
    const offsets = await world.until(admin.groupOffsets.get(['g', 'h']));
    assert.deepEqual(
      offsets.map(({ topic, offset }) => [topic, offset]),
      [
        ['of g', 7],
        ['of h', 7],
      ],
    );
    await admin.close();
  });

  it('the new controller when the old one says that it is none any more', async () => {
    let controllerId = 1;
    const { world, admin, serve, asked } = scripted(() => ({ ...metadataOf(ADDRESSES), controllerId }));
    const created = { numPartitions: 1, replicationFactor: 1, errorMessage: null };
    const answer = (errorCode: () => number): Answering =>
      (({ topics }: { topics: { name: string }[] }) => ({
        topics: topics.map(({ name }) => ({ name, errorCode: errorCode(), ...created })),
      })) as Answering;
    serve(
      createTopicsRequest.apiKey,
      [0, 7],
      answer(() => {
        controllerId = 2;
        return ErrorCode.NOT_CONTROLLER;
      }),
      answer(() => ErrorCode.NONE),
    );
    assert.equal((await world.until(admin.topics.create({ name: 'new' })))[0]!.partitions, 1);
    assert.deepEqual(asked(createTopicsRequest.apiKey), [1, 1]);
    await admin.close();
  });

  it('again for topics that its quota does not let through, when the broker says, and while there is time', async () => {
    const { world, admin, serve, asked } = scripted();
    const requests: string[][] = [];
    serve(createTopicsRequest.apiKey, [0, 7], ({ topics }: { topics: { name: string }[] }) => {
      requests.push(topics.map(({ name }) => name));
      const isThrottled = (name: string): boolean =>
        name === 'never' || (name === 'later' && requests.length < 3);
      return {
        throttleTimeMs: 2_000,
        topics: topics.map(({ name }) => ({
          ...{ name, numPartitions: 1, replicationFactor: 1, errorMessage: null },
          errorCode: isThrottled(name) ? ErrorCode.THROTTLING_QUOTA_EXCEEDED : ErrorCode.NONE,
        })),
      };
    });
    const startedMs = world.time.monotonicMs();
    const created = await world.until(admin.topics.create([{ name: 'now' }, { name: 'later' }]));
    assert.deepEqual(
      created.map(({ name }) => name),
      ['now', 'later'],
    );
    assert.deepEqual(requests, [['now', 'later'], ['later'], ['later']]);
    assert.equal(world.time.monotonicMs() - startedMs, 4_000);
    const partly = world.until(
      admin.topics.create([{ name: 'now' }, { name: 'never' }], { timeoutMs: 9_000 }),
    );
    await assert.rejects(partly, (error) => {
      assert.ok(error instanceof PartialFailureError);
      assert.deepEqual(
        error.errors.map(({ code, topic }) => [code, topic]),
        [['THROTTLING_QUOTA_EXCEEDED', 'never']],
      );
      return true;
    });
    assert.deepEqual(asked(createTopicsRequest.apiKey), [requests.length, 0]);
    await admin.close();
  });

  it('leaders and coordinators which open transactions nobody will end', async () => {
    const topics = [{ name: 't', leaders: [1, 2] }];
    const { world, admin, serve } = scripted(() => metadataOf(ADDRESSES, topics));
    const nowMs = world.time.wallMs();
    const producer = (
      producerId: number,
      currentTxnStartOffset: number,
      lastTimestamp = nowMs - 3_600_000,
    ) => ({
      ...{ producerId, producerEpoch: 3, lastSequence: 0, coordinatorEpoch: -1 },
      ...{ lastTimestamp, currentTxnStartOffset },
    });
    const producers = [
      [producer(1, -1), producer(2, 20, nowMs), producer(3, 30), producer(4, 40)],
      [producer(5, 50)],
    ];
    serve(
      describeProducersRequest.apiKey,
      [0, 0],
      (request: { topics: { name: string; partitionIndexes: number[] }[] }) => ({
        topics: request.topics.map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map((partitionIndex) => ({
            ...{
              partitionIndex,
              errorCode: 0,
              errorMessage: null,
              activeProducers: producers[partitionIndex]!,
            },
          })),
        })),
      }),
    );
    const transactions: { transactionalId: string; producerId: number; transactionState: string }[] = [
      { transactionalId: 'known', producerId: 4, transactionState: 'Ongoing' },
      { transactionalId: 'elsewhere', producerId: 5, transactionState: 'Ongoing' },
    ];
    const none = { errorCode: 0, unknownStateFilters: [] };
    let filters: unknown;
    const list: Answering = ({ producerIdFilters }: { producerIdFilters: number[] }) => {
      filters = producerIdFilters;
      return { ...none, transactionStates: transactions };
    };
    serve(listTransactionsRequest.apiKey, [0, 2], list, () => ({ ...none, transactionStates: [] }));
    serve(
      describeTransactionsRequest.apiKey,
      [0, 0],
      ({ transactionalIds }: { transactionalIds: string[] }) => ({
        transactionStates: transactionalIds.map((transactionalId) => ({
          ...{ errorCode: 0, transactionalId, transactionState: 'Ongoing', transactionTimeoutMs: 60_000 },
          ...{ transactionStartTimeMs: nowMs, producerId: 1, producerEpoch: 3 },
          topics: [{ topic: 't', partitions: [0] }],
        })),
      }),
    );
    const found = await world.until(admin.transactions.findHanging({ topics: ['t'] }));
    assert.deepEqual(filters, [3, 4, 5], 'neither those without a transaction nor the young ones');
    assert.deepEqual(
      found.map(({ partition, producerId, startOffset, transactionalId }) => [
        partition,
        producerId,
        startOffset,
        transactionalId,
      ]),
      [
        [0, 3, 30, undefined],
        [1, 5, 50, 'elsewhere'],
      ],
    );
    await admin.close();
  });

  it('in vain only until time is over, and says of what', async () => {
    const { world, admin, serve } = scripted();
    serve(deleteGroupsRequest.apiKey, [0, 2], ({ groupsNames }: { groupsNames: string[] }) => ({
      results: groupsNames.map((groupId) => ({ groupId, errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS })),
    }));
    const deletion = admin.groups.delete('g', { timeoutMs: 5_000 });
    const startedMs = world.time.monotonicMs();
    await assert.rejects(world.until(deletion), {
      code: 'COORDINATOR_LOAD_IN_PROGRESS',
      message: /^group g: /,
    });
    assert.ok(world.time.monotonicMs() - startedMs <= 5_000);
    await admin.close();
    assert.equal(world.time.pendingCount, 0);
  });
});
