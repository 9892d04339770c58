// kafka-log-dirs: where brokers keep partitions, as JSON.

import type { LogDirDescription } from '@moldau/client';
import { JavaError, javaMessage, javaName } from './java-errors.ts';
import { hashOrder, partitionHash } from './java-text.ts';
import { type KafkaTool, requireOptions, tellFailure } from './kafka-tool.ts';
import type { ToolOptions } from './tool-options.ts';

export const logDirs: KafkaTool = {
  name: 'kafka-log-dirs',
  purpose: 'This tool helps to query log directory usage on the specified brokers.',
  options: [
    {
      name: 'bootstrap-server',
      summary: 'REQUIRED: where to find the cluster.',
      argument: { name: 'The server(s) to use for bootstrapping' },
    },
    {
      name: 'command-config',
      summary: 'A file of properties for the client: how to log in, and the like.',
      argument: { name: 'Admin client property file' },
    },
    { name: 'describe', summary: 'Describe the log directories.' },
    {
      name: 'topic-list',
      summary: 'Only these topics, as in topic1,topic2.',
      argument: { name: 'Topic list', default: '' },
    },
    {
      name: 'broker-list',
      summary: 'Only these brokers, as in 0,1,2.',
      argument: { name: 'Broker list', default: '' },
    },
  ],
  async run(context, options) {
    requireOptions(options, 'bootstrap-server', 'describe');
    const brokers = options.get('bootstrap-server')!;
    const admin = await context.admin({ brokers, configFile: options.get('command-config') });
    const topics = new Set(namesIn(options, 'topic-list'));
    const { brokers: found } = await admin.cluster.describe();
    const known = found.map(({ id }) => id);
    const asked = [...new Set(namesIn(options, 'broker-list').map(brokerId))];
    const unknown = asked.filter((id) => !known.includes(id));
    if (unknown.length > 0) {
      throw new JavaError(
        TERSE,
        `ERROR: The given brokers do not exist from --broker-list: ${unknown.join(',')}. Current existent brokers: ${known.join(',')}`,
      );
    }
    const brokerIds = asked.length === 0 ? known : asked;
    context.out('Querying brokers for log directories information');
    const dirs = await admin.logDirs.describe({ brokerIds });
    context.out(`Received log directory information from brokers ${brokerIds.join(',')}`);
    context.out(jsonOf(dirs, topics));
    return 0;
  },
  failed(context, error) {
    if (javaName(error) !== TERSE) return tellFailure(context, error);
    context.err(javaMessage(error));
    return 1;
  },
};

const TERSE = 'org.apache.kafka.tools.TerseException';

function namesIn(options: ToolOptions, name: string): string[] {
  return options
    .get(name)!
    .split(',')
    .filter((each) => each !== '');
}

function brokerId(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new JavaError('java.lang.NumberFormatException', `For input string: "${text}"`);
}

function jsonOf(dirs: readonly LogDirDescription[], topics: ReadonlySet<string>): string {
  const byBroker = Map.groupBy(dirs, ({ brokerId }) => brokerId);
  return JSON.stringify(
    inHashOrder({
      version: 1,
      brokers: [...byBroker].map(([broker, own]) =>
        inHashOrder({
          broker,
          logDirs: hashOrder(own, ({ path }) => path, own.length).map(({ path, error, replicas }) =>
            inHashOrder({
              logDir: path,
              error: error === undefined ? null : javaName(error),
              partitions: hashOrder(
                // First all are in a map, then those that are asked for in another.
                hashOrder(replicas, partitionHash).filter(
                  ({ topic }) => topics.size === 0 || topics.has(topic),
                ),
                partitionHash,
              ).map(({ topic, partition, sizeBytes, offsetLag, isFuture }) =>
                inHashOrder({ partition: `${topic}-${partition}`, size: sizeBytes, offsetLag, isFuture }),
              ),
            }),
          ),
        }),
      ),
    }),
  );
}

/** The fields stand in the order of Java's hash map. */
function inHashOrder(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(hashOrder(Object.entries(object), ([name]) => name));
}
