import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  nodeClock,
  nodeDisk,
  nodeGssApi,
  nodeHttp,
  nodeNetwork,
  nodeRandom,
  nodeTimers,
  silentLogger,
} from '@moldau/io';
import { describeTopicPartitionsRequest, describeTopicPartitionsResponse } from '@moldau/protocol';
import { GoodClient, RawClient, temporaryDirectory } from '@moldau/testing';
import { startBroker } from './broker.ts';
import { loadConfig } from './config/load.ts';

async function optionsFor(data: string, environment: Record<string, string> = {}) {
  const { config } = await loadConfig({
    ...{ listen: '127.0.0.1:0', data, settings: [], environment },
    disk: nodeDisk,
  });
  return {
    config,
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    disk: nodeDisk,
    network: nodeNetwork,
    http: nodeHttp,
    gssapi: nodeGssApi,
    logger: silentLogger,
  };
}

test('what was acknowledged is there after a stop and a start, under the same cluster id', async () => {
  await using folder = await temporaryDirectory();
  const first = await startBroker(await optionsFor(folder.path));
  const before = await GoodClient.dial(first.listeners[0]!);
  assert.equal(await before.produce(Buffer.from('kept')), 0);
  before.raw.close();
  await first.stop();

  const second = await startBroker(await optionsFor(folder.path));
  const after = await GoodClient.dial(second.listeners[0]!);
  assert.equal(second.clusterId, first.clusterId);
  assert.equal(String(await after.read(0)), 'kept');
  assert.equal(await after.produce(Buffer.from('next')), 1);
  after.raw.close();
  await second.stop();
});

test('leader epochs rise when the machine went down, and only then', async (t) => {
  await using folder = await temporaryDirectory();
  const epochAfterStart = async (bootId: string): Promise<number> => {
    t.mock.method(nodeDisk, 'bootId', async () => bootId);
    const broker = await startBroker(await optionsFor(folder.path));
    const client = await GoodClient.dial(broker.listeners[0]!);
    await client.produce(Buffer.from('a'));
    const described = await client.raw.request(
      describeTopicPartitionsRequest,
      describeTopicPartitionsResponse,
      0,
      {
        topics: [{ name: 'good' }],
      },
    );
    client.close();
    await broker.stop();
    return described.topics[0]!.partitions[0]!.leaderEpoch;
  };
  assert.deepEqual(
    [await epochAfterStart('boot-1'), await epochAfterStart('boot-1'), await epochAfterStart('boot-2')],
    [0, 0, 1],
  );
});

test('a folder that is in use is refused, and free again after the stop', async () => {
  await using folder = await temporaryDirectory();
  const first = await startBroker(await optionsFor(folder.path));
  await assert.rejects(startBroker(await optionsFor(folder.path)), { name: 'LogDirError' });
  await first.stop();
  const second = await startBroker(await optionsFor(folder.path));
  await second.stop();
});

test('a start that fails at its port leaves the folder free', async () => {
  await using folder = await temporaryDirectory();
  await using other = await temporaryDirectory();
  const running = await startBroker(await optionsFor(other.path));
  const taken = await loadConfig({
    disk: nodeDisk,
    listen: `127.0.0.1:${running.listeners[0]!.port}`,
    data: folder.path,
    settings: [],
  });
  await assert.rejects(startBroker({ ...(await optionsFor(folder.path)), config: taken.config }), {
    code: 'EADDRINUSE',
  });
  const retried = await startBroker(await optionsFor(folder.path));
  await retried.stop();
  await running.stop();
});

test('topics that the environment asks for are there when it is ready, and stay as they are at the next start', async () => {
  await using folder = await temporaryDirectory();
  const environment = { KAFKA_CREATE_TOPICS: 'orders:3:1,users:1:1:compact' };
  for (let start = 0; start < 2; start += 1) {
    const broker = await startBroker(await optionsFor(folder.path, environment));
    const client = await RawClient.dial(broker.listeners[0]!);
    const { topics } = await client.request(
      describeTopicPartitionsRequest,
      describeTopicPartitionsResponse,
      0,
      {
        topics: [],
      },
    );
    assert.deepEqual(
      topics.map(({ name, partitions }) => [name, partitions.length]),
      [
        ['orders', 3],
        ['users', 1],
      ],
    );
    client.close();
    await broker.stop();
  }
});

test('a topic in memory is served, leaves no folder, and starts again from nothing', async () => {
  await using folder = await temporaryDirectory();
  const environment = { KAFKA_MOLDAU_DURABILITY: 'memory' };
  const broker = await startBroker(await optionsFor(folder.path, environment));
  const client = await GoodClient.dial(broker.listeners[0]!);
  await client.produce(Buffer.from('gone tomorrow'));
  assert.equal(String(await client.read(0)), 'gone tomorrow');
  const names = (await nodeDisk.list(folder.path)).map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.startsWith('good')),
    [],
  );
  client.raw.close();
  await broker.stop();
});
