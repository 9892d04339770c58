// kafka-leader-election: has leaders of partitions elected.

import type { TopicPartition } from '@moldau/client';
import { KafkaError, PartialFailureError } from '@moldau/client/admin';
import { executionError, javaText, runtimeError } from './java-errors.ts';
import { hashOrder, partitionHash } from './java-text.ts';
import { type KafkaTool, refuseOptions, type ToolContext } from './kafka-tool.ts';
import {
  adminProblem,
  commandProblem,
  integerIn,
  listOf,
  objectOf,
  readJson,
  textIn,
  twins,
  wrappingProblems,
} from './tool-json.ts';
import type { ToolOptions } from './tool-options.ts';
import { tellDeprecated } from './usage.ts';

const SCOPES = ['topic', 'all-topic-partitions', 'path-to-json-file'] as const;
const TIMEOUT_MS = 30_000;

export const leaderElection: KafkaTool = {
  name: 'kafka-leader-election',
  purpose:
    'This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are preferred replicas and unclean replicas.',
  options: [
    {
      name: 'bootstrap-server',
      summary: 'Where to find the cluster, as in host1:port1,host2:port2. REQUIRED.',
      argument: { name: 'host:port' },
    },
    {
      name: 'admin.config',
      summary: '(DEPRECATED) The former name of --command-config.',
      argument: { name: 'config file' },
    },
    {
      name: 'command-config',
      summary: 'A file of properties for the client: how to log in, and the like.',
      argument: { name: 'Config file' },
    },
    {
      name: 'path-to-json-file',
      summary: `A file that names partitions, as
{"partitions": [{"topic": "foo", "partition": 1}]}`,
      argument: { name: 'Path to JSON file' },
    },
    {
      name: 'topic',
      summary: 'The topic, of which --partition says the partition.',
      argument: { name: 'topic name' },
    },
    {
      name: 'partition',
      summary: 'The partition of --topic.',
      argument: { type: 'Integer', name: 'partition id' },
    },
    { name: 'all-topic-partitions', summary: 'All partitions of all topics.' },
    {
      name: 'election-type',
      summary:
        'preferred: the first of the replicas is to lead. unclean: where nobody leads, any replica that is there, even one that is behind. REQUIRED.',
      argument: { name: 'election type', choices: ['PREFERRED', 'UNCLEAN'] },
    },
  ],
  async run(context, options) {
    checkOptions(options);
    const type = options.get('election-type')!.toUpperCase();
    const partitions = await partitionsOf(context, options);
    if (options.has('admin.config')) tellDeprecated(context, 'admin.config', 'command-config');
    const admin = await context.admin({
      brokers: options.get('bootstrap-server')!,
      configFile: options.get('admin.config') ?? options.get('command-config'),
    });
    let failures: readonly KafkaError[] = [];
    let elected: TopicPartition[] = [];
    try {
      const choice = { type: type === 'PREFERRED' ? 'preferred' : 'unclean', timeoutMs: TIMEOUT_MS } as const;
      elected = await admin.leaders.elect(partitions ?? 'all', choice);
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      if (error instanceof PartialFailureError) {
        failures = error.errors;
        elected = error.results.filter((result) => !(result instanceof KafkaError)) as TopicPartition[];
      } else if (error.topic !== undefined) {
        failures = [error];
      } else {
        throw wholeFailure(context, error);
      }
    }
    tellResults(context, type, { elected, failures, asked: partitions ?? [] });
    return 0;
  },
};

function checkOptions(options: ToolOptions): void {
  const missing = ['bootstrap-server', 'election-type'].filter((name) => !options.has(name));
  if (missing.length > 0) throw commandProblem(`Missing required option(s): ${missing.join(', ')}`);
  refuseOptions(options, 'admin.config', ['command-config']);
  if (SCOPES.filter((scope) => options.has(scope)).length !== 1)
    throw commandProblem(`One and only one of the following options is required: ${SCOPES.join(', ')}`);
  if (options.has('topic') && !options.has('partition'))
    throw commandProblem('Missing required option(s): partition');
  if (!options.has('topic') && options.has('partition'))
    throw commandProblem('Option partition is only allowed if topic is used');
}

/** undefined: all. */
async function partitionsOf(
  context: ToolContext,
  options: ToolOptions,
): Promise<TopicPartition[] | undefined> {
  if (options.has('all-topic-partitions')) return undefined;
  const topic = options.get('topic');
  if (topic !== undefined) return [{ topic, partition: options.number('partition')! }];
  return await wrappingProblems(async () => {
    const json = await readJson(context, options.get('path-to-json-file')!);
    if (json === undefined) throw adminProblem('Replica election data is empty');
    const { partitions } = objectOf(json);
    if (partitions === undefined) throw adminProblem('Replica election data is missing "partitions" field');
    const listed = listOf(partitions).map((each) => {
      const object = objectOf(each);
      return { topic: textIn(object, 'topic'), partition: integerIn(object, 'partition') };
    });
    const twice = twins(listed.map(nameOf));
    if (twice.length > 0)
      throw adminProblem(`Replica election data contains duplicate partitions: [${twice.join(', ')}]`);
    return listed;
  });
}

function wholeFailure(context: ToolContext, error: KafkaError): Error {
  const message =
    error.code === 'CLUSTER_AUTHORIZATION_FAILED'
      ? 'Not authorized to perform leader election'
      : ['TIMED_OUT', 'REQUEST_TIMED_OUT', 'NO_BROKER_REACHABLE'].includes(error.code)
        ? 'Timeout waiting for election results'
        : undefined;
  if (message === undefined) return runtimeError(executionError(error));
  context.out(message);
  return commandProblem(message);
}

interface Results {
  readonly asked: readonly TopicPartition[];
  readonly elected: readonly TopicPartition[];
  readonly failures: readonly KafkaError[];
}

/** @throws JavaError when some failed */
function tellResults(context: ToolContext, type: string, { asked, elected, failures }: Results): void {
  const known = new Set([
    ...elected.map(nameOf),
    ...failures.map(({ topic = '', partition = 0 }) => nameOf({ topic, partition })),
  ]);
  const unchanged = asked.filter((partition) => !known.has(nameOf(partition)));
  const namesOf = (partitions: readonly TopicPartition[]): string =>
    hashOrder(partitions, partitionHash).map(nameOf).join(', ');
  if (elected.length > 0) {
    context.out(`Successfully completed leader election (${type}) for partitions ${namesOf(elected)}`);
  }
  if (unchanged.length > 0) context.out(`Valid replica already elected for partitions ${namesOf(unchanged)}`);
  if (failures.length === 0) return;
  const failed = failures.map((error) => ({
    ...{ error, topic: error.topic ?? '', partition: error.partition ?? 0 },
  }));
  for (const each of hashOrder(failed, partitionHash)) {
    context.out(
      `Error completing leader election (${type}) for partition: ${nameOf(each)}: ${javaText(each.error)}`,
    );
  }
  throw commandProblem(`${failures.length} replica(s) could not be elected`);
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
