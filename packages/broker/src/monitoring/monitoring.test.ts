// A broker as those see it who watch it: over HTTP, while clients use it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Kafka } from '@moldau/client';
import {
  type HttpResponder,
  type HttpServer,
  type Logger,
  nodeHttp,
  nodeProcess,
  silentLogger,
} from '@moldau/io';
import {
  describeConfigsRequest,
  describeConfigsResponse,
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '@moldau/protocol';
import {
  keyPair,
  logInWithScram,
  ManualTime,
  MemoryDisk,
  RawClient,
  startTestBroker,
  type TestBroker,
} from '@moldau/testing';
import { Figures } from './figures.ts';
import { families } from './metric-families.ts';
import { Monitoring } from './monitoring.ts';

const BROKER_LOGGER = 8;
const LISTEN = 'moldau.metrics.listen=127.0.0.1:0';

let broker: TestBroker;
const lines: string[] = [];
const tell = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
const logger: Logger = { debug() {}, info() {}, warn: tell, error: tell };

before(async () => {
  const settings = [LISTEN, 'moldau.metrics.topics=2', 'moldau.metrics.lag.interval.ms=100'];
  broker = await startTestBroker({ settings, logger });
});
after(() => broker.stop());

function urlOf({ broker: { monitoringAddress } }: TestBroker, path: string): string {
  return `http://127.0.0.1:${monitoringAddress!.port}${path}`;
}

async function scrape(from = broker): Promise<Map<string, number>> {
  const answer = await fetch(urlOf(from, '/metrics'));
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [series, value] = /^(.+) (\S+)$/.exec(line)!.slice(1);
    assert.ok(!values.has(series!), `${series} is there twice`);
    values.set(series!, Number(value));
  }
  return values;
}

describe('metrics', () => {
  it('name each family once, with its type, before its values', async () => {
    await using admin = new Kafka({ brokers: [`${broker.host}:${broker.port}`] }).admin();
    await admin.topics.list();
    const text = await (await fetch(urlOf(broker, '/metrics'))).text();
    const named = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    const expected = Object.values(families).flatMap(({ name, type }) =>
      type === 'summary'
        ? [`${name} gauge`, `${name}_sum counter`, `${name}_count counter`]
        : [`${name} ${type}`],
    );
    assert.deepEqual(named.sort(), expected.sort());
    assert.match(text, /\n$/);
    let family = '';
    for (const line of text.trimEnd().split('\n')) {
      family = /^# TYPE (\S+)/.exec(line)?.[1] ?? family;
      if (!line.startsWith('#')) assert.match(line, new RegExp(`^${family}[ {]`));
    }
  });

  it('tell what clients did, by topic and by API, and how far groups are behind', {
    timeout: 30_000,
  }, async () => {
    const kafka = new Kafka({ brokers: [`${broker.host}:${broker.port}`] });
    await using admin = kafka.admin();
    await using producer = kafka.producer();
    await admin.topics.create(['a', 'b', 'c'].map((name) => ({ name, partitions: 1 })));
    for (const topic of ['a', 'b', 'c']) await producer.send(topic, [{ value: 'x' }, { value: 'y' }]);
    const consumer = kafka.consumer({ groupId: 'readers', autoOffsetReset: 'earliest' }).subscribe('a');
    for await (const record of consumer) {
      await consumer.commit(record);
      break;
    }
    await consumer.close();
    const found = await scrape();
    const messagesIn = 'kafka_server_brokertopicmetrics_messagesin_total';
    assert.equal(found.get(`${messagesIn}{topic="a"}`), 2);
    // Two topics have series of their own; the third, and those of the broker, share one.
    assert.ok(found.get(`${messagesIn}{topic="(others)"}`)! > 2);
    assert.equal([...found.keys()].filter((series) => series.startsWith(`${messagesIn}{`)).length, 3);
    assert.equal(found.get('moldau_metrics_topics_left_out'), 2);
    assert.ok(found.get('kafka_server_brokertopicmetrics_bytesout_total{topic="a"}')! > 60);
    assert.ok(found.get('kafka_network_requestmetrics_totaltimems_count{request="Produce"}')! >= 3);
    assert.ok(found.get('kafka_network_requestmetrics_totaltimems{request="Produce",quantile="0.99"}')! > 0);
    for (const times of ['totaltimems', 'localtimems'])
      for (const request of ['Fetch', 'FetchConsumer'])
        assert.ok(found.get(`kafka_network_requestmetrics_${times}_count{request="${request}"}`)! > 0);
    const partition = '{topic="a",partition="0"}';
    assert.equal(found.get(`kafka_topic_partition_current_offset${partition}`), 2);
    assert.equal(found.get(`kafka_topic_partition_oldest_offset${partition}`), 0);
    assert.equal(found.get('kafka_topic_partitions{topic="a"}'), 1);
    assert.equal(found.get('kafka_brokers'), 1);
    assert.equal(found.get(`kafka_log_log_logendoffset${partition}`), 2);
    const offset = '{consumergroup="readers",topic="a",partition="0"}';
    assert.equal(found.get(`kafka_consumergroup_current_offset${offset}`), 1);
    assert.equal(found.get(`kafka_consumergroup_lag${offset}`), 1);
    // The time of the record that is read next is looked up after a scrape that has met it.
    let seconds: number | undefined;
    while (seconds === undefined) seconds = (await scrape()).get(`kafka_consumergroup_lag_seconds${offset}`);
    assert.ok(seconds > 0 && seconds < 60, `${seconds} s`);
    assert.equal(found.get('kafka_coordinator_group_groupmetadatamanager_numoffsets'), 1);
    assert.equal(found.get('kafka_controller_kafkacontroller_activecontrollercount'), 1);
    assert.equal(found.get('kafka_server_kafkaserver_brokerstate'), 3);
  });

  it('count what failed by its error', async () => {
    const client = await RawClient.dial(broker);
    const refused = {
      resources: [{ resourceType: BROKER_LOGGER, resourceName: '99', configurationKeys: null }],
    };
    await client.request(describeConfigsRequest, describeConfigsResponse, 4, refused);
    client.close();
    const errors = 'kafka_network_requestmetrics_errors_total';
    assert.equal((await scrape()).get(`${errors}{request="DescribeConfigs",error="INVALID_REQUEST"}`), 1);
  });

  it('count logins and handshakes by listener, and say when a certificate ends', async () => {
    const { key, certificates } = keyPair('server');
    await using secured = await startTestBroker({
      settings: [
        LISTEN,
        'listeners=LOGIN://127.0.0.1:0,SECRET://127.0.0.1:0',
        'listener.security.protocol.map=LOGIN:SASL_PLAINTEXT,SECRET:SSL',
        'inter.broker.listener.name=LOGIN',
        'sasl.enabled.mechanisms=SCRAM-SHA-512',
        'connection.failed.authentication.delay.ms=0',
        'moldau.users=ada:right',
        'ssl.keystore.type=PEM',
        `ssl.keystore.key=${key}`,
        `ssl.keystore.certificate.chain=${certificates}`,
      ],
    });
    for (const [password, isRight] of [
      ['right', true],
      ['wrong', false],
    ] as const) {
      const client = await RawClient.dial(secured);
      const login = logInWithScram(client, 'ada', password);
      if (isRight) await login;
      else await assert.rejects(login);
      client.close();
      await client.closed;
    }
    const plain = await RawClient.dial({ port: secured.broker.listeners[1]!.port });
    plain.send(Buffer.from('this is no handshake of TLS, and long enough to see that'));
    await plain.closed;
    const found = await scrape(secured);
    const of = (what: string, listener: string) =>
      found.get(`kafka_server_socketservermetrics_${what}{listener="${listener}",networkProcessor="0"}`);
    assert.equal(of('successful_authentication_total', 'LOGIN'), 1);
    assert.equal(of('failed_authentication_total', 'LOGIN'), 1);
    assert.equal(of('failed_authentication_total', 'SECRET'), 1);
    const [series] = [...found.keys()].filter((each) => each.startsWith('moldau_certificate_expiry'));
    assert.match(series!, /\{listener="SECRET",subject="CN=/);
    assert.ok(found.get(series!)! * 1000 > Date.now());
  });

  it('are shared by those who ask at the same time', async () => {
    const texts = await Promise.all(
      Array.from({ length: 5 }, async () => (await fetch(urlOf(broker, '/metrics'))).text()),
    );
    for (const text of texts) assert.match(text, /^moldau_build_info\{version="0.0.0-test",runtime=/m);
  });
});

describe('health', () => {
  it('is told with a reason, and other pages are not there', async () => {
    for (const probe of ['live', 'ready', 'started']) {
      const answer = await fetch(urlOf(broker, `/health/${probe}`));
      assert.deepEqual([answer.status, await answer.json()], [200, { status: 'ok', reasons: [] }]);
    }
    const other = await fetch(urlOf(broker, '/'));
    assert.equal(other.status, 404);
    assert.match(await other.text(), /\/health\/ready/);
  });

  it('is told from before the start until after the stop', async () => {
    let respond: HttpResponder | undefined;
    let isClosed = false;
    const httpServer: HttpServer = {
      listen(address, given) {
        respond = given;
        const close = async () => {
          isClosed = true;
        };
        return Promise.resolve({ ...address, close });
      },
    };
    const time = new ManualTime();
    const monitoring = await Monitoring.open({
      ...{ httpServer, http: nodeHttp, process: nodeProcess, version: '1', disk: new MemoryDisk() },
      ...{ clock: time, timers: time, logger: silentLogger, figures: new Figures({ maxTopics: 1 }) },
      ...{ address: { host: '', port: 1 }, isAskedFor: true, metricsExport: undefined },
      slowRequests: { count: 0 },
      settings: { maxPartitions: 1, lagIntervalMs: 1000 },
    });
    const ask = async () => {
      const statuses = [];
      for (const probe of ['live', 'started', 'ready'])
        statuses.push((await respond!(`/health/${probe}`)).status);
      return statuses;
    };
    assert.deepEqual(await ask(), [200, 503, 503]);
    assert.match((await respond!('/metrics')).body, /^kafka_server_kafkaserver_brokerstate 1$/m);
    monitoring.started();
    assert.deepEqual(await ask(), [200, 200, 200]);
    monitoring.stopping();
    assert.deepEqual(await ask(), [200, 200, 503]);
    await monitoring.close();
    assert.ok(isClosed);
    assert.equal(time.pendingCount, 0);
  });

  it('cannot be asked for when its port is taken, and the broker serves all the same', async () => {
    const { port } = broker.broker.monitoringAddress!;
    lines.length = 0;
    await using second = await startTestBroker({
      settings: [`moldau.metrics.listen=127.0.0.1:${port}`],
      logger,
    });
    assert.equal(second.broker.monitoringAddress, undefined);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /moldau\.metrics\.listen.*EADDRINUSE/);
  });

  it('is served nowhere when nothing is set', async () => {
    await using silent = await startTestBroker({ settings: ['moldau.metrics.listen='] });
    assert.equal(silent.broker.monitoringAddress, undefined);
  });
});

describe('loggers of a running broker', () => {
  const resource = { resourceType: BROKER_LOGGER, resourceName: '1' };

  async function change(client: RawClient, name: string, value: string | null, configOperation = 0) {
    const resources = [{ ...resource, configs: [{ name, configOperation, value }] }];
    const { responses } = await client.request(
      incrementalAlterConfigsRequest,
      incrementalAlterConfigsResponse,
      1,
      { resources, validateOnly: false },
    );
    return responses[0]!.errorMessage;
  }

  it('have levels that can be changed and seen, and lose them when they are deleted', async () => {
    const client = await RawClient.dial(broker);
    const levelOf = async (name: string) => {
      const resources = [{ ...resource, configurationKeys: [name] }];
      const { results } = await client.request(describeConfigsRequest, describeConfigsResponse, 4, {
        resources,
      });
      return results[0]!.configs[0]!.value;
    };
    assert.equal(await change(client, 'network', 'ERROR'), null);
    assert.equal(await levelOf('network'), 'ERROR');
    lines.length = 0;
    const stranger = await RawClient.dial(broker);
    stranger.send(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
    await stranger.closed;
    assert.deepEqual(lines, []);
    assert.equal(await change(client, 'network', null, 1), null);
    assert.equal(await levelOf('network'), await levelOf('root'));
    assert.match((await change(client, 'nonsense', 'INFO'))!, /Logger nonsense does not exist/);
    assert.match((await change(client, 'network', 'LOUD'))!, /Valid log levels are FATAL, ERROR, WARN/);
    client.close();
  });
});
