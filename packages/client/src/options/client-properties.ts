// The properties of all clients: Kafka's names and librdkafka's, and the options that they stand for.

import { OptionsError } from '../errors/kafka-error.ts';
import type { ClientOptions, SaslOptions, TlsOptions } from './client-options.ts';
import type { PropertyDefinition, PropertyTable } from './properties.ts';

type Origin = PropertyDefinition['origin'];

const number = (origin: Origin, name: string, option: string): PropertyDefinition => ({
  ...{ origin, name, option },
  type: 'number',
});
const text = (origin: Origin, name: string, option: string): PropertyDefinition => ({
  ...{ origin, name, option },
  type: 'text',
});
const refused = (origin: Origin, name: string, why: string): PropertyDefinition => ({
  ...{ origin, name, why },
  option: undefined,
  type: 'refused',
});

const ignored = (origin: Origin, name: string, why: string): PropertyDefinition => ({
  ...{ origin, name, why },
  option: undefined,
  type: 'ignored',
});

const FILE = 'files are not read here: read it, and give its PEM text as';
const PROTOCOLS = ['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'];

const definitions: readonly PropertyDefinition[] = [
  text('both', 'bootstrap.servers', 'brokers'),
  text('librdkafka', 'metadata.broker.list', 'brokers'),
  text('both', 'client.id', 'clientId'),
  number('kafka', 'request.timeout.ms', 'requestTimeoutMs'),
  number('librdkafka', 'socket.timeout.ms', 'requestTimeoutMs'),
  number('kafka', 'default.api.timeout.ms', 'apiTimeoutMs'),
  number('both', 'socket.connection.setup.timeout.ms', 'connectTimeoutMs'),
  number('both', 'retry.backoff.ms', 'retryBackoffMs'),
  number('both', 'retry.backoff.max.ms', 'retryBackoffMaxMs'),
  number('both', 'reconnect.backoff.ms', 'reconnectBackoffMs'),
  number('both', 'reconnect.backoff.max.ms', 'reconnectBackoffMaxMs'),
  number('both', 'metadata.max.age.ms', 'metadataMaxAgeMs'),
  number('librdkafka', 'topic.metadata.refresh.interval.ms', 'metadataMaxAgeMs'),
  number('both', 'connections.max.idle.ms', 'connectionsMaxIdleMs'),
  number('librdkafka', 'receive.message.max.bytes', 'maxAnswerBytes'),
  { origin: 'both', name: 'enable.metrics.push', option: 'enableMetricsPush', type: 'boolean' },
  {
    ...{ origin: 'both', name: 'security.protocol', option: 'securityProtocol', type: 'choice' },
    choices: Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, protocol])),
  },
  text('both', 'sasl.mechanism', 'sasl.mechanism'),
  text('librdkafka', 'sasl.mechanisms', 'sasl.mechanism'),
  text('librdkafka', 'sasl.username', 'sasl.username'),
  text('librdkafka', 'sasl.password', 'sasl.password'),
  text('kafka', 'sasl.jaas.config', 'sasl.jaas'),
  text('kafka', 'ssl.truststore.certificates', 'tls.trusted'),
  text('librdkafka', 'ssl.ca.pem', 'tls.trusted'),
  text('kafka', 'ssl.keystore.key', 'tls.key'),
  text('librdkafka', 'ssl.key.pem', 'tls.key'),
  text('kafka', 'ssl.keystore.certificate.chain', 'tls.certificates'),
  text('librdkafka', 'ssl.certificate.pem', 'tls.certificates'),
  ignored('librdkafka', 'statistics.interval.ms', 'kafka.metrics() tells at any time'),
  ignored('librdkafka', 'log_level', 'give a logger'),
  ignored('librdkafka', 'debug', 'give a logger'),
  ignored(
    'librdkafka',
    'socket.keepalive.enable',
    'connections that are silent for too long are given up anyway',
  ),
  ignored('librdkafka', 'socket.nagle.disable', 'it always is'),
  ignored(
    'librdkafka',
    'enable.ssl.certificate.verification',
    'certificates are always verified: tls.trusted says whom to trust',
  ),
  ignored(
    'both',
    'ssl.endpoint.identification.algorithm',
    'names in certificates are always compared: tls.serverName says with what',
  ),
  refused('librdkafka', 'ssl.ca.location', `${FILE} tls.trusted`),
  refused('librdkafka', 'ssl.key.location', `${FILE} tls.key`),
  refused('librdkafka', 'ssl.certificate.location', `${FILE} tls.certificates`),
  refused('kafka', 'ssl.truststore.location', `${FILE} tls.trusted`),
  refused('kafka', 'ssl.keystore.location', `${FILE} tls.key and tls.certificates`),
  refused('kafka', 'sasl.login.callback.handler.class', 'classes of Java cannot run here: give sasl.token'),
  refused('librdkafka', 'enable.sasl.oauthbearer.unsecure.jwt', 'tokens come from sasl.token'),
];

/** Options as `security.protocol` and the keys around it mean them. */
export const clientProperties: PropertyTable<ClientOptions> = {
  room: 'client',
  definitions,
  assemble(values) {
    const options: Record<string, unknown> = {};
    const tls: Record<string, unknown> = {};
    const sasl: Record<string, unknown> = {};
    for (const [option, value] of values) {
      const [group, part] = option.split('.') as [string, string | undefined];
      if (group === 'tls') tls[part!] = value;
      else if (group === 'sasl') sasl[part!] = value;
      else if (option !== 'securityProtocol') options[option] = value;
    }
    const protocol = values.get('securityProtocol') as string | undefined;
    if (protocol?.endsWith('ssl') || (protocol === undefined && Object.keys(tls).length > 0))
      options.tls = Object.keys(tls).length > 0 ? (tls as TlsOptions) : true;
    if (protocol?.startsWith('sasl') || (protocol === undefined && Object.keys(sasl).length > 0)) {
      const login = saslOf(sasl);
      if (login !== undefined) options.sasl = login;
    }
    return options;
  },
};

/** Undefined when the login is left to the option sasl. */
function saslOf(sasl: Record<string, unknown>): SaslOptions | undefined {
  const { jaas, ...rest } = sasl as { jaas?: string; mechanism?: string };
  const all = jaas === undefined ? rest : { ...rest, ...credentialsOf(jaas) };
  if (Object.keys(all).length === 0 || all.mechanism?.toUpperCase() === 'OAUTHBEARER') return undefined;
  return all as SaslOptions;
}

/** Of Kafka's login modules for PLAIN and SCRAM: `...LoginModule required username="alice" password="secret";` */
function credentialsOf(jaas: string): { username: string; password: string; isDelegationToken?: true } {
  const option = (name: string): string | undefined => {
    const [, quoted, single, bare] =
      new RegExp(`\\b${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|'([^']*)'|([^\\s;"']+))`).exec(jaas) ?? [];
    return quoted?.replace(/\\(.)/g, '$1') ?? single ?? bare;
  };
  const username = option('username');
  const password = option('password');
  if (username === undefined || password === undefined) {
    throw new OptionsError(
      'The property sasl.jaas.config has no username="..." password="...": only those of PLAIN and SCRAM are read; for OAUTHBEARER give sasl.token.',
    );
  }
  return { username, password, ...(option('tokenauth') === 'true' && { isDelegationToken: true }) };
}
