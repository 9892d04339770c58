// Where the cluster is and what the client is to be like, as the command lines of kafka-verifiable-producer and -consumer say it.

import { ArgumentError, type ArgumentSpec, type Arguments } from './arguments.ts';
import { javaMessage } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { propertiesOf, tellDeprecated } from './usage.ts';

export const SERVERS: ArgumentSpec = {
  flags: ['--bootstrap-server'],
  metavar: 'HOST1:PORT1[,HOST2:PORT2[...]]',
  group: {
    isExclusive: true,
    isRequired: true,
    title: 'Connection Group',
    description: 'Where the brokers are',
  },
  help: 'REQUIRED: where to find the cluster.',
};

/** Of the file that --command-config names, or its older name. @throws ArgumentError for both, and where there is no such file */
export async function fileProperties(
  context: ToolContext,
  given: Arguments,
  old: 'producer.config' | 'consumer.config',
): Promise<Record<string, string>> {
  if (given.has(old) && given.has('command-config'))
    throw new ArgumentError(`Options --${old} and --command-config are mutually exclusive.`);
  if (given.has(old)) tellDeprecated(context, old, 'command-config');
  try {
    return await propertiesOf(context, given.text(old) ?? given.text('command-config'));
  } catch (error) {
    throw new ArgumentError(javaMessage(error));
  }
}
