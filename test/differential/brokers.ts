// The two brokers that are compared: Apache Kafka from its released jars, and Moldau from this checkout, with the same settings.

import { join, resolve } from 'node:path';
import { MeasuredBroker } from '../../bench/brokers.ts';
import { mavenJars } from '../interop/harness/install.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Brokers {
  readonly kafka: Address;
  readonly moldau: Address;
  stop(): Promise<void>;
}

const interop = resolve(import.meta.dirname, '../interop');

/** One broker each, which waits for nobody when a group begins. */
const SETTINGS = [
  'group.initial.rebalance.delay.ms=0',
  'offsets.topic.replication.factor=1',
  'transaction.state.log.replication.factor=1',
  'transaction.state.log.min.isr=1',
  'share.coordinator.state.topic.replication.factor=1',
  'share.coordinator.state.topic.min.isr=1',
  'group.share.min.record.lock.duration.ms=1000',
];

/** Fresh ones on free ports, with folders of their own that go when they stop. */
export async function startBrokers(): Promise<Brokers> {
  await mavenJars({ root: interop, cache: join(interop, '.cache') });
  const kafka = await MeasuredBroker.create('kafka', SETTINGS);
  const moldau = await MeasuredBroker.create('moldau', SETTINGS);
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
    kafka: { host: '127.0.0.1', port: kafka.port },
    moldau: { host: '127.0.0.1', port: moldau.port },
    stop,
  };
}
