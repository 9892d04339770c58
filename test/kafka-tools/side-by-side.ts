// Runs one of our tools and Kafka's own with the same words against the same Moldau broker, or the same brokers of Kafka's, and compares what both write, stream by stream and
// line by line, and their exit codes.
//
// Where both make or destroy something, '{side}' in a word stands for a name that each has for itself; in what they write it is put back.
// What cannot be the same, as times are, `normal` makes the same. Java's stack traces count only by their first lines.

import assert from 'node:assert/strict';
import { Kafka } from '@moldau/client';
import { startTestBroker, type TestBroker } from '@moldau/testing';
import { runInProcess } from '../../packages/cli/src/kafka-tools/testing-tool.ts';
import type { ToolRun } from '../interop/clients/java/tool-process.ts';
import { JavaTools } from './java-tools.ts';

/** As long as each other, so that columns are as wide. */
const SIDES = { ours: 'side-a', kafkas: 'side-b' } as const;
type Side = keyof typeof SIDES;

export interface Comparison {
  readonly stdin?: string;
  /** Makes the same what cannot be: times, rates, ids. It gets each stream, the usual normalising done. */
  readonly normal?: (text: string) => string;
  /** Kafka's order is that of a hash map: lines are compared sorted. */
  readonly isUnordered?: boolean;
  /** The exit code that both must have. Default: 0. */
  readonly code?: number;
  /** Kafka's tool ends its JVM, rather than as the others: it gets one of its own. */
  readonly isAlone?: boolean;
  /** Awaited when Kafka's tool has run, before ours does. */
  readonly between?: () => Promise<unknown>;
}

export class SideBySide implements AsyncDisposable {
  readonly kafka: Kafka;
  /** host:port */
  readonly brokers: string;
  readonly #broker: TestBroker | undefined;
  readonly #java: JavaTools;

  private constructor(brokers: string, java: JavaTools, broker?: TestBroker) {
    this.brokers = brokers;
    this.kafka = new Kafka({ brokers });
    this.#broker = broker;
    this.#java = java;
  }

  /** With a broker of its own. `settings` are lines of server.properties. */
  static async start(
    settings: readonly string[] = [],
    options: { logDirs?: readonly string[] } = {},
  ): Promise<SideBySide> {
    process.env.TZ = 'UTC';
    const java = await JavaTools.start();
    const broker = await startTestBroker({
      settings: ['group.initial.rebalance.delay.ms=0', ...settings],
      ...options,
    });
    return new SideBySide(`127.0.0.1:${broker.port}`, java, broker);
  }

  /** With the brokers that are there. */
  static async at(brokers: string): Promise<SideBySide> {
    process.env.TZ = 'UTC';
    return new SideBySide(brokers, await JavaTools.start());
  }

  get broker(): TestBroker {
    assert.ok(this.#broker, 'it has no broker of its own');
    return this.#broker;
  }

  /** '--bootstrap-server' and the broker go before the words. Returns what ours wrote. */
  async same(tool: string, words: readonly string[], how: Comparison = {}): Promise<ToolRun> {
    return await this.sameWords(tool, ['--bootstrap-server', this.brokers, ...words], how);
  }

  /** With these words alone. */
  async sameWords(tool: string, words: readonly string[], how: Comparison = {}): Promise<ToolRun> {
    const kafkas = await this.run('kafkas', tool, words, how.stdin, how.isAlone);
    await how.between?.();
    const ours = await this.run('ours', tool, words, how.stdin);
    const title = `${tool} ${words.join(' ')}`;
    const { code = 0 } = how;
    assert.equal(
      kafkas.code,
      code,
      `Kafka's ${title} ended with ${kafkas.code}:\n${kafkas.out}${kafkas.err}`,
    );
    const found = differences(shown(ours, how), shown(kafkas, how));
    assert.ok(found === '', `${title}\n${found}`);
    return ours;
  }

  /** Many one after another, all of them even when some differ. Words are separated by blanks. */
  async all(tool: string, lines: readonly string[], how: Comparison = {}): Promise<void> {
    const failures: string[] = [];
    for (const line of lines) {
      try {
        await this.same(tool, line.split(' '), how);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
    assert.ok(failures.length === 0, failures.join('\n\n'));
  }

  /** Each ends with 1: of words alone, and of lines that go behind the broker. */
  async refuse(
    tool: string,
    alone: readonly (readonly string[])[],
    lines: readonly string[] = [],
  ): Promise<void> {
    for (const words of alone) await this.sameWords(tool, words, { code: 1 });
    await this.all(tool, lines, { code: 1 });
  }

  async run(
    side: Side,
    tool: string,
    words: readonly string[],
    stdin = '',
    isAlone = false,
  ): Promise<ToolRun> {
    const own = words.map((word) => word.replaceAll('{side}', SIDES[side]));
    const kafkas = () => (isAlone ? this.#java.alone(tool, own) : this.#java.run(tool, own, stdin));
    const run = side === 'ours' ? await runInProcess(tool, own, stdin) : await kafkas();
    const neutral = (text: string): string =>
      text
        .replaceAll(SIDES[side], '{side}')
        .replaceAll(SIDES[side === 'ours' ? 'kafkas' : 'ours'], '{other}')
        .replaceAll(this.brokers, '{broker}');
    return { ...run, out: neutral(run.out), err: neutral(run.err) };
  }

  /** Resolves when it is so. */
  async settled(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async stop(): Promise<void> {
    this.#java.stop();
    await this.kafka.close();
    await this.#broker?.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** For what both see of both: the names that stand for the sides are one. */
export function oneName(text: string): string {
  return text.replace(/\{(side|other)\}/g, 'NAME');
}

type Shown = Readonly<Record<'out' | 'err', readonly string[]>> & { readonly code: number };

function shown({ out, err, code }: ToolRun, how: Comparison): Shown {
  const lines = (text: string): string[] => {
    const { normal = (same) => same } = how;
    const all = normal(withoutTraces(argumentsOfHelp(optionsOfHelp(text)))).split('\n');
    return how.isUnordered === true ? all.sort() : all;
  };
  return { out: lines(out), err: lines(err), code };
}

/** Lines that only Kafka's tool writes with a minus, those that only ours writes with a plus. */
function differences(ours: Shown, kafkas: Shown): string {
  const found: string[] = [];
  if (ours.code !== kafkas.code) found.push(`- exit code ${kafkas.code}`, `+ exit code ${ours.code}`);
  for (const stream of ['out', 'err'] as const) {
    if (ours[stream].join('\n') === kafkas[stream].join('\n')) continue;
    found.push(`  ${stream}:`);
    const lines = [
      ...kafkas[stream].map((line) => ({ mark: '-', line, other: ours[stream] })),
      ...ours[stream].map((line) => ({ mark: '+', line, other: kafkas[stream] })),
    ].filter(({ line, other }) => !other.includes(line));
    found.push(...lines.map(({ mark, line }) => `${mark} ${JSON.stringify(line)}`));
    if (lines.length > 0) continue;
    found.push('  in another order:');
    for (const [mark, { [stream]: all }] of [['-', kafkas] as const, ['+', ours] as const])
      found.push(`${mark} ${all.join(' | ').slice(0, 1_000)}`);
  }
  return found.join('\n');
}

/** Of a stack trace, only its first line is comparable. Times of the log are no matter. */
function withoutTraces(text: string): string {
  return (
    text
      .replace(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]/gm, '[time]')
      .split('\n')
      // What the client library tells of what its caller tells too.
      .filter((line) => !line.endsWith('(org.apache.kafka.clients.admin.internals.DeleteRecordsHandler)'))
      .filter((line) => !line.endsWith('(@moldau/client)'))
      .filter((line) => !/^(\s+at |\s+\.\.\. \d+ more|Caused by: |\s*Suppressed: )/.test(line) && line !== '')
      .join('\n')
  );
}

/** What help says of options is ours, and the words for their arguments too: the options and the kind of their arguments are Kafka's. */
function optionsOfHelp(text: string): string {
  const at = text.search(/^Option( \(\* = required\))? +Description *$/m);
  if (at < 0) return text;
  const lines = text.slice(at).trimEnd().split('\n');
  const width = lines[0]!.indexOf('Description');
  const options = lines
    .slice(2)
    .map((line) => line.slice(0, width).trimEnd())
    .join('\n')
    // An option goes on in the lines that are not as far left.
    .replace(/\n( +)(?=\S)/g, ' ')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/(: [^>\]]*)(?=[>\]]$)/, ''));
  return `${text.slice(0, at)}${options.join('\n')}\n`;
}

/** The same for those that are read as argparse does: it stretches lines between words, and breaks long ones where it likes. */
function argumentsOfHelp(text: string): string {
  if (!text.startsWith('usage: ')) return text;
  if (!/^(positional|optional) arguments:$/m.test(text))
    return text.replace(/^\S+:\s+error:[\s\S]*$/m, (error) => error.replace(/\s+/g, ''));
  const [usage = '', ...rest] = text.split('\n\n');
  const titles = rest
    .join('\n')
    .split('\n')
    .filter((line) => /^( {2}-| {4}\S|\S.*:$)/.test(line))
    .map((line) => line.replace(/(\S) {2,}.*$/, '$1'));
  return [usage, ...titles].join('\n');
}
