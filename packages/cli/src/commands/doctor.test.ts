import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { certificate, keyPair, startTestBroker } from '@moldau/testing';
import { doctor } from './doctor-verb.ts';
import { TestCluster } from './testing-cluster.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await TestCluster.start();
});
after(() => cluster.stop());

type Found = { readonly check: string; readonly subject: string; readonly what: string };

async function examine(brokers = cluster.brokers, properties: Record<string, string> = {}) {
  const { code, out } = await cluster.run(
    [doctor],
    'doctor',
    {},
    { brokers, look: 50, timeout: 500, X: Object.entries(properties).map((each) => each.join('=')) },
    { brokers, properties, output: 'json' },
  );
  const { findings, looked } = JSON.parse(out) as { findings: Found[]; looked: object | null };
  return { code, looked, findings };
}

test('a broker is looked at, and what is to be mended in it is told', async () => {
  await cluster.topic('doctored', 1, [3]);
  await using producer = cluster.kafka.producer();
  await producer.send('doctored', { value: 'late', timestampMs: Date.now() + 3_600_000 });
  await cluster.admin.groupOffsets.alter('behind', [{ topic: 'doctored', partition: 0, offset: 0 }]);
  await cluster.admin.records.delete([{ topic: 'doctored', partition: 0, before: 2 }]);
  await cluster.admin.configs.alter({
    resource: { type: 'topic', name: 'doctored' },
    set: { 'min.insync.replicas': 9 },
  });
  const { code, looked, findings } = await examine();
  assert.equal(code, 1);
  assert.ok(looked !== null);
  const checks = findings.filter(({ subject }) => /doctored|behind/.test(subject)).map(({ check }) => check);
  assert.deepEqual(checks, [
    'min-insync-above-replicas',
    'records-deleted-unread',
    'records-from-the-future',
  ]);
  assert.ok(!findings.some(({ check }) => ['not-seen', 'broker-unreachable', 'clock-skew'].includes(check)));
  const { out } = await cluster.run([doctor], 'doctor', {}, { look: 0 });
  assert.match(
    out,
    /ERROR {2}topic doctored: min\.insync\.replicas is 9.*\n {2}why it matters: .*\n {2}mend it: `moldau topic alter doctored -c min\.insync\.replicas=1`\n/,
  );
  assert.match(out, /to mend\. Looked at 1 broker, /);
});

test('addresses are read as every command reads them', async () => {
  const [, port] = cluster.brokers.split(':');
  const { findings } = await examine(`PLAINTEXT://127.0.0.1:${port}, nosuch.invalid`);
  const unreachable = findings.filter(({ check }) => check === 'bootstrap-unreachable');
  assert.deepEqual(
    unreachable.map(({ subject }) => subject),
    ['nosuch.invalid:9092'],
  );
  for (const wrong of ['localhost:99999', 'localhost:abc']) {
    const { code, told } = await cluster.run([doctor], 'doctor', {}, { brokers: wrong });
    const expected = `'${wrong}' is no address of a broker: write host:port, as in kafka-1:9092.`;
    assert.deepEqual([code, told], [2, [expected]]);
  }
});

test('why a broker cannot be talked to is told apart', async () => {
  const checkAt = async (port: number) => {
    const { code, looked, findings } = await examine(`127.0.0.1:${port}`);
    assert.deepEqual([code, looked, findings.length], [1, null, 1]);
    return findings[0]!.check;
  };
  assert.equal(await checkAt(1), 'port');
  const web = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  try {
    assert.equal(await checkAt((web.address() as { port: number }).port), 'protocol');
  } finally {
    web.close();
  }
});

test('one of the addresses that leads nowhere is told, though the others lead to the cluster', async () => {
  const { looked, findings } = await examine(`127.0.0.1:1,${cluster.brokers}`);
  assert.ok(looked !== null);
  const [dead, ...others] = findings.filter(({ check }) => check === 'bootstrap-unreachable');
  assert.deepEqual(
    [dead?.subject, dead?.what, others.length],
    ['127.0.0.1:1', 'nothing listens there (connection refused)', 0],
  );
  const { findings: alone } = await examine();
  assert.ok(!alone.some(({ check }) => check === 'bootstrap-unreachable'));
});

test('an address that leads to another cluster is told, whoever told it', async () => {
  const [here] = cluster.brokers.split(',');
  const settings = [`listeners=PLAINTEXT://127.0.0.1:0`, `advertised.listeners=PLAINTEXT://${here}`];
  await using astray = await startTestBroker({ settings });
  const at = `127.0.0.1:${astray.port}`;
  const { code, findings } = await examine(at);
  assert.equal(code, 1);
  const found = findings.filter(({ check }) => /other-cluster/.test(check));
  assert.deepEqual(
    found.map(({ check, subject }) => [check, subject]),
    [['advertised-other-cluster', `broker 1 at ${here}`]],
  );
  const { clusterId } = await cluster.admin.cluster.describe();
  assert.match(found[0]!.what, new RegExp(`of the cluster ${clusterId} answers there, and at ${at}`));
  const { findings: mixed } = await examine(`${cluster.brokers},${at}`);
  const [other] = mixed.filter(({ check }) => check === 'bootstrap-other-cluster');
  assert.equal(other?.subject, at);
});

test('what is wrong with a certificate is told apart', async () => {
  const checkOf = async (name: string, trusted: string, host = '127.0.0.1') => {
    const { key, certificates } = keyPair(name);
    await using broker = await startTestBroker({
      settings: [
        ...[`listeners=SSL://${host}:0`, 'inter.broker.listener.name=SSL', 'ssl.keystore.type=PEM'],
        ...[`ssl.keystore.key=${key}`, `ssl.keystore.certificate.chain=${certificates}`],
      ],
    });
    const { findings } = await examine(`${host}:${broker.port}`, {
      ...{ 'security.protocol': 'ssl', 'ssl.ca.pem': certificate(trusted) },
    });
    return findings.map(({ check }) => check);
  };
  assert.deepEqual(await checkOf('expired', 'ca'), ['tls-certificate-expired']);
  assert.deepEqual(await checkOf('server', 'ca', '127.0.0.2'), ['tls-certificate-name']);
  assert.deepEqual(await checkOf('server', 'other-ca'), ['tls-certificate']);
});
