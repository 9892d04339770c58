// The two brokers that are compared: Apache Kafka from its released jars, and Moldau from this checkout, with the same settings.

import { join, resolve } from 'node:path';
import { MeasuredBroker } from '../../bench/brokers.ts';
import { freePort } from '../interop/harness/broker.ts';
import { mavenJars } from '../interop/harness/install.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
  /** Where clients log in, as one of USERS; undefined for brokers that were started elsewhere. */
  readonly loginPort?: number;
}

/** Whom the brokers know, all with one password. The plain listener's clients may do everything. */
export const USERS = ['nobody', 'restricted', 'operator'] as const;
export type User = (typeof USERS)[number];
export const PASSWORD = 'differential';

export interface Brokers {
  readonly kafka: Address;
  readonly moldau: Address;
  stop(): Promise<void>;
}

const interop = resolve(import.meta.dirname, '../interop');

/**
 * One broker each, which waits for nobody when a group begins. A consumer group gets one assignment, and others only when a scenario says that the
 * interval between two is over. All groups are of one partition: what it has made of a decision of the controller one knows by asking it.
 */
const SETTINGS = [
  'group.initial.rebalance.delay.ms=0',
  'group.consumer.max.assignment.interval.ms=3600000',
  'group.consumer.assignment.interval.ms=3600000',
  'offsets.topic.num.partitions=1',
  'offsets.topic.replication.factor=1',
  'transaction.state.log.replication.factor=1',
  'transaction.state.log.min.isr=1',
  'share.coordinator.state.topic.replication.factor=1',
  'share.coordinator.state.topic.min.isr=1',
  'group.share.min.record.lock.duration.ms=1000',
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS',
  'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT',
  'sasl.enabled.mechanisms=PLAIN',
  `listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ${USERS.map((user) => `user_${user}="${PASSWORD}"`).join(' ')};`,
];

/** Fresh ones on free ports, with folders of their own that go when they stop. */
export async function startBrokers(): Promise<Brokers> {
  await mavenJars({ root: interop, cache: join(interop, '.cache') });
  const [kafkaLogin, moldauLogin] = [await freePort(), await freePort()];
  const kafka = await MeasuredBroker.create('kafka', SETTINGS, [`LOGIN://127.0.0.1:${kafkaLogin}`]);
  const moldau = await MeasuredBroker.create('moldau', SETTINGS, [`LOGIN://127.0.0.1:${moldauLogin}`]);
  const stop = async () => {
    await Promise.all([kafka.destroy(), moldau.destroy()]);
  };
  try {
    await Promise.all([kafka.start(), moldau.start()]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kafka: { host: '127.0.0.1', port: kafka.port, loginPort: kafkaLogin },
    moldau: { host: '127.0.0.1', port: moldau.port, loginPort: moldauLogin },
    stop,
  };
}
