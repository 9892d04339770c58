// Runs the examples of docs/commands.md, which is written from what the verbs say of themselves: one by one, each in a cluster in which it has something
// to do. Most are run in this process, as each start costs a fourth of a second; those that need a shell or files are run like other pages.

import { join } from 'node:path';
import type { Admin, Kafka } from '@moldau/client';
import { nodeDisk } from '@moldau/io';
import { Command } from 'commander';
import { addNouns, addVerb, type Execute } from '../../packages/cli/src/command-line/program.ts';
import { nouns } from '../../packages/cli/src/commands/nouns.ts';
import { verbs } from '../../packages/cli/src/commands/verbs.ts';
import { type ConnectionFlags, connectionSettings } from '../../packages/cli/src/connection/settings.ts';
import { type RanCommand, runVerb } from '../../packages/cli/src/testing-context.ts';
import type { Place } from './place.ts';

const BLOCK_TIMEOUT_MS = 120_000;
/** For what goes on until it is stopped. */
const LOOK_MS = 400;
const INTERRUPTED = 130;

/** Settings of the broker, in which all of the examples are possible. */
export const REFERENCE_SETTINGS = [
  'listeners=PLAINTEXT://127.0.0.1:9092,SASL_PLAINTEXT://127.0.0.1:9093',
  'sasl.enabled.mechanisms=SCRAM-SHA-256',
  'moldau.users=etl:etl-password',
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users=User:ANONYMOUS;User:etl',
  'delegation.token.secret.key=a-secret',
];

/** What is there before each of them. */
const TOPICS = 'topic create orders pictures copies payments -p 6 --if-not-exists';

/** What is done before the examples that begin so; the first that fits counts. */
const BEFORE: readonly (readonly [examples: RegExp, ...lines: string[]])[] = [
  [/^topic create/, 'topic delete orders audit --if-exists --yes'],
  [/^topic add-partitions/, 'topic delete orders --yes', 'topic create orders -p 6'],
  [/^topic delete/, 'topic create test-1 --if-not-exists'],
  [/^topic trim .*5000/, 'perf produce orders -n 60000 --keys 600'],
  [/^(consume|dump)/, 'perf produce orders -n 100 --keys 60'],
  [/^perf/, 'topic delete orders --yes', 'topic create orders -p 6', 'perf produce orders -n 100'],
  [/^quota unset|^config unset user/, 'quota set producer_byte_rate=1000000 --user ada'],
  [/^config unset topic/, 'config set topic orders retention.ms=86400000'],
  [/^user delete/, 'user set ada'],
  [/^profile use/, 'profile set production -b kafka-1:9092'],
  [/^acl/, 'acl add --principal ada --operation write --topic orders'],
];

/** Those for which a healthy broker by itself has nothing to do: how they end. */
const ENDINGS: readonly (readonly [examples: RegExp, code: number])[] = [
  [/^doctor -b kafka-1/, 1],
  [/^topic move .*--replica/, 1],
  [/^log-dirs move/, 1],
  [/^transactions abort/, 1],
  [/^cluster forget-broker/, 1],
  // It asks, and nobody is there to answer.
  [/ && moldau group seek/, 3],
];
const ORDER_SCHEMA = JSON.stringify({
  ...{ type: 'record', name: 'Order' },
  fields: [
    { name: 'id', type: 'int' },
    { name: 'item', type: 'string' },
  ],
});
const GOES_ON = /^(consume (?!.*( -e| --until))|top\b(?! -n)|perf|doctor --look 30s)/;
const NEEDS_FILES = /^(produce pictures|dump|security|user set .*--password-file)/;
const NEEDS_LOGIN = /^token/;
const SERVES = /\bmoldau server\b/;

export interface Example {
  readonly line: number;
  /** Without `moldau`. */
  readonly text: string;
}

export function examplesOf(page: string): Example[] {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((block) => {
    const first = page.slice(0, block.index).split('\n').length + 1;
    const lines = block[1]!.trimEnd().split('\n');
    return lines.map((text, index) => ({ line: first + index, text: text.replace(/^moldau /, '') }));
  });
}

export class Reference {
  readonly #place: Place;
  readonly #kafka: Kafka;
  readonly #admin: Admin;

  constructor(place: Place, kafka: Kafka) {
    this.#place = place;
    this.#kafka = kafka;
    this.#admin = kafka.admin();
  }

  async prepare(): Promise<void> {
    this.#place.save('orders.txt', 'one\ntwo\n');
    this.#place.save('cat.jpg', 'a cat');
    this.#place.save('dog.jpg', 'a dog');
    this.#place.save('ada.txt', 'a long password\n');
    this.#place.save('order.avsc', ORDER_SCHEMA);
    await this.#inProcess(TOPICS);
    // Its commits are in partition 12 of __consumer_offsets.
    await this.#admin.groupOffsets.alter('export', { topic: 'orders', partition: 0, offset: 0 });
    await this.#kafka.producer({ transactionalId: 'payments-1' }).transaction(async (transaction) => {
      await transaction.send('payments', { value: 'ten' });
    });
  }

  /** Resolves to what is wrong, if something is. */
  async run(example: Example): Promise<string | undefined> {
    return await this.#run(example).catch((error: unknown) => `moldau ${example.text}\n${error}`);
  }

  async #run({ text }: Example): Promise<string | undefined> {
    const before = BEFORE.find(([examples]) => examples.test(text))?.slice(1) ?? [];
    for (const line of [TOPICS, ...before] as string[]) {
      const { code, told } = await this.#inProcess(line);
      if (code !== 0) return `before it, moldau ${line} ended with ${code}: ${told.join('\n')}`;
    }
    await using _member = text.startsWith('group') ? await this.#prepareGroup(text) : undefined;
    const goesOn = GOES_ON.test(text);
    const isShell = isForShell(text) || NEEDS_FILES.test(text);
    const { code, told } = isShell ? await this.#inShell(text, goesOn) : await this.#inProcess(text, goesOn);
    const wanted = ENDINGS.find(([examples]) => examples.test(text))?.[1] ?? 0;
    if (code === wanted || (goesOn && code === INTERRUPTED)) return undefined;
    return `moldau ${text}\nended with ${code}: ${told.join('\n')}`;
  }

  /** Two groups that have read some; the first has a member where one is to be taken out. */
  async #prepareGroup(text: string): Promise<AsyncDisposable | undefined> {
    const offsets = [{ topic: 'orders', partition: 0, offset: 10 }];
    for (const group of ['billing', 'billing-2']) await this.#admin.groupOffsets.alter(group, offsets);
    const instanceId = /^group remove-members billing (?!-)(\S+)/.exec(text)?.[1];
    if (instanceId === undefined) return undefined;
    const assigned = Promise.withResolvers<void>();
    const consumer = this.#kafka.consumer({ groupId: 'billing', instanceId, groupProtocol: 'classic' });
    const end = consumer.subscribe('orders').run({ handler: () => {}, onAssign: () => assigned.resolve() });
    end.catch(() => {});
    await assigned.promise;
    return consumer;
  }

  async #inShell(text: string, isStopped: boolean): Promise<Pick<RanCommand, 'code' | 'told'>> {
    const secret = `export HMAC=$(moldau token create ${this.#login()
      .map((word) => `'${word}'`)
      .join(' ')} -o json | jq -r '.. | .hmac? // empty')`;
    const options = NEEDS_LOGIN.test(text) ? ` ${this.#login().join(' ')}` : '';
    const lines = [...(text.includes('$HMAC') ? [secret] : []), `moldau ${text}${options}`];
    const { code, output } = await this.#place.run(
      lines.join('\n'),
      isStopped ? 3 * LOOK_MS : BLOCK_TIMEOUT_MS,
    );
    return { code: code ?? INTERRUPTED, told: [output] };
  }

  #login(): string[] {
    const { brokers } = this.#addresses();
    const properties = [
      'security.protocol=sasl_plaintext',
      'sasl.mechanism=SCRAM-SHA-256',
      'sasl.username=etl',
      'sasl.password=etl-password',
    ];
    return ['-b', brokers[1]!, ...properties.flatMap((property) => ['-X', property])];
  }

  #addresses(): { brokers: string[] } {
    return { brokers: this.#place.here('127.0.0.1:9092 127.0.0.1:9093').split(' ') };
  }

  async #inProcess(text: string, isStopped = false): Promise<RanCommand> {
    const words = [...wordsOf(text), ...(NEEDS_LOGIN.test(text) ? this.#login() : [])];
    const environment = {
      HOME: join(this.#place.folder, /^profile/.test(text) ? 'home' : 'nobody'),
      MOLDAU_BROKERS: this.#addresses().brokers[0]!,
    };
    const stop = new AbortController();
    const timer = isStopped ? setTimeout(() => stop.abort(), LOOK_MS) : undefined;
    let ran: RanCommand | undefined;
    const execute: Execute = async (verb, args, options) => {
      const settings =
        verb.needs === 'nothing'
          ? {}
          : await connectionSettings(options as ConnectionFlags, environment, nodeDisk);
      const given = {
        ...settings,
        environment,
        signal: stop.signal,
        stdin: 'a long password\n',
        answers: ['y', 'y'],
      };
      ran = await runVerb(verb, args, options, given);
    };
    const program = new Command('moldau').exitOverride();
    for (const verb of verbs) addVerb(program, verb, execute);
    await addNouns(program, nouns, words, execute);
    await program.parseAsync(words, { from: 'user' });
    clearTimeout(timer);
    if (ran === undefined) throw new Error(`moldau ${text} did nothing`);
    return ran;
  }
}

export function isServer({ text }: Example): boolean {
  return SERVES.test(`moldau ${text}`);
}

function isForShell(text: string): boolean {
  return /[<>|&$]/.test(text.replace(/'[^']*'/g, ''));
}

/** As a shell parts them. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}
