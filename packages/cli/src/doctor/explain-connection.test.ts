import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { AuthenticationError, ConnectionError, type KafkaError, TimeoutError } from '@moldau/client';
import { nodeNetwork, nodeTimers } from '@moldau/io';
import { startTestBroker } from '@moldau/testing';
import { attemptsOf, explainConnection, isAmbiguous, type WayIn } from './explain-connection.ts';
import { isToMend } from './finding.ts';
import { lookAtPort, type PortLook } from './look-at-port.ts';

const PLAIN: WayIn = { isTls: false, isLogin: false, mechanism: 'GSSAPI' };
const PORTS = { network: nodeNetwork, timers: nodeTimers };

function failed(code: string, message = code): ConnectionError {
  const cause = Object.assign(new Error(code), { code });
  return new ConnectionError('CONNECTION_FAILED', `k:1: ${message}`, { cause });
}

function explained(error: KafkaError, look?: PortLook, way: Partial<WayIn> = {}) {
  return explainConnection({ address: 'k:1', error }, { ...PLAIN, ...way }, look);
}

test('what the network says has a name for each cause', () => {
  const checkOf = (code: string) => explained(failed(code)).check;
  assert.equal(checkOf('ECONNREFUSED'), 'port');
  assert.equal(checkOf('ENOTFOUND'), 'name');
  const advised = explained(failed('ECONNREFUSED', 'nothing listens there: do something'));
  assert.equal(advised.what, 'nothing listens there (connection refused)', 'what to do is said once');
  assert.equal(checkOf('EHOSTUNREACH'), 'network');
  assert.equal(checkOf('DEPTH_ZERO_SELF_SIGNED_CERT'), 'tls-certificate');
  const shown = '`openssl s_client -connect k:1 </dev/null | openssl x509 -noout ';
  const otherName = explained(failed('ERR_TLS_CERT_ALTNAME_INVALID'));
  assert.equal(otherName.check, 'tls-certificate-name');
  assert.ok(otherName.mend.includes(`${shown}-ext subjectAltName\``), otherName.mend);
  const ended = explained(failed('CERT_HAS_EXPIRED'));
  assert.equal(ended.check, 'tls-certificate-expired');
  assert.ok(ended.mend.includes(`${shown}-dates\``), ended.mend);
  const refused = explained(new AuthenticationError('SASL_AUTHENTICATION_FAILED', 'k:1: refused'));
  assert.deepEqual([refused.check, refused.subject, isToMend(refused)], ['login', 'k:1', true]);
});

test('what lies under a timeout, however deep, is what counts', () => {
  const over = (cause: KafkaError) => new TimeoutError('there was no connection in time', { cause });
  const error = over(over(failed('ECONNREFUSED')));
  const [attempt] = attemptsOf(error, 'k:1');
  assert.ok(!isAmbiguous(attempt!));
  assert.equal(explained(attempt!.error).check, 'port');
  assert.equal(explained(over(failed('ECONNREFUSED'))).check, 'port');
});

test('what a port really speaks decides, and the command has the right protocol', () => {
  const closed = failed('', 'the connection was closed before the first answer');
  const seen = (isTls: boolean, mechanisms?: readonly string[]): PortLook => ({
    ...{ speaks: 'kafka', isTls, mechanisms },
  });
  const mended = (look: PortLook | undefined, way?: Partial<WayIn>) => {
    const { check, mend } = explained(closed, look, way);
    return `${check} ${/`moldau doctor ([^`]*)`/.exec(mend)?.[1] ?? ''}`;
  };
  const login = { isLogin: true, mechanism: 'PLAIN' };
  const name = '-X sasl.username=NAME -X sasl.password=SECRET';
  assert.equal(mended({ speaks: 'http' }), 'protocol ');
  assert.equal(mended({ speaks: 'http' }, { isTls: true }), 'protocol ');
  assert.equal(mended(undefined), 'protocol ');
  assert.equal(mended(seen(true)), 'tls-mismatch -X security.protocol=ssl -X ssl.ca.location=ca.pem');
  assert.equal(mended(seen(false), { isTls: true }), 'tls-mismatch -X security.protocol=plaintext');
  assert.equal(
    mended(seen(false, ['PLAIN']), { ...login, isTls: true }),
    'tls-mismatch -X security.protocol=sasl_plaintext',
  );
  assert.equal(
    mended(seen(true, ['GSSAPI', 'SCRAM-SHA-512'])),
    `tls-mismatch -X security.protocol=sasl_ssl -X sasl.mechanism=SCRAM-SHA-512 ${name} -X ssl.ca.location=ca.pem`,
  );
  assert.equal(
    mended({ speaks: 'tls' }, login),
    'tls-mismatch -X security.protocol=sasl_ssl -X ssl.ca.location=ca.pem',
  );
  assert.equal(mended({ speaks: 'tls' }, { isTls: true }).split(' ')[0], 'tls-certificate');
  assert.equal(mended(seen(true), { ...login, isTls: true }), 'sasl-mismatch -X security.protocol=ssl');
  assert.equal(
    mended(seen(false, ['PLAIN'])),
    `sasl-mismatch -X security.protocol=sasl_plaintext -X sasl.mechanism=PLAIN ${name}`,
  );
  assert.equal(
    mended(seen(false, ['SCRAM-SHA-256']), login),
    'sasl-mechanism -X sasl.mechanism=SCRAM-SHA-256',
  );
});

test('a look at a port tells brokers, web servers and those who only hang up apart', async () => {
  const server = async (greeting: (words: string) => string) => {
    const listening = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => socket.end(greeting(bytes.toString('latin1'))));
    });
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    return {
      port: (listening.address() as { port: number }).port,
      [Symbol.dispose]: () => listening.close(),
    };
  };
  const lookAt = (port: number) => lookAtPort({ host: '127.0.0.1', port }, [], PORTS);
  using strict = await server((words) => (words.startsWith('GET ') ? 'HTTP/1.1 404 Not Found\r\n\r\n' : ''));
  assert.deepEqual(await lookAt(strict.port), { speaks: 'http' });
  using silent = await server(() => '');
  assert.equal(await lookAt(silent.port), undefined);
  const settings = [
    'listeners=PLAIN://127.0.0.1:0,LOGIN://127.0.0.1:0',
    'listener.security.protocol.map=PLAIN:PLAINTEXT,LOGIN:SASL_PLAINTEXT',
    ...['sasl.enabled.mechanisms=SCRAM-SHA-512', 'inter.broker.listener.name=PLAIN'],
  ];
  const broker = await startTestBroker({ settings });
  try {
    const looks = await Promise.all(broker.broker.listeners.map(({ port }) => lookAt(port)));
    assert.deepEqual(looks, [
      { speaks: 'kafka', isTls: false, mechanisms: undefined },
      { speaks: 'kafka', isTls: false, mechanisms: ['SCRAM-SHA-512'] },
    ]);
  } finally {
    await broker.stop();
  }
});
