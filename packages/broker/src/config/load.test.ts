// What a start makes of files, environments and command lines that people have.

import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { MemoryDisk } from '@moldau/testing';
import { ConfigError } from './config-error.ts';
import { type ConfigSources, loadConfig } from './load.ts';

const identity = { hostName: 'box', addresses: ['fd00::7', '192.168.1.7'] };

type Sources = Omit<ConfigSources, 'disk'>;

const disk = new MemoryDisk();

function load(sources: Sources) {
  return loadConfig({ identity, disk, ...sources });
}

async function problemsOf(sources: Sources): Promise<readonly string[]> {
  try {
    await load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const file = (text: string) => ({ path: 'server.properties', text });

/** The keys and values of the file that Kafka 4.3 comes with. */
const KAFKAS_FILE = `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/tmp/kraft-combined-logs
num.partitions=1
num.recovery.threads.per.data.dir=2
offsets.topic.replication.factor=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
`;

describe('a start', () => {
  it('without anything listens on the loopback and keeps its data beside', async () => {
    const { config, warnings, notes } = await load({});
    assert.deepEqual(config.listeners, [
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 9092 },
    ]);
    assert.deepEqual(config.advertisedListeners, [
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 9092, isGuessed: false },
    ]);
    assert.deepEqual(config.logDirs, [resolve('moldau-data')]);
    assert.deepEqual([...warnings, ...notes], []);
  });

  it('tells whole paths of its folders, as clients may be elsewhere', async () => {
    const { config } = await load({ settings: ['log.dirs=one,../two,/three'] });
    assert.deepEqual(config.logDirs, [resolve('one'), resolve('../two'), '/three']);
  });

  it("takes Kafka's own server.properties unchanged", async () => {
    const { config, warnings, notes } = await load({ file: file(KAFKAS_FILE) });
    assert.deepEqual(config.listeners, [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '', port: 9092 }]);
    assert.deepEqual(config.advertisedListeners, [
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: 'localhost', port: 9092, isGuessed: false },
    ]);
    assert.deepEqual(config.logDirs, ['/tmp/kraft-combined-logs']);
    assert.deepEqual(notes, ["the listener CONTROLLER is not opened: Moldau's controller needs none"]);
    const surprises = warnings.filter((line) => !line.startsWith('accepted, has no effect: '));
    assert.match(surprises.join('\n'), /^whoever reaches 0\.0\.0\.0:9092 [^\n]*$/);
  });

  it('takes the environment of a compose file for apache/kafka', async () => {
    const { config, warnings } = await load({
      environment: {
        KAFKA_NODE_ID: '1',
        KAFKA_PROCESS_ROLES: 'broker,controller',
        KAFKA_LISTENERS: 'PLAINTEXT_HOST://:9092,CONTROLLER://:9093,PLAINTEXT://:19092',
        KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT_HOST://localhost:9092,PLAINTEXT://broker:19092',
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
          'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT',
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_CONTROLLER_QUORUM_VOTERS: '1@broker:9093',
        KAFKA_INTER_BROKER_LISTENER_NAME: 'PLAINTEXT',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
        KAFKA_HEAP_OPTS: '-Xmx1g',
        KAFKA_JMX_PORT: '9101',
        KAFKA_LOG4J_ROOT_LOGLEVEL: 'WARN',
        KAFKA_LOG_DIRS: '/data',
        CLUSTER_ID: '4L6g3nShT-eMCtK--X86sw',
        PATH: '/bin',
      },
    });
    assert.deepEqual(
      config.listeners.map(({ name, port }) => `${name} ${port}`),
      ['PLAINTEXT_HOST 9092', 'PLAINTEXT 19092'],
    );
    assert.deepEqual(
      config.advertisedListeners.map(({ host }) => host),
      ['localhost', 'broker'],
    );
    assert.equal(config.initialClusterId, '4L6g3nShT-eMCtK--X86sw');
    assert.deepEqual(config.logDirs, ['/data']);
    assert.match(warnings.join('\n'), /^whoever reaches 0\.0\.0\.0:9092, 0\.0\.0\.0:19092 [^\n]*$/);
  });

  it("takes the environment of wurstmeister's image", async () => {
    const { config, warnings } = await load({
      environment: {
        KAFKA_ADVERTISED_HOST_NAME: '192.168.99.100',
        KAFKA_ZOOKEEPER_CONNECT: 'zookeeper:2181',
        KAFKA_MESSAGE_MAX_BYTES: '2000000',
        KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
        KAFKA_LOG_RETENTION_HOURS: '1',
        KAFKA_CREATE_TOPICS: 'logs:6:1, state:1:3:compact',
        KAFKA_PORT: 'tcp://10.0.0.1:9092',
      },
    });
    assert.deepEqual(config.listeners, [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '', port: 9092 }]);
    assert.equal(config.advertisedListeners[0]!.host, '192.168.99.100');
    assert.equal(config.messageMaxBytes, 2_000_000);
    assert.equal(config.autoCreateTopics, false);
    assert.deepEqual(config.initialTopics, [
      { name: 'logs', partitions: 6, replicas: 1, configs: new Map() },
      { name: 'state', partitions: 1, replicas: 3, configs: new Map([['cleanup.policy', 'compact']]) },
    ]);
    assert.equal(warnings.length, 2, warnings.join('\n'));
    const noZookeeper = 'accepted, has no effect: zookeeper.connect (Moldau needs no ZooKeeper)';
    assert.ok(warnings.includes(noZookeeper), warnings.join('\n'));
  });

  it("takes Bitnami's variables, also over the plain ones", async () => {
    const { config } = await load({
      environment: {
        KAFKA_CFG_NUM_PARTITIONS: '4',
        KAFKA_NUM_PARTITIONS: '2',
        ALLOW_PLAINTEXT_LISTENER: 'yes',
      },
    });
    assert.equal(config.numPartitions, 4);
  });

  it('separates the topics of KAFKA_CREATE_TOPICS as the variable beside it says', async () => {
    const topicsOf = async (KAFKA_CREATE_TOPICS: string, KAFKA_CREATE_TOPICS_SEPARATOR?: string) => {
      const environment = { KAFKA_CREATE_TOPICS, KAFKA_CREATE_TOPICS_SEPARATOR };
      return (await load({ environment })).config.initialTopics.map(({ name }) => name);
    };
    assert.deepEqual(await topicsOf('a:1:1\nb:1:1,c:1:1'), ['a', 'b', 'c']);
    assert.deepEqual(await topicsOf('a:1:1\nb:1:1:compact,delete', "$'\\n'"), ['a', 'b']);
    assert.match(
      (await problemsOf({ environment: { KAFKA_CREATE_TOPICS: 'a:many:1' } }))[0]!,
      /"a:many:1" in KAFKA_CREATE_TOPICS: expected name:partitions/,
    );
  });

  it('lets the command line win over the environment, and that over the file', async () => {
    const sources = {
      file: file('num.partitions=1\nlog.retention.ms=5\nlog.dirs=/file\nfetch.max.bytes=2000'),
      environment: { KAFKA_NUM_PARTITIONS: '2', KAFKA_LOG_RETENTION_HOURS: '3' },
      settings: ['num.partitions=3', 'log.dir=/set'],
    };
    const { config } = await load(sources);
    assert.equal(config.numPartitions, 3);
    assert.equal(config.fetchMaxBytes, 2000);
    assert.equal(config.get('log.retention.ms'), null);
    assert.equal(config.get('log.retention.hours'), 3);
    assert.deepEqual(config.logDirs, ['/set']);
    assert.deepEqual((await load({ ...sources, data: '/flag' })).config.logDirs, ['/flag']);
  });

  it('does not advertise a port of the file that the command line has changed', async () => {
    const { config, warnings } = await load({ file: file(KAFKAS_FILE), listen: '127.0.0.1:9292' });
    assert.deepEqual(config.advertisedListeners, [
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 9292, isGuessed: false },
    ]);
    assert.ok(warnings.some((line) => line.includes('does not fit the listeners of the command line')));
    const proxied = await load({
      file: file('advertised.listeners=PLAINTEXT://kafka.example.org:443'),
      listen: ':9292',
    });
    assert.equal(proxied.config.advertisedListeners[0]!.host, 'kafka.example.org');
  });

  it('moves the listener of the file to where the command line says, with its encryption and logins', async () => {
    const protocols = 'listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT\n';
    const names = 'controller.listener.names=CONTROLLER\nlisteners=CONTROLLER://:9093,CLIENTS://:9094\n';
    const { config } = await load({ file: file(names + protocols), listen: ':9292' });
    assert.deepEqual(config.listeners, [{ name: 'CLIENTS', protocol: 'SASL_SSL', host: '', port: 9292 }]);
    const plain = file('listeners=SASL_SSL://127.0.0.1:9092');
    assert.equal((await load({ file: plain, listen: ':9292' })).config.listeners[0]!.protocol, 'SASL_SSL');
    const both = file('listeners=PLAINTEXT://127.0.0.1:9092,SSL://127.0.0.1:9093');
    const { warnings } = await load({ file: both, listen: ':9292' });
    assert.ok(warnings.some((line) => line.includes('SSL will not be opened')));
  });

  it('guesses what to advertise when it listens on every address', async () => {
    const { config } = await load({ listen: '0.0.0.0:9092' });
    assert.deepEqual(config.listeners, [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '', port: 9092 }]);
    assert.deepEqual(config.advertisedListeners, [
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '192.168.1.7', port: 9092, isGuessed: true },
    ]);
    assert.equal((await load({ listen: '[::1]:9092' })).config.listeners[0]!.host, '::1');
  });

  it('tells of keys that have no effect, and of those that nobody knows', async () => {
    const { warnings } = await load({
      settings: ['num.io.threads=4', 'zookeeper.connect=z:2181', 'num.partition=3', 'colour=red'],
    });
    assert.deepEqual(warnings, [
      'unknown configuration num.partition is ignored (did you mean num.partitions?)',
      'unknown configuration colour is ignored',
      'accepted, has no effect: num.io.threads (one event loop serves all requests, so there are no threads to count)',
      'accepted, has no effect: zookeeper.connect (Moldau needs no ZooKeeper)',
    ]);
  });

  it('repeats no line without a value, which may be of a file of keys', async () => {
    const text = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\nqXjve6DW=\nqXjve6D==\n';
    const { warnings } = await load({ file: file(`${text}num.partition\n`) });
    assert.deepEqual(warnings, [
      'unknown configuration -----BEGIN is ignored',
      'unknown configuration num.partition is ignored (did you mean num.partitions?)',
      '3 lines are ignored, for they are not KEY=VALUE',
    ]);
  });

  it('repeats no password of a URL', async () => {
    for (const password of ['hunter2', 'hunter2@hunter2', 'hunter2/hunter2']) {
      const wrong = { settings: [`moldau.metrics.otlp.url=http://ada:${password}@collector/`] };
      await assert.rejects(load(wrong), ({ message }: Error) => {
        assert.match(message, /"http:\/\/\[hidden\]@collector\/"/);
        return !message.includes('hunter2');
      });
    }
  });

  it('suggests the variable that was meant, and leaves those of other programs alone', async () => {
    const { warnings } = await load({
      environment: { KAFKA_LOG_RETENTION_HOUR: '1', KAFKA_BROKERS: 'a:9092', KAFKA_UI_PORT: '1' },
    });
    assert.deepEqual(warnings, [
      'KAFKA_LOG_RETENTION_HOUR stands for the key log.retention.hour, which does not exist (did you mean KAFKA_LOG_RETENTION_HOURS?)',
    ]);
  });

  it('is stopped by all wrong values at once', async () => {
    assert.deepEqual(
      await problemsOf({ settings: ['num.partitions=0', 'fetch.max.bytes=lots', 'nonsense'] }),
      ['Invalid value "nonsense" for --set: expected KEY=VALUE, as in num.partitions=3'],
    );
    assert.deepEqual(await problemsOf({ settings: ['num.partitions=0', 'fetch.max.bytes=lots'] }), [
      'Invalid value "0" for configuration num.partitions: expected a whole number of 32 bits of at least 1',
      'Invalid value "lots" for configuration fetch.max.bytes: expected a whole number of 32 bits of at least 1024',
    ]);
  });

  it('is stopped by listeners that cannot work', async () => {
    const problem = async (...settings: string[]) => (await problemsOf({ settings })).join('\n');
    assert.match(
      await problem('listeners=localhost:9092'),
      /"localhost:9092" for configuration listeners: expected NAME:\/\/HOST:PORT/,
    );
    assert.match(
      await problem('listeners=CLIENTS://:9092', 'listener.security.protocol.map=CLIENTS:TLS'),
      /CLIENTS has the unknown security protocol TLS: expected one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL/,
    );
    assert.match(
      await problem('listeners=CLIENTS://:9092'),
      /add CLIENTS:PLAINTEXT \(or SSL, SASL_PLAINTEXT, SASL_SSL\) to listener.security.protocol.map/,
    );
    assert.match(await problem('listeners=PLAINTEXT://:70000'), /expected NAME/);
    assert.match(
      await problem('listeners=PLAINTEXT://:1,PLAINTEXT://:2'),
      /names the listener PLAINTEXT twice/,
    );
    assert.match(
      await problem('listeners=CONTROLLER://:1', 'controller.listener.names=CONTROLLER'),
      /no listener for clients/,
    );
    assert.match(
      await problem('advertised.listeners=PLAINTEXT://0.0.0.0:9092'),
      /cannot connect to a wildcard/,
    );
    assert.match(
      await problem('advertised.listeners=OTHER://a:9092'),
      /names OTHER, but listeners has only PLAINTEXT/,
    );
    assert.match(await problem('process.roles=controller'), /would serve nobody/);
    assert.match((await problemsOf({ listen: '9092' }))[0]!, /"9092" for --listen: expected HOST:PORT/);
  });
});
