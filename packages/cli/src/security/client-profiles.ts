// What clients have to be told to log in to a broker with TLS and SCRAM: each in the form in which its library takes it.

export interface Login {
  /** 'HOST:PORT' */
  readonly address: string;
  readonly user: string;
  /** Letters that need no escape in any of the forms. */
  readonly password: string;
  /** Absolute path of the authority's certificate. */
  readonly authorityPath: string;
}

export interface ClientProfile {
  readonly client: string;
  readonly fileName: string;
  readonly text: string;
  /** How the file is used. */
  readonly usage: (path: string) => string;
}

export const MECHANISM = 'SCRAM-SHA-512';

export function clientProfiles(login: Login): ClientProfile[] {
  return [java(login), librdkafka(login), kafkaPython(login), kafkaJs(login)];
}

function java({ address, user, password, authorityPath }: Login): ClientProfile {
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule';
  return {
    client: "Java clients and Kafka's tools",
    fileName: 'java.properties',
    usage: (path) => `kafka-topics.sh --bootstrap-server ${address} --command-config ${path} --list`,
    text: `bootstrap.servers=${address}
security.protocol=SASL_SSL
sasl.mechanism=${MECHANISM}
sasl.jaas.config=${module} required username="${user}" password="${password}";
ssl.truststore.type=PEM
ssl.truststore.location=${authorityPath}
`,
  };
}

function librdkafka({ address, user, password, authorityPath }: Login): ClientProfile {
  return {
    client: 'librdkafka from 2.6.1 on (confluent-kafka for Python, Go, .NET; kcat)',
    fileName: 'librdkafka.properties',
    usage: (path) => `kcat -F ${path} -L`,
    text: `bootstrap.servers=${address}
security.protocol=sasl_ssl
sasl.mechanisms=${MECHANISM}
sasl.username=${user}
sasl.password=${password}
ssl.ca.location=${authorityPath}
`,
  };
}

function kafkaPython({ address, user, password, authorityPath }: Login): ClientProfile {
  const settings = {
    bootstrap_servers: address,
    security_protocol: 'SASL_SSL',
    sasl_mechanism: MECHANISM,
    sasl_plain_username: user,
    sasl_plain_password: password,
    ssl_cafile: authorityPath,
  };
  return {
    client: 'kafka-python',
    fileName: 'kafka-python.json',
    usage: (path) => `KafkaProducer(**json.load(open(${JSON.stringify(path)})))`,
    text: `${JSON.stringify(settings, undefined, 2)}\n`,
  };
}

function kafkaJs({ address, user, password, authorityPath }: Login): ClientProfile {
  const sasl = { mechanism: MECHANISM.toLowerCase(), username: user, password };
  return {
    client: 'KafkaJS',
    fileName: 'kafkajs.js',
    usage: (path) => `new Kafka(require(${JSON.stringify(path)}))`,
    text: `module.exports = {
  brokers: [${JSON.stringify(address)}],
  ssl: { ca: [require('node:fs').readFileSync(${JSON.stringify(authorityPath)}, 'utf8')] },
  sasl: ${JSON.stringify(sasl)},
};
`,
  };
}
