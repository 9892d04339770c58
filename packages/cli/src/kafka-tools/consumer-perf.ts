// kafka-consumer-perf-test: how quickly records are read.

import type { Consumer, ConsumerRecord } from '@moldau/client';
import { nodeRandom, type Timer } from '@moldau/io';
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
import { BOOTSTRAP_SERVER, OptionProblem, type ToolOption, type ToolOptions } from './tool-options.ts';
import { checkServers, keyValues, propertiesOf, requireOneOf, tellParseProblem } from './usage.ts';

export const CONSUMER_PERF_OPTIONS: readonly ToolOption[] = [
  { ...BOOTSTRAP_SERVER, argument: { name: 'server to connect to' } },
  { name: 'topic', summary: 'The topic to read.', argument: { name: 'topic' } },
  {
    name: 'include',
    summary: 'A regular expression: all topics are read whose whole name matches.',
    argument: { name: 'Java regex (String)' },
  },
  {
    name: 'num-records',
    summary: 'REQUIRED: how many records are read.',
    argument: { type: 'Long', name: 'count' },
  },
  {
    name: 'messages',
    summary: '(DEPRECATED) The same as --num-records.',
    argument: { type: 'Long', name: 'count' },
  },
  {
    name: 'group',
    summary: 'The consumer group. (default: one of its own)',
    argument: { name: 'gid' },
  },
  {
    name: 'fetch-size',
    summary: 'What one answer has of a partition at most.',
    argument: { type: 'Integer', name: 'size', default: '1048576' },
  },
  {
    name: 'command-property',
    summary: 'A property of the consumer, name=value; it wins over those of a file.',
    argument: { name: 'prop1=val1' },
  },
  {
    name: 'command-config',
    summary: 'A file of properties for the consumer.',
    argument: { name: 'config file' },
  },
  {
    name: 'consumer.config',
    summary: '(DEPRECATED) The same as --command-config.',
    argument: { name: 'config file' },
  },
  {
    name: 'from-latest',
    summary: 'Where nothing is committed, begin at the end rather than at the start.',
  },
  {
    name: 'socket-buffer-size',
    summary: "Of the connection's buffer in the kernel.",
    argument: { type: 'Integer', name: 'size', default: '2097152' },
  },
  { name: 'print-metrics', summary: 'Show the metrics of the client at the end.' },
  { name: 'show-detailed-stats', summary: 'Tell of each interval, rather than of all of it.' },
  {
    name: 'timeout',
    summary: 'Stop when no record came for so long, in ms.',
    argument: { type: 'Long', name: 'milliseconds', isOptional: true, default: '10000' },
  },
  {
    name: 'reporting-interval',
    summary: 'How often it is told of, in ms.',
    argument: { type: 'Long', name: 'interval_ms', default: '5000' },
  },
  {
    name: 'date-format',
    summary: "How times are written, as Java's SimpleDateFormat has it.",
    argument: { name: 'date format', default: 'yyyy-MM-dd HH:mm:ss:SSS' },
  },
  { name: 'hide-header', summary: 'Leave out the names of the columns.' },
];

export const consumerPerf: KafkaTool = {
  name: 'kafka-consumer-perf-test',
  purpose: 'This tool is used to verify the consumer performance.',
  options: CONSUMER_PERF_OPTIONS,
  endsItself: true,
  async run(context, given) {
    checkOptions(context, given);
    const isDetailed = given.has('show-detailed-stats');
    if (!given.has('hide-header')) {
      const first = isDetailed ? 'time, threadId' : 'start.time, end.time';
      context.out(
        `${first}, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec`,
      );
    }
    const brokers = given.get('bootstrap-server')!;
    await checkServers(context, brokers);
    const properties = await clientProperties(context, given);
    const { kafka, consumer: usable } = await context.kafka({ brokers, properties });
    const joining = new Joining(context);
    const consumer = kafka.consumer({
      properties: { 'group.protocol': 'classic', ...usable },
      onAssign: () => joining.done(),
      onRevoke: () => joining.begin(),
    });
    const measured = new Measured(context, given, joining);
    try {
      const topic = given.get('topic') ?? new RegExp(`^(?:${given.get('include')})$`);
      await measured.run(consumer.subscribe(topic));
      if (!isDetailed) measured.tellTotal();
      if (given.has('print-metrics')) printMetrics(context, kafka.metrics());
    } finally {
      await consumer.close();
    }
    return 0;
  },
  failed: (context, error) =>
    tellParseProblem(context, CONSUMER_PERF_OPTIONS, error) ?? tellFailure(context, error),
};

function checkOptions(context: ToolContext, given: ToolOptions): void {
  requireOptions(given, 'bootstrap-server');
  requireOneOf(given, 'topic', 'include');
  requireOneOf(given, 'messages', 'num-records');
  refuseOptions(given, 'consumer.config', ['command-config']);
  if (given.has('messages')) context.out('Warning: --messages is deprecated. Use --num-records instead.');
  if (given.has('consumer.config'))
    context.out('Warning: --consumer.config is deprecated. Use --command-config instead.');
}

async function clientProperties(context: ToolContext, given: ToolOptions): Promise<Record<string, string>> {
  const path = given.get('consumer.config') ?? given.get('command-config');
  const {
    'key.deserializer': _key,
    'value.deserializer': _value,
    ...properties
  } = {
    'client.id': 'perf-consumer-client',
    ...(await propertiesOf(context, path)),
    ...keyValues(given.all('command-property')),
  } as Record<string, string>;
  return {
    ...properties,
    'group.id': given.get('group') ?? `perf-consumer-${Math.floor(nodeRandom.next() * 100_000)}`,
    'max.partition.fetch.bytes': given.get('fetch-size')!,
    'auto.offset.reset': given.has('from-latest') ? 'latest' : 'earliest',
    'check.crcs': 'false',
  };
}

/** How long the group took to give partitions. */
class Joining {
  totalMs = 0;
  #sinceMs: number;
  #roundMs = 0;
  readonly #clock: ToolContext['clock'];

  constructor({ clock }: ToolContext) {
    this.#clock = clock;
    this.#sinceMs = clock.wallMs();
  }

  begin(): void {
    this.#sinceMs = this.#clock.wallMs();
  }

  done(): void {
    const ms = this.#clock.wallMs() - this.#sinceMs;
    this.totalMs += ms;
    this.#roundMs += ms;
  }

  /** Since it was last asked for. */
  takeMs(): number {
    const ms = this.#roundMs;
    this.#roundMs = 0;
    return ms;
  }
}

const BATCH_RECORDS = 4000;
const MEBIBYTE = 1024 * 1024;

interface Amount {
  readonly records: number;
  readonly bytes: number;
}

class Measured {
  readonly #context: ToolContext;
  readonly #joining: Joining;
  readonly #wanted: number;
  readonly #timeoutMs: number;
  readonly #intervalMs: number;
  readonly #isDetailed: boolean;
  readonly #dateFormat: string;
  readonly #startMs: number;
  #records = 0;
  #bytes = 0;
  #reportedMs: number;
  #reported: Amount = { records: 0, bytes: 0 };

  constructor(context: ToolContext, given: ToolOptions, joining: Joining) {
    this.#context = context;
    this.#joining = joining;
    this.#wanted = given.number('messages') ?? given.number('num-records')!;
    this.#timeoutMs = given.number('timeout')!;
    this.#intervalMs = reportingIntervalMs(given);
    this.#isDetailed = given.has('show-detailed-stats');
    this.#dateFormat = given.get('date-format')!;
    this.#startMs = context.clock.wallMs();
    this.#reportedMs = this.#startMs;
  }

  async run(consumer: Consumer<ConsumerRecord>): Promise<void> {
    const { signal, timers, out } = this.#context;
    const silent = new AbortController();
    let timer: Timer | undefined;
    const awaitRecords = (): void => {
      timer = timers.after(this.#timeoutMs, () => silent.abort());
    };
    awaitRecords();
    try {
      const options = { maxRecords: BATCH_RECORDS, signal: AbortSignal.any([signal, silent.signal]) };
      if (this.#wanted > 0)
        for await (const { records } of consumer.batches(options)) {
          timer?.cancel();
          this.#add(records);
          if (this.#records >= this.#wanted) break;
          awaitRecords();
        }
    } finally {
      timer?.cancel();
    }
    if (this.#records < this.#wanted && !signal.aborted)
      out(
        `WARNING: Exiting before consuming the expected number of records: timeout (${this.#timeoutMs} ms) exceeded. You can use the --timeout option to increase the timeout.`,
      );
  }

  #add(records: readonly ConsumerRecord[]): void {
    let bytes = 0;
    for (const { keyBytes, valueBytes } of records)
      bytes += (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0);
    this.#records += records.length;
    this.#bytes += bytes;
    const nowMs = this.#context.clock.wallMs();
    if (nowMs - this.#reportedMs < this.#intervalMs) return;
    if (this.#isDetailed) this.#tellInterval(nowMs);
    this.#reportedMs = nowMs;
    this.#reported = { records: this.#records, bytes: this.#bytes };
  }

  #tellInterval(nowMs: number): void {
    const elapsedMs = nowMs - this.#reportedMs;
    const joinMs = this.#joining.takeMs();
    const fetchMs = elapsedMs - joinMs;
    const mebibytes = (this.#bytes - this.#reported.bytes) / MEBIBYTE;
    const records = this.#records - this.#reported.records;
    const each = (amount: number, ms: number): string => ((1000 * amount) / ms).toFixed(4);
    this.#context.out(
      [
        ...[
          javaDate(this.#dateFormat, nowMs),
          0,
          (this.#bytes / MEBIBYTE).toFixed(4),
          each(mebibytes, elapsedMs),
        ],
        ...[this.#records, each(records, elapsedMs), joinMs, fetchMs],
        ...(fetchMs <= 0 ? ['0.0000', '0.0000'] : [each(mebibytes, fetchMs), each(records, fetchMs)]),
      ].join(', '),
    );
  }

  tellTotal(): void {
    const endMs = this.#context.clock.wallMs();
    const seconds = (endMs - this.#startMs) / 1000;
    const fetchMs = endMs - this.#startMs - this.#joining.totalMs;
    const mebibytes = this.#bytes / MEBIBYTE;
    this.#context.out(
      [
        ...[javaDate(this.#dateFormat, this.#startMs), javaDate(this.#dateFormat, endMs)],
        ...[mebibytes.toFixed(4), (mebibytes / seconds).toFixed(4)],
        ...[this.#records, (this.#records / seconds).toFixed(4), this.#joining.totalMs, fetchMs],
        ...[(mebibytes / (fetchMs / 1000)).toFixed(4), (this.#records / (fetchMs / 1000)).toFixed(4)],
      ].join(', '),
    );
  }
}

/** @throws OptionProblem, JavaError */
export function reportingIntervalMs(given: ToolOptions): number {
  const text = given.get('reporting-interval')!;
  if (!/^\d+$/.test(text))
    throw new OptionProblem(
      'OptionArgumentConversionException',
      `Cannot parse argument '${text}' of option reporting-interval`,
    );
  if (Number(text) <= 0) throw illegalArgument('Reporting interval must be greater than 0.');
  return Number(text);
}
