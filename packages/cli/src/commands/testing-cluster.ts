// For tests of commands: one broker in this process, or the one at MOLDAU_TEST_BROKERS (host:port) if that is set, and verbs run against it.

import { setTimeout } from 'node:timers/promises';
import { type Admin, Kafka } from '@moldau/client';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import type { CommandArguments, CommandOptions, VerbSpec } from '../command-line/command.ts';
import { type RanCommand, type RunOptions, runVerb } from '../testing-context.ts';

export class TestCluster {
  readonly brokers: string;
  readonly kafka: Kafka;
  readonly admin: Admin;
  /** Undefined: it is elsewhere. */
  readonly broker: TestBroker | undefined;

  private constructor(brokers: string, broker: TestBroker | undefined) {
    this.brokers = brokers;
    this.broker = broker;
    this.kafka = new Kafka({ brokers });
    this.admin = this.kafka.admin();
  }

  static async start(settings: readonly string[] = []): Promise<TestCluster> {
    const elsewhere = process.env.MOLDAU_TEST_BROKERS;
    if (elsewhere !== undefined) return new TestCluster(elsewhere, undefined);
    const broker = await startTestBroker({ settings });
    return new TestCluster(`127.0.0.1:${broker.port}`, broker);
  }

  /** Runs one of the verbs; options are given as the spec's parsers make them. */
  run(
    verbs: readonly VerbSpec[],
    name: string,
    args: CommandArguments = {},
    options: CommandOptions = {},
    how: RunOptions = {},
  ): Promise<RanCommand> {
    const verb = verbs.find((each) => each.name === name)!;
    return runVerb(verb, args, options, { brokers: this.brokers, ...how });
  }

  /** What it prints as JSON. Throws when it fails. */
  // biome-ignore lint/suspicious/noExplicitAny: the tests know what is in it
  async json(...[verbs, name, args, options, how]: Parameters<TestCluster['run']>): Promise<any> {
    const { code, out, told } = await this.run(verbs, name, args, options, { ...how, output: 'json' });
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${told.join('\n')}`);
    return JSON.parse(out);
  }

  /** With so many records in each partition. Resolves when all brokers know of it. */
  async topic(name: string, partitions = 1, records: readonly number[] = []): Promise<void> {
    await this.admin.topics.create({ name, partitions });
    await this.until(async () => (await this.admin.topics.list()).some((topic) => topic.name === name));
    if (records.length === 0) return;
    await using producer = this.kafka.producer();
    for (const [partition, count] of records.entries())
      await producer.send(
        name,
        Array.from({ length: count }, (_, index) => ({ partition, value: `record ${index}` })),
      );
  }

  /** Of a cluster elsewhere the brokers hear of changes a little later than their controller has made them. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await setTimeout(20);
  }

  async stop(): Promise<void> {
    await this.kafka.close();
    await this.broker?.stop();
  }
}
