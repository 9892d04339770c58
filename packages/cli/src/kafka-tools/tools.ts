// All of Kafka's tools by name. What a tool needs is loaded when it is asked for.

import type { KafkaTool, WordsTool } from './kafka-tool.ts';

const tools: Readonly<Record<string, () => Promise<KafkaTool | WordsTool>>> = {
  'kafka-share-consumer-perf-test': async () => (await import('./share-consumer-perf.ts')).shareConsumerPerf,
  'kafka-console-share-consumer': async () =>
    (await import('./console-share-consumer.ts')).consoleShareConsumer,
  'kafka-delegation-tokens': async () => (await import('./delegation-tokens.ts')).delegationTokens,
  'kafka-producer-perf-test': async () => (await import('./producer-perf.ts')).producerPerf,
  'kafka-consumer-perf-test': async () => (await import('./consumer-perf.ts')).consumerPerf,
  'kafka-e2e-latency': async () => (await import('./e2e-latency.ts')).e2eLatency,
  'kafka-verifiable-consumer': async () => (await import('./verifiable-consumer.ts')).verifiableConsumer,
  'kafka-verifiable-producer': async () => (await import('./verifiable-producer.ts')).verifiableProducer,
  'kafka-dump-log': async () => (await import('./dump-log.ts')).dumpLog,
  'kafka-broker-api-versions': async () => (await import('./broker-api-versions.ts')).brokerApiVersions,
  'kafka-cluster': async () => (await import('./cluster.ts')).cluster,
  'kafka-features': async () => (await import('./features.ts')).features,
  'kafka-transactions': async () => (await import('./transactions.ts')).transactions,
  'kafka-console-producer': async () => (await import('./console-producer.ts')).consoleProducer,
  'kafka-console-consumer': async () => (await import('./console-consumer.ts')).consoleConsumer,
  'kafka-configs': async () => (await import('./configs.ts')).configs,
  'kafka-consumer-groups': async () => (await import('./consumer-groups.ts')).consumerGroups,
  'kafka-groups': async () => (await import('./groups.ts')).groups,
  'kafka-get-offsets': async () => (await import('./get-offsets.ts')).getOffsets,
  'kafka-delete-records': async () => (await import('./delete-records.ts')).deleteRecords,
  'kafka-log-dirs': async () => (await import('./log-dirs.ts')).logDirs,
  'kafka-leader-election': async () => (await import('./leader-election.ts')).leaderElection,
  'kafka-acls': async () => (await import('./acls.ts')).acls,
  'kafka-reassign-partitions': async () => (await import('./reassign-partitions.ts')).reassignPartitions,
  'kafka-share-groups': async () => (await import('./share-groups.ts')).shareGroups,
  'kafka-topics': async () => (await import('./topics.ts')).topics,
};

export const toolNames: readonly string[] = Object.keys(tools);

export interface AskedTool {
  readonly name: string;
  readonly words: readonly string[];
}

/** `called`: the program as it was called, and its arguments. 'kafka-topics.sh --list' and 'moldau kafka-topics --list' ask for the same. */
export function askedTool([program = '', ...words]: readonly string[]): AskedTool | undefined {
  const own = nameOf(program);
  if (Object.hasOwn(tools, own)) return { name: own, words };
  const [first = '', ...others] = words;
  const name = nameOf(first);
  return Object.hasOwn(tools, name) ? { name, words: others } : undefined;
}

export async function loadTool(name: string): Promise<KafkaTool | WordsTool> {
  const load = tools[name];
  if (load === undefined) throw new Error(`there is no tool ${name}`);
  return await load();
}

/** Kafka's scripts end with .sh, and on Windows with .bat. */
function nameOf(program: string): string {
  return program.replace(/^.*[/\\]/, '').replace(/\.(sh|bat|cmd)$/, '');
}
