// KafkaJS logs in.

import { readFileSync } from 'node:fs';
import kafkajs from 'kafkajs';
import { main, until } from '../../harness/cases.ts';
import { fetchToken, loginCases } from '../../harness/login-cases.ts';

const { Kafka, logLevel } = kafkajs;

function connect({ protocol, bootstrap, mechanism, user, password, token, authority, certificate, key }) {
  const settings = { clientId: 'interop', brokers: [bootstrap], logLevel: logLevel.NOTHING, retry: { retries: 2 } };
  if (protocol.endsWith('SSL')) settings.ssl = { ca: [readFileSync(authority)], servername: 'localhost' };
  if (certificate !== undefined) Object.assign(settings.ssl, { cert: readFileSync(certificate), key: readFileSync(key) });
  if (mechanism === 'OAUTHBEARER')
    settings.sasl = {
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value: token ?? (await fetchToken(user, password)) }),
    };
  else if (mechanism !== undefined)
    settings.sasl = { mechanism: mechanism.toLowerCase(), username: user, password };
  return new Kafka(settings);
}

async function produce(login, topic, values) {
  const producer = connect(login).producer();
  try {
    await producer.connect();
    const [answer] = await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
    return Number(answer.baseOffset);
  } finally {
    await producer.disconnect();
  }
}

async function consume(login, topic, groupId, first, count) {
  const consumer = connect(login).consumer({ groupId, maxWaitTimeInMs: 200 });
  const found = [];
  let failure;
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    failure = payload.error;
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        if (Number(message.offset) >= first) found.push(String(message.value));
      },
    });
    await until(`${count} messages of ${topic}`, () => failure !== undefined || found.length >= count, 40_000);
    if (failure !== undefined) throw failure;
    return found;
  } finally {
    await consumer.disconnect();
  }
}

loginCases('kafkajs', {
  produce,
  consume,
  // Of a group it tells no more than that no broker would name a coordinator.
  isUnauthorized: ({ name, message }) =>
    name === 'KafkaJSGroupCoordinatorNotFound' || message === 'Not authorized to access topics: [Topic authorization failed]',
  // What a broker says of a refused token it does not read, and meets a closed connection.
  isRefused: ({ name, message }) =>
    name === 'KafkaJSSASLAuthenticationError' || /certificate required|Closed connection/.test(message),
});

await main();
