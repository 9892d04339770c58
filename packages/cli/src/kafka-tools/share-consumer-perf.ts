// kafka-share-consumer-perf-test: how quickly the members of a share group read records.

import type { ShareConsumer, ShareRecord } from '@moldau/client';
import type { Timer } from '@moldau/io';
import { CONSUMER_PERF_OPTIONS, reportingIntervalMs } from './consumer-perf.ts';
import { javaDate } from './java-date.ts';
import { illegalArgument } from './java-errors.ts';
import {
  type KafkaTool,
  refuseOptions,
  requireOptions,
  type ToolContext,
  tellFailure,
} from './kafka-tool.ts';
import { printMetrics } from './metrics-table.ts';
import type { ToolOption, ToolOptions } from './tool-options.ts';
import { checkServers, keyValues, propertiesOf, requireOneOf, tellParseProblem } from './usage.ts';

/** Share groups begin where their setting says. */
const NOT_FOR_SHARE = ['include', 'from-latest', 'group'];

const options: readonly ToolOption[] = [
  ...CONSUMER_PERF_OPTIONS.filter(({ name }) => !NOT_FOR_SHARE.includes(name)),
  {
    name: 'group',
    summary: 'The share group.',
    argument: { name: 'gid', default: 'perf-share-consumer' },
  },
  {
    name: 'threads',
    summary: 'How many members read.',
    argument: { type: 'Integer', name: 'count', default: '1' },
  },
  { name: 'show-consumer-stats', summary: 'Tell of each member as well.' },
];

export const shareConsumerPerf: KafkaTool = {
  name: 'kafka-share-consumer-perf-test',
  purpose: 'This tool is used to verify the share consumer performance.',
  options,
  endsItself: true,
  async run(context, given) {
    checkOptions(context, given);
    if (!given.has('hide-header'))
      context.out(
        'start.time, end.time, data.consumed.in.MB, MB.sec, nMsg.sec, data.consumed.in.nMsg, fetch.time.ms',
      );
    const brokers = given.get('bootstrap-server')!;
    await checkServers(context, brokers);
    const properties = await clientProperties(context, given);
    const clientId = properties['client.id']!;
    const count = given.number('threads')!;
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const clients = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const id = count === 1 ? clientId : `${clientId}-${index + 1}`;
        const { kafka } = await context.kafka({ brokers, properties: { ...properties, 'client.id': id } });
        const consumer = kafka.shareConsumer({
          groupId: given.get('group')!,
          ...{ fetchMaxBytes: given.number('fetch-size')!, checkCrcs: false, signal },
        });
        return { id, kafka, consumer };
      }),
    );
    const reading = new SharedReading(context, given, stop);
    try {
      await Promise.all(
        clients.map(({ id, consumer }, index) =>
          reading.member(id, index + 1, consumer.subscribe(given.get('topic')!)),
        ),
      );
      reading.tell();
      if (given.has('print-metrics')) for (const { kafka } of clients) printMetrics(context, kafka.metrics());
    } finally {
      await Promise.all(clients.map(({ consumer }) => consumer.close()));
    }
    return 0;
  },
  failed: (context, error) => tellParseProblem(context, options, error) ?? tellFailure(context, error),
};

function checkOptions(context: ToolContext, given: ToolOptions): void {
  requireOptions(given, 'topic', 'bootstrap-server');
  requireOneOf(given, 'messages', 'num-records');
  refuseOptions(given, 'consumer.config', ['command-config']);
  if (given.number('threads')! < 1)
    throw illegalArgument(`--threads is ${given.get('threads')}, and must be 1 or more.`);
  if (given.has('messages')) context.out('Warning: --messages is deprecated. Use --num-records instead.');
  if (given.has('consumer.config'))
    context.out('Warning: --consumer.config is deprecated. Use --command-config instead.');
}

async function clientProperties(context: ToolContext, given: ToolOptions): Promise<Record<string, string>> {
  return {
    'client.id': 'perf-share-consumer-client',
    ...(await propertiesOf(context, given.get('consumer.config') ?? given.get('command-config'))),
    ...keyValues(given.all('command-property')),
  };
}

const MEBIBYTE = 1024 * 1024;

interface Member {
  readonly id: string;
  readonly index: number;
  records: number;
  bytes: number;
}

class SharedReading {
  readonly #context: ToolContext;
  readonly #given: ToolOptions;
  readonly #stop: AbortController;
  readonly #wanted: number;
  readonly #timeoutMs: number;
  readonly #intervalMs: number;
  readonly #startMs: number;
  readonly #members: Member[] = [];

  constructor(context: ToolContext, given: ToolOptions, stop: AbortController) {
    this.#context = context;
    this.#given = given;
    this.#stop = stop;
    this.#wanted = given.number('messages') ?? given.number('num-records')!;
    this.#timeoutMs = given.number('timeout')!;
    this.#intervalMs = reportingIntervalMs(given);
    this.#startMs = context.clock.wallMs();
  }

  get #records(): number {
    return this.#members.reduce((sum, { records }) => sum + records, 0);
  }

  async member(id: string, index: number, consumer: ShareConsumer): Promise<void> {
    const member: Member = { id, index, records: 0, bytes: 0 };
    this.#members.push(member);
    let timer: Timer | undefined;
    const awaitRecords = (): void => {
      timer = this.#context.timers.after(this.#timeoutMs, () => this.#stop.abort());
    };
    let reported = { ms: this.#context.clock.wallMs(), records: 0, bytes: 0 };
    awaitRecords();
    try {
      for await (const { records } of consumer.batches()) {
        timer?.cancel();
        add(member, records);
        const nowMs = this.#context.clock.wallMs();
        if (nowMs - reported.ms >= this.#intervalMs) {
          if (this.#given.has('show-detailed-stats')) this.#tellInterval(member, reported, nowMs);
          reported = { ms: nowMs, records: member.records, bytes: member.bytes };
        }
        if (this.#records >= this.#wanted) this.#stop.abort();
        awaitRecords();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted && !this.#context.signal.aborted) throw error;
    } finally {
      timer?.cancel();
    }
  }

  #tellInterval(
    { records, bytes, index }: Member,
    before: { readonly ms: number; readonly records: number; readonly bytes: number },
    nowMs: number,
  ): void {
    const seconds = (nowMs - before.ms) / 1000;
    const mebibytes = (bytes - before.bytes) / MEBIBYTE / seconds;
    const rates = [mebibytes, (records - before.records) / seconds].map((each) => each.toFixed(4));
    this.#context.out(
      `${this.#date(before.ms)}, ${this.#date(nowMs)}, ${(bytes / MEBIBYTE).toFixed(4)}, ${rates.join(', ')}, ${records}, ${nowMs - before.ms} for share consumer ${index}`,
    );
  }

  tell(): void {
    const { out, clock } = this.#context;
    const endMs = clock.wallMs();
    if (this.#given.has('show-consumer-stats'))
      for (const { id, index, bytes, records } of this.#members)
        out(
          `Share consumer ${index} having client id ${id} consumption metrics- ${this.#rates(bytes, records, endMs)}`,
        );
    if (this.#records < this.#wanted)
      out(
        `WARNING: Exiting before consuming the expected number of records: timeout (${this.#timeoutMs} ms) exceeded. You can use the --timeout option to increase the timeout.`,
      );
    const bytes = this.#members.reduce((sum, member) => sum + member.bytes, 0);
    out(this.#rates(bytes, this.#records, endMs));
  }

  #rates(bytes: number, records: number, endMs: number): string {
    const elapsedMs = endMs - this.#startMs;
    const mebibytes = bytes / MEBIBYTE;
    const figures = [mebibytes, (1000 * mebibytes) / elapsedMs, (1000 * records) / elapsedMs];
    return [
      ...[this.#date(this.#startMs), this.#date(endMs), ...figures.map((each) => each.toFixed(4))],
      ...[records, elapsedMs],
    ].join(', ');
  }

  #date(ms: number): string {
    return javaDate(this.#given.get('date-format')!, ms);
  }
}

function add(member: Member, records: readonly ShareRecord[]): void {
  member.records += records.length;
  for (const { keyBytes, valueBytes } of records)
    member.bytes += (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0);
}
