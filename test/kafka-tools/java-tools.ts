// Kafka's own tools, run in one JVM (Tools.java). The jars are those that the interop tests install.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { kafkaJars, mavenJars } from '../interop/harness/install.ts';

export interface ToolRun {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** By the name of their scripts. */
const CLASSES: Readonly<Record<string, string>> = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-share-groups': 'org.apache.kafka.tools.consumer.group.ShareGroupCommand',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-share-consumer': 'org.apache.kafka.tools.consumer.ConsoleShareConsumer',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-share-consumer-perf-test': 'org.apache.kafka.tools.ShareConsumerPerformance',
  'kafka-e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-delegation-tokens': 'org.apache.kafka.tools.DelegationTokenCommand',
};

const TIMEOUT_MS = 90_000;

export class JavaTools {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #queue: Promise<unknown> = Promise.resolve();
  readonly #options: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  /** What the JVM itself says. */
  #said = '';

  private constructor(
    child: ChildProcessWithoutNullStreams,
    options: readonly string[],
    environment: NodeJS.ProcessEnv,
  ) {
    this.#child = child;
    this.#options = options;
    this.#environment = environment;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000);
    });
  }

  /** Installs the jars where they are not there yet. `variables` are added to the environment that its tools see. */
  static async start(variables: Readonly<Record<string, string>> = {}): Promise<JavaTools> {
    const root = resolve(import.meta.dirname, '../interop');
    const folders = { root, cache: join(root, '.cache') };
    await mavenJars(folders);
    const here = import.meta.dirname;
    const options = [
      ...['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      `-Dlog4j.configurationFile=${join(here, 'log4j2.xml')}`,
      ...['-cp', `${kafkaJars(folders)}/*`],
    ];
    const environment = { ...process.env, TZ: 'UTC', ...variables };
    const child = spawn('java', [...options, join(here, 'Tools.java')], { env: environment });
    return new JavaTools(child, options, environment);
  }

  /** One after another. */
  run(tool: string, args: readonly string[], stdin = ''): Promise<ToolRun> {
    const name = CLASSES[tool];
    if (name === undefined) throw new Error(`Kafka has no tool ${tool}`);
    const words = [name, Buffer.from(stdin).toString('base64'), ...args];
    const run = this.#queue.then(() => this.#ask(words));
    this.#queue = run.catch(() => {});
    return run;
  }

  /** In a JVM of its own, for tools that end theirs. */
  async alone(tool: string, args: readonly string[]): Promise<ToolRun> {
    const child = spawn('java', [...this.#options, CLASSES[tool]!, ...args], { env: this.#environment });
    const written = { out: '', err: '' };
    child.stdin.end();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      written.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      written.err += text;
    });
    const late = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(late);
    return { ...written, code: code ?? -1 };
  }

  async #ask(words: readonly string[]): Promise<ToolRun> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), TIMEOUT_MS);
    try {
      this.#child.stdin.write(`${words.join('\u0001')}\n`);
      const out = await this.#line(words);
      const err = await this.#line(words);
      return { out, err, code: Number(await this.#plain(words)) };
    } finally {
      clearTimeout(late);
    }
  }

  async #line(words: readonly string[]): Promise<string> {
    return Buffer.from(await this.#plain(words), 'base64').toString('utf8');
  }

  async #plain(words: readonly string[]): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`the JVM ended at ${words.join(' ')}:\n${this.#said}`);
    return value;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}
