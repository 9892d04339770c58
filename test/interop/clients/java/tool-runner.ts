// How Kafka's command line tools are run: most of them one after another in one JVM (tool-process.ts), those that run for a while or
// read standard input as processes of their own.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { topicName, until } from '../../harness/cases.ts';
import { type CommandResult, run } from '../../harness/command.ts';
import { ToolProcess } from './tool-process.ts';

const jars = process.env.INTEROP_JARS ?? '';
const folder = import.meta.dirname;
export const java = ['java', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
java.push(`-Dlog4j.configurationFile=${join(folder, 'log4j2.xml')}`, '-cp', `${jars}/*`);

export const CLASSES = {
  topics: 'org.apache.kafka.tools.TopicCommand',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  groups: 'org.apache.kafka.tools.GroupsCommand',
  configs: 'kafka.admin.ConfigCommand',
  'producer-perf': 'org.apache.kafka.tools.ProducerPerformance',
  'consumer-perf': 'org.apache.kafka.tools.ConsumerPerformance',
  'dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  cluster: 'org.apache.kafka.tools.ClusterTool',
  'e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  transactions: 'org.apache.kafka.tools.TransactionsCommand',
  acls: 'org.apache.kafka.tools.AclCommand',
  'delegation-tokens': 'org.apache.kafka.tools.DelegationTokenCommand',
  'share-groups': 'org.apache.kafka.tools.consumer.group.ShareGroupCommand',
  'console-share-consumer': 'org.apache.kafka.tools.consumer.ConsoleShareConsumer',
  'share-consumer-perf': 'org.apache.kafka.tools.ShareConsumerPerformance',
} as const;
type Tool = keyof typeof CLASSES;

let shared: ToolProcess | undefined;

/** Runs a tool in the shared JVM; answers what it printed and its exit code. */
async function inShared(tool: Tool, args: readonly string[]): Promise<{ output: string; code: number }> {
  shared ??= new ToolProcess(java.slice(1));
  const { out, err, code } = await shared.run(CLASSES[tool], args);
  return { output: out + err, code };
}

export async function tool(name: Tool, ...args: string[]): Promise<string> {
  const { output, code } = await inShared(name, args);
  assert.equal(code, 0, `${name} ${args.join(' ')} exited with ${code}:\n${output.slice(-1_500)}`);
  return output;
}

/** Of a tool that may fail. */
export async function failing(name: Tool, ...args: string[]): Promise<string> {
  const { output } = await inShared(name, args);
  return output;
}

/** A process of its own. */
export async function ownProcess(name: Tool, args: readonly string[], input = ''): Promise<CommandResult> {
  const result = await run([...java, CLASSES[name], ...args], { timeoutMs: 60_000, input });
  assert.equal(
    result.code,
    0,
    `${name} exited with ${result.code}:\n${(result.output + result.errors).slice(-1_500)}`,
  );
  return result;
}

export const at = (bootstrap: string) => ['--bootstrap-server', bootstrap];

export async function create(
  bootstrap: string,
  name: string,
  partitions = 1,
  ...more: string[]
): Promise<string> {
  const topic = topicName(name);
  const shape = ['--topic', topic, '--partitions', String(partitions), '--replication-factor', '1'];
  const output = await tool('topics', ...at(bootstrap), '--create', ...shape, ...more);
  assert.match(output, new RegExp(`Created topic ${topic}`));
  await until('the topic is known', async () => {
    const described = await failing('topics', ...at(bootstrap), '--describe', '--topic', topic);
    return described.includes(`PartitionCount: ${partitions}`);
  });
  return topic;
}

/** The numbers 0 to count - 1, a line each. */
export const lines = (count: number) => Array.from({ length: count }, (_, index) => `${index}\n`).join('');

export async function fill(bootstrap: string, topic: string, count: number): Promise<void> {
  const target = [
    '--topic',
    topic,
    '--num-records',
    String(count),
    '--record-size',
    '100',
    '--throughput',
    '-1',
  ];
  const evenly = 'partitioner.class=org.apache.kafka.clients.producer.RoundRobinPartitioner';
  const settings = ['--command-property', 'acks=all', '--command-property', evenly];
  await tool('producer-perf', ...target, '--bootstrap-server', bootstrap, ...settings);
}
