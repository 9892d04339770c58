// `moldau produce`: from lines, files and envelopes to records.
//
// Invariants: memory is bounded, however fast the input is; what was read before it ended, or was interrupted, is sent. What fails is told of, and fails nothing else.

import type { HeadersInput, KafkaError, OutgoingRecord, ProducerOptions } from '@moldau/client';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { EXIT_CODES } from '../command-line/exit-codes.ts';
import { LAST_WORK_MS } from '../command-line/last-work.ts';
import { inOwnWords } from '../command-line/own-words.ts';
import { suggestion } from '../command-line/suggestions.ts';
import { timeMs } from '../command-line/values.ts';
import { watchReach } from '../connection/reach.ts';
import { type Encoder, encoderOf } from '../records/encoders.ts';
import { type Input, inputs } from '../records/inputs.ts';
import { type LineFormat, recordReader } from '../records/line-records.ts';
import { Problems } from '../records/problems.ts';
import { isSized, RecordSplitter } from '../records/sized-template.ts';
import { type Failed, type Feed, LinesFeed, PostingFeed, SendingFeed } from './produce-feeds.ts';

interface ProduceOptions {
  readonly lines?: boolean;
  readonly keyDelimiter?: Buffer;
  readonly key?: Buffer;
  readonly header?: readonly (readonly [string, string])[];
  readonly format?: string;
  readonly jsonEnvelope?: boolean;
  readonly keepPartition?: boolean;
  readonly keyAs?: string;
  readonly valueAs?: string;
  readonly keySchema?: string;
  readonly valueSchema?: string;
  readonly message?: string;
  readonly keySchemaId?: number;
  readonly valueSchemaId?: number;
  readonly delimiter?: Buffer;
  readonly null?: boolean;
  readonly partition?: number;
  readonly timestamp?: string;
  readonly compression?: NonNullable<ProducerOptions['compression']>;
  readonly acks?: 'all' | '-1' | '1' | '0';
  readonly count?: number;
  readonly print?: boolean;
}

export async function run(
  context: CommandContext,
  args: CommandArguments,
  given: CommandOptions,
): Promise<void> {
  const options = given as ProduceOptions;
  const topic = argument(args, 'topic')!;
  const { kafka, disk, terminal, clock, signal, tell, exitCode } = context;
  const encoders = await encodersOf(options, context);
  const common = commonFields(options, encoders.keyEncoder, clock.wallMs());
  const read = recordReader(formatOf(options), {
    ...{ ...encoders, common },
    ...{ keyDelimiter: options.keyDelimiter, emptyIsNull: options.null === true },
    keepsPartition: options.keepPartition === true,
  });
  const problems = new Problems(tell);
  let missing: KafkaError | undefined;
  let denied: KafkaError | undefined;
  const reach = watchReach(context);
  const files = manyArguments(args, 'file');
  const areValues = !isSplit(options, files);
  const failed: Failed = (error, { value, place }) => {
    // All of them are, for one reason.
    if (reach.lost.aborted) return;
    if (error.code === 'UNKNOWN_TOPIC_OR_PARTITION' && error.partition === undefined) missing ??= error;
    if ('missingRight' in error && error.missingRight !== undefined) denied ??= error;
    const record = areValues && place !== undefined ? place : shortened(value);
    problems.add(`${record} was not sent: ${inOwnWords(error.message)}`);
  };
  const producer = kafka.producer({
    properties: context.properties?.producer ?? {},
    ...(options.compression === undefined ? {} : { compression: options.compression }),
    ...(options.acks === undefined ? {} : { acks: acksOf(options.acks) }),
    onPostFailed: failed,
  });
  const to = { producer, topic };
  const feed =
    options.print === true || areValues
      ? new SendingFeed(to, read, options.print === true ? context.output : undefined, failed)
      : isWholeLines(options, files)
        ? new LinesFeed(to, common, delimiterOf(options)[0]!)
        : new PostingFeed(to, read);
  const stopping = AbortSignal.any([signal, reach.lost]);
  const stop = (): void =>
    void producer.close({ timeoutMs: reach.lost.aborted ? 0 : LAST_WORK_MS }).catch(() => {});
  stopping.addEventListener('abort', stop, { once: true });
  try {
    await sendAll({ disk, terminal, clock, signal: stopping }, files, options, { feed, problems });
  } catch (error) {
    reach.lost.throwIfAborted();
    throw error;
  } finally {
    // Records that failed have been told of.
    await producer.flush({ signal: stopping }).catch(() => {});
    await producer.close().catch(() => {});
    reach.end();
  }
  reach.lost.throwIfAborted();
  problems.end();
  if (missing !== undefined)
    tell(
      `moldau: \`moldau topic create ${topic}\` makes the topic.${await suggestion(missing, context.admin)}`,
    );
  if (denied !== undefined) tell(`moldau:${await suggestion(denied, undefined)}`);
  if (problems.count > 0) exitCode(EXIT_CODES.failed);
  signal.throwIfAborted();
}

interface Parts {
  readonly feed: Feed;
  readonly problems: Problems;
}

async function sendAll(
  context: Pick<CommandContext, 'disk' | 'terminal' | 'clock' | 'signal'>,
  files: readonly string[],
  options: ProduceOptions,
  { feed, problems }: Parts,
): Promise<void> {
  const { signal, clock } = context;
  const { format = '', count = Number.POSITIVE_INFINITY } = options;
  let left = count;
  const source = inputs(context, files, {
    isSplit: isSplit(options, files),
    delimiter: delimiterOf(options),
    splitter: isSized(format) ? () => new RecordSplitter(format) : feed.splitter,
  });
  reading: for await (const { place, parts } of source) {
    const nowMs = clock.wallMs();
    for (const part of parts) {
      if (left-- <= 0) break reading;
      try {
        const pending = feed.add(part, nowMs, place.name);
        if (pending !== undefined) await pending;
      } catch (error) {
        if (signal.aborted || isFatal(error)) throw error;
        const where = isSplit(options, files) ? placeText(place) : place.name;
        problems.add(`${where}: ${error instanceof Error ? error.message : error}`);
      }
      place.number++;
    }
  }
  await feed.end();
}

function delimiterOf({ delimiter = Buffer.from('\n') }: ProduceOptions): Buffer {
  return delimiter;
}

/** Or each file is one value. */
function isSplit({ lines, format = '' }: ProduceOptions, files: readonly string[]): boolean {
  return files.length === 0 || lines === true || isSized(format);
}

/** The bytes of a line are the value, and nothing is to be known of any single one. */
function isWholeLines(options: ProduceOptions, files: readonly string[]): boolean {
  const { keyDelimiter, valueAs, count } = options;
  const isPlain = formatOf(options) === 'lines' && keyDelimiter === undefined && valueAs === undefined;
  return (
    isPlain &&
    options.null !== true &&
    count === undefined &&
    isSplit(options, files) &&
    delimiterOf(options).length === 1
  );
}

/** What the verb has let pass: a name, or a format string. */
function lineFormat(text: string): LineFormat {
  return text === 'lines' || text === 'ndjson' || text === 'envelope' ? text : { template: text };
}

function formatOf({ format, jsonEnvelope, keyDelimiter, key }: ProduceOptions): LineFormat {
  if (jsonEnvelope === true && format !== undefined && format !== 'envelope')
    throw new UsageError(`-J and --format ${format} contradict each other`);
  const chosen = jsonEnvelope === true ? 'envelope' : lineFormat(format ?? 'lines');
  const hasKey = chosen === 'envelope' || typeof chosen === 'object';
  if (keyDelimiter !== undefined && (hasKey || key !== undefined))
    throw new UsageError(
      `--key-delimiter: the key comes from ${key === undefined ? 'the format' : '--key'} already`,
    );
  return chosen;
}

async function encodersOf(
  { keyAs, valueAs, keySchema, valueSchema, message, keySchemaId, valueSchemaId }: ProduceOptions,
  { disk }: CommandContext,
): Promise<{ keyEncoder: Encoder | undefined; valueEncoder: Encoder | undefined }> {
  const [keyEncoder, valueEncoder] = await Promise.all([
    encoderOf(
      { encoding: keyAs, schema: keySchema, message: undefined, schemaId: keySchemaId, part: 'key' },
      disk,
    ),
    encoderOf(
      { encoding: valueAs, schema: valueSchema, message, schemaId: valueSchemaId, part: 'value' },
      disk,
    ),
  ]);
  return { keyEncoder, valueEncoder };
}

/** Of all records. @throws UsageError */
function commonFields(
  options: ProduceOptions,
  keyEncoder: Encoder | undefined,
  nowMs: number,
): Partial<OutgoingRecord> {
  const { key, header, partition, timestamp } = options;
  return {
    ...(key === undefined ? {} : { key: encodedKey(key, keyEncoder) }),
    ...(header === undefined ? {} : { headers: header satisfies HeadersInput }),
    ...(partition === undefined ? {} : { partition }),
    ...(timestamp === undefined ? {} : { timestampMs: timeMs(timestamp, nowMs) }),
  };
}

function encodedKey(key: Buffer, encoder: Encoder | undefined): Buffer {
  try {
    return encoder?.ofText(key.toString('utf8')) ?? key;
  } catch (error) {
    throw new UsageError(`--key: ${error instanceof Error ? error.message : error}`);
  }
}

function acksOf(text: NonNullable<ProduceOptions['acks']>): 'all' | 0 | 1 {
  if (text === 'all' || text === '-1') return 'all';
  return text === '1' ? 1 : 0;
}

/** No other record could be sent either. */
function isFatal(error: unknown): boolean {
  const { fatal, code } = error as Partial<KafkaError>;
  return fatal === true || code === 'CLOSED';
}

function placeText({ name, number }: Input['place']): string {
  return `${name}, record ${number}`;
}

const SHOWN_CHARACTERS = 40;

function shortened(value: Buffer | null): string {
  return value === null ? 'a tombstone' : JSON.stringify(value.toString('utf8', 0, SHOWN_CHARACTERS));
}
