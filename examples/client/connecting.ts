// Addresses, encryption and logins. Nothing is connected before it is used.

import { Kafka } from '@moldau/client';

export async function plain(): Promise<void> {
  // #region plain
  const kafka = new Kafka({ brokers: ['kafka-1:9092', 'kafka-2:9092'], clientId: 'billing' });
  // #endregion
  await kafka.close();
}

export async function secured(): Promise<void> {
  const readFile = async (_: string, __: string) => '-----BEGIN CERTIFICATE-----';
  process.env.KAFKA_PASSWORD ??= 'secret';
  // #region secured
  const kafka = new Kafka({
    brokers: 'kafka.example.org:9093',
    tls: { trusted: await readFile('ca.pem', 'utf8') },
    sasl: { mechanism: 'SCRAM-SHA-512', username: 'ada', password: process.env.KAFKA_PASSWORD },
  });
  // #endregion
  await kafka.close();
}

export async function byToken(): Promise<void> {
  const identityProvider = { token: async () => 'eyJhbGciOiJFUzI1NiJ9' };
  // #region token
  const kafka = new Kafka({
    brokers: 'kafka.example.org:9093',
    tls: true,
    sasl: { mechanism: 'OAUTHBEARER', token: () => identityProvider.token() },
  });
  // #endregion
  await kafka.close();
}

export async function byProperties(): Promise<void> {
  // #region properties
  const kafka = new Kafka({
    properties: { 'bootstrap.servers': 'kafka-1:9092,kafka-2:9092', 'security.protocol': 'SSL' },
  });
  const producer = kafka.producer({ properties: { 'linger.ms': 20, 'compression.type': 'lz4' } });
  // #endregion
  await producer.close();
  await kafka.close();
}
