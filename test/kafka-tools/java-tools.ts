// Kafka's own tools by the names of their scripts, run in one JVM. The jars are those that the interop tests install.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { TOOL_TIMEOUT_MS, ToolProcess, type ToolRun } from '../interop/clients/java/tool-process.ts';
import { kafkaJars, mavenJars } from '../interop/harness/install.ts';

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

export class JavaTools {
  readonly #process: ToolProcess;
  readonly #options: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(options: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#process = new ToolProcess(options, environment);
    this.#options = options;
    this.#environment = environment;
  }

  /** `variables` are added to the environment that its tools see. */
  static async start(variables: Readonly<Record<string, string>> = {}): Promise<JavaTools> {
    const options = await javaOptions();
    return new JavaTools(options, { ...process.env, TZ: 'UTC', ...variables });
  }

  /** One after another. */
  run(tool: string, args: readonly string[], stdin = ''): Promise<ToolRun> {
    return this.#process.run(classOf(tool), args, stdin);
  }

  /** In a JVM of its own, for tools that end theirs. */
  async alone(tool: string, args: readonly string[]): Promise<ToolRun> {
    const child = spawn('java', [...this.#options, classOf(tool), ...args], { env: this.#environment });
    const written = { out: '', err: '' };
    child.stdin.end();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      written.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      written.err += text;
    });
    const late = setTimeout(() => child.kill('SIGKILL'), TOOL_TIMEOUT_MS);
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(late);
    return { ...written, code: code ?? -1 };
  }

  stop(): void {
    this.#process.stop();
  }
}

/** Installs the jars where they are not there yet. */
export async function javaOptions(): Promise<readonly string[]> {
  const root = resolve(import.meta.dirname, '../interop');
  const folders = { root, cache: join(root, '.cache') };
  await mavenJars(folders);
  return [
    ...['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    `-Dlog4j.configurationFile=${join(root, 'clients', 'java', 'log4j2.xml')}`,
    ...['-cp', `${kafkaJars(folders)}/*`],
  ];
}

function classOf(tool: string): string {
  const name = CLASSES[tool];
  if (name === undefined) throw new Error(`Kafka has no tool ${tool}`);
  return name;
}
