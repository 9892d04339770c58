// What many of Kafka's tools say of wrong command lines, and how they read the properties in them.

import { addressProblem, readProperties } from './connections.ts';
import { JavaError, javaTrace } from './java-errors.ts';
import { type ToolContext, UsageProblem } from './kafka-tool.ts';
import { helpText } from './tool-help.ts';
import { HELP, OptionProblem, type ToolOption, type ToolOptions, VERSION } from './tool-options.ts';

/** @throws UsageProblem unless just one of them is given */
export function requireOneOf(options: ToolOptions, ...names: readonly string[]): void {
  if (names.filter((name) => options.has(name)).length === 1) return;
  const shown = names.map((name) => options.shown(name)).join(', ');
  throw new UsageProblem(`Exactly one of the following arguments is required: ${shown}`);
}

/** @throws UsageProblem when both an option and the older name of it are given */
export function refuseTogether(options: ToolOptions, one: string, other: string): void {
  if (options.has(one) && options.has(other))
    throw new UsageProblem(`Options --${one} and --${other} cannot be specified together.`);
}

/** To standard output, as most tools do. */
export function tellDeprecated({ out }: Pick<ToolContext, 'out'>, old: string, name: string): void {
  out(`Option --${old} has been deprecated and will be removed in a future version. Use --${name} instead.`);
}

/** Tools that read their command line with care print their help behind what is wrong with it. Undefined: something else is wrong. */
export function tellParseProblem(
  context: ToolContext,
  options: readonly ToolOption[],
  error: unknown,
): number | undefined {
  if (!(error instanceof OptionProblem) || /Conversion|MultipleArguments/.test(error.javaName))
    return undefined;
  context.err(error.message);
  context.stderr.write(helpText([...options, HELP, VERSION]));
  return 1;
}

/** As Java does of what its main method does not catch, but for the stack trace. */
export function tellUncaught({ err }: ToolContext, error: unknown): number {
  err(`Exception in thread "main" ${javaTrace(error)}`);
  return 1;
}

/** name=value, one for each option; nothing behind the name is an empty value. */
export function keyValues(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** Of a file of Java's properties; without one there are none. */
export async function propertiesOf(
  { disk }: Pick<ToolContext, 'disk'>,
  path: string | undefined,
): Promise<Record<string, string>> {
  return path === undefined ? {} : await readProperties(disk, path);
}

/** host:port, [address]:port */
const HOST_AND_PORT = /^(.*:\/\/)?(\[[^\]]+\]|[^:/]+):\d+$/;

/** What keeps Java's clients from being made at all. @throws JavaError */
export async function checkServers(
  { network }: Pick<ToolContext, 'network'>,
  servers: string,
): Promise<void> {
  const problem = await addressProblem(network, servers);
  if (problem !== undefined) throw new JavaError('org.apache.kafka.common.config.ConfigException', problem);
}

/** @throws UsageProblem, with an empty line behind it */
export function checkServersOption(servers: string | undefined): void {
  if (servers === undefined || servers.trim() === '')
    throw new UsageProblem('Error while validating the bootstrap address\n');
  if (!servers.split(',').every((each) => HOST_AND_PORT.test(each)))
    throw new UsageProblem('Please provide valid host:port like host1:9091,host2:9092\n');
}
