// `moldau consume`: from partitions to bytes on standard output.
//
// Invariants: what was read and wanted is written whole before the command ends, however it ends, and a group commits nothing that was not written. Who reads our
// output slowly slows down reading, and memory stays bounded.

import type { Consumer, ConsumerRecord, OffsetReset, Properties, TopicPartition } from '@moldau/client';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { CommandError, UsageError } from '../command-line/errors.ts';
import { EXIT_CODES } from '../command-line/exit-codes.ts';
import { regularExpression, type TopicPartitions, topicPartitions } from '../command-line/values.ts';
import { BlockWriter } from '../records/block-writer.ts';
import { Copy } from '../records/copy.ts';
import { type Decoder, decoderOf } from '../records/decoders.ts';
import { filterOf } from '../records/filters.ts';
import { Goals, keyOf } from '../records/goals.ts';
import { type Place, type PlaceRange, place, placeRange } from '../records/places.ts';
import { printerOf } from '../records/printers.ts';
import { Problems, Unclear } from '../records/problems.ts';
import { Progress } from '../records/progress.ts';
import { missingOf, partitionsOf, stretchesOf } from '../records/stretches.ts';
import { TopicWatch } from '../records/topic-watch.ts';

interface ConsumeOptions {
  readonly regex?: boolean;
  readonly partitions?: readonly number[];
  readonly offset?: string;
  readonly until?: string;
  readonly untilEnd?: boolean;
  readonly count?: number;
  readonly group?: string;
  readonly committed?: boolean;
  readonly format?: string;
  readonly jsonEnvelope?: boolean;
  readonly keyDelimiter?: Buffer;
  readonly delimiter?: Buffer;
  readonly null?: boolean;
  readonly keyAs?: string;
  readonly valueAs?: string;
  readonly keySchema?: string;
  readonly valueSchema?: string;
  readonly message?: string;
  readonly key?: Buffer;
  readonly header?: readonly string[];
  readonly grep?: RegExp;
  readonly where?: string;
  readonly quiet?: boolean;
}

/** What is read, and how far. */
interface Reading {
  readonly consumer: Consumer<ConsumerRecord>;
  readonly goals: Goals;
  readonly isGroup: boolean;
  /** Others may come. */
  readonly topics: readonly string[];
  /** Goes on with what is made meanwhile, whose topics are told; returns how to end that. Undefined: the group does, or there is an end. */
  readonly follow: ((whenMore: (topics: readonly string[]) => void) => () => void) | undefined;
}

export async function run(
  context: CommandContext,
  args: CommandArguments,
  given: CommandOptions,
): Promise<void> {
  const options = given as ConsumeOptions;
  const { signal, terminal, tell, exitCode, clock } = context;
  const nowMs = clock.wallMs();
  const { from, until } = rangeOf(options, nowMs);
  const problems = new Problems(tell);
  const unclear = new Unclear();
  const decoders = await decodersOf(options, context);
  const print = printerOf({
    ...decoders,
    format: formatOf(options),
    keyDelimiter: options.keyDelimiter,
    delimiter: options.delimiter ?? Buffer.from('\n'),
    nullText: options.null === true ? 'NULL' : '',
  });
  const filter = await filterOf({
    ...decoders,
    ...{ key: options.key, grep: options.grep, where: options.where },
    headers: options.header?.map(headerPair),
    onUnclear: (message) => unclear.add(message),
  });
  const reading =
    options.group === undefined
      ? await assigned(context, manyArguments(args, 'topic'), options, from, until)
      : await subscribed(context, manyArguments(args, 'topic'), options, from, until);
  const { goals, consumer } = reading;
  const showsProgress = terminal.showsProgress && !terminal.isInteractive && options.quiet !== true;
  const progress =
    showsProgress && goals.total !== undefined && !reading.isGroup
      ? new Progress(terminal.stderr, clock, goals.total)
      : undefined;
  const out = new BlockWriter(terminal.stdout);
  const copy = new Copy({
    ...{ print, filter, out, problems, goals },
    limit: options.count ?? Number.POSITIVE_INFINITY,
  });
  try {
    await pump(
      reading,
      copy,
      out,
      { progress, mayGetMore: options.regex === true && (reading.isGroup || until === undefined) },
      context,
    );
  } finally {
    progress?.end();
    await consumer.close();
  }
  problems.end();
  unclear.tell(tell);
  if (copy.failedCount > 0) exitCode(EXIT_CODES.failed);
  signal.throwIfAborted();
}

/** Of records that are handed over at once: several hundred kilobytes of small ones. */
const BATCH_RECORDS = 4_000;

interface PumpOptions {
  readonly progress: Progress | undefined;
  /** Topics that do not exist yet. */
  readonly mayGetMore: boolean;
}

async function pump(
  { consumer, goals, isGroup, topics, follow }: Reading,
  copy: Copy,
  out: BlockWriter,
  { progress, mayGetMore }: PumpOptions,
  { admin, signal, timers, tell }: CommandContext,
): Promise<void> {
  if (goals.isReached) return;
  const reached = new AbortController();
  const watch = goals.watch(consumer, timers, () => reached.abort());
  let isOver = false;
  const topicWatch = new TopicWatch(topics, {
    timers,
    missing: (names) => missingOf(admin, names, signal),
    whenGone(topic) {
      tell(`moldau: ${topic} is gone: it was deleted meanwhile`);
      goals.removeTopic(topic);
      isOver = topicWatch.isEmpty && !mayGetMore;
      if (isOver || goals.isReached) reached.abort();
    },
  });
  const unfollow = follow?.((more) => topicWatch.add(more));
  const stopping = AbortSignal.any([signal, reached.signal]);
  try {
    for await (const { records, offsets } of consumer.batches({
      maxRecords: BATCH_RECORDS,
      signal: stopping,
    })) {
      topicWatch.busy();
      copy.batch(records, goals.isPassedBy(offsets));
      out.flush();
      if (out.isFull) await out.drained();
      const ended = goals.reached(offsets);
      progress?.show(goals.done);
      if (copy.isEnough || goals.isReached) {
        if (isGroup) await copy.commit(consumer);
        return;
      }
      // When it is interrupted the consumer is closed.
      if (ended.length > 0 && !isGroup && !signal.aborted) consumer.pause(ended);
    }
  } finally {
    unfollow?.();
    watch.cancel();
    topicWatch.end();
  }
  if (isOver) throw new CommandError('there is nothing left to read');
}

function rangeOf({ offset, until, untilEnd }: ConsumeOptions, nowMs: number): PlaceRange {
  const { from, until: end } =
    offset === undefined ? { from: undefined, until: undefined } : placeRange(offset, nowMs, '--offset');
  const ends = [
    ...(until === undefined ? [] : ['--until']),
    ...(untilEnd === true ? ['--until-end'] : []),
    ...(end === undefined ? [] : [`the end in --offset ${offset}`]),
  ];
  if (ends.length > 1) throw new UsageError(`${ends.join(' and ')} contradict each other`);
  if (until !== undefined) return { from, until: place(until, nowMs, '--until') };
  return { from, until: untilEnd === true ? { kind: 'end' } : end };
}

function formatOf({ format, jsonEnvelope }: ConsumeOptions): string {
  if (jsonEnvelope !== true) return format ?? 'value';
  if (format === undefined || format === 'envelope') return 'envelope';
  throw new UsageError(`-J and --format ${format} contradict each other`);
}

async function decodersOf(
  { keyAs, valueAs, keySchema, valueSchema, message }: ConsumeOptions,
  { disk }: CommandContext,
): Promise<{ keyDecoder: Decoder | undefined; valueDecoder: Decoder | undefined }> {
  return {
    keyDecoder: await decoderOf(
      { encoding: keyAs, schema: keySchema, message: undefined, part: 'key' },
      disk,
    ),
    valueDecoder: await decoderOf({ encoding: valueAs, schema: valueSchema, message, part: 'value' }, disk),
  };
}

/** name=value, or a name. */
function headerPair(text: string): readonly [name: string, value: string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Whole topics, or partitions of them. */
function topicsOf(
  names: readonly string[],
  { regex, partitions }: ConsumeOptions,
): { topics: readonly TopicPartitions[]; patterns: readonly RegExp[] } {
  if (regex === true) return { topics: [], patterns: names.map(regularExpression) };
  const topics = names.map(topicPartitions);
  return {
    topics: topics.map((each) => ({ ...each, partitions: each.partitions ?? partitions })),
    patterns: [],
  };
}

async function assigned(
  context: CommandContext,
  names: readonly string[],
  options: ConsumeOptions,
  from: Place = { kind: 'start' },
  until: Place | undefined,
): Promise<Reading> {
  const { kafka, admin, signal, properties } = context;
  const { topics, patterns } = topicsOf(names, options);
  const isolation = isolationOf(options, properties?.consumer);
  const isWanted = ({ topic, partition }: TopicPartition): boolean =>
    (patterns.length > 0 ? [options] : topics.filter((each) => each.topic === topic)).some(
      ({ partitions }) => partitions?.includes(partition) ?? true,
    );
  const found = await foundNow(context, topics, patterns, until);
  const wanted = found.filter(isWanted);
  const stretches = await stretchesOf(admin, wanted, { from, until, isolation, signal });
  const goals = new Goals(until !== undefined);
  for (const stretch of stretches) goals.add(stretch);
  // What retention takes away while it is read is gone; the rest is read nevertheless. What is made meanwhile is read from its beginning.
  const consumer = kafka.consumer({
    ...{ isolation, autoOffsetReset: 'earliest' },
    properties: properties?.consumer,
  });
  const toRead = stretches
    .filter(({ from, to }) => to === undefined || from < to)
    .map(({ topic, partition, from }) => ({ topic, partition, offset: from }));
  const followed = [...topics.map(({ topic }) => topic), ...patterns];
  return {
    consumer: consumer.assign(toRead),
    ...{ goals, isGroup: false, topics: topicsIn(wanted) },
    follow:
      until === undefined
        ? (whenMore) =>
            consumer.watchPartitions(followed, (partitions) => {
              const there = consumer.assignment;
              const known = new Set(there.map(keyOf));
              const more = partitions.filter((each) => isWanted(each) && !known.has(keyOf(each)));
              if (more.length === 0) return;
              consumer.assign([...there, ...more]);
              whenMore(topicsIn(more));
            })
        : undefined,
  };
}

/** Without any that match there is nothing to read, unless it is waited for. */
async function foundNow(
  { admin, signal, tell }: CommandContext,
  topics: readonly TopicPartitions[],
  patterns: readonly RegExp[],
  until: Place | undefined,
): Promise<TopicPartition[]> {
  try {
    return await partitionsOf(admin, topics, patterns, signal);
  } catch (error) {
    if (patterns.length === 0 || until !== undefined || !(error instanceof CommandError)) throw error;
    tell(`moldau: ${error.message} yet`);
    return [];
  }
}

async function subscribed(
  context: CommandContext,
  names: readonly string[],
  options: ConsumeOptions,
  from: Place | undefined,
  until: Place | undefined,
): Promise<Reading> {
  const { kafka, admin, signal, clock, properties } = context;
  const { topics, patterns } = topicsOf(names, options);
  if (topics.some(({ partitions }) => partitions !== undefined) || options.partitions !== undefined)
    throw new UsageError('--group: the group says which partitions are read, so none can be named');
  // Otherwise the group would wait for them, and say nothing.
  const found = await foundNow(context, topics, patterns, until);
  const goals = new Goals(until !== undefined);
  const isolation = isolationOf(options, properties?.consumer);
  const consumer = kafka.consumer({
    ...{ groupId: options.group, isolation, properties: properties?.consumer },
    ...(from === undefined && 'auto.offset.reset' in (properties?.consumer ?? {})
      ? {}
      : { autoOffsetReset: resetOf(from, clock.wallMs()) }),
    async onAssign(partitions) {
      const stretches = await stretchesOf(admin, partitions, {
        from: { kind: 'start' },
        until,
        isolation,
        signal,
      });
      for (const stretch of stretches) goals.add(stretch);
    },
    onRevoke(partitions) {
      for (const partition of partitions) goals.remove(partition);
    },
    onLost(partitions) {
      for (const partition of partitions) goals.remove(partition);
    },
  });
  return {
    consumer: consumer.subscribe([...topics.map(({ topic }) => topic), ...patterns]),
    ...{ goals, isGroup: true, topics: topicsIn(found), follow: undefined },
  };
}

function topicsIn(partitions: readonly TopicPartition[]): readonly string[] {
  return [...new Set(partitions.map(({ topic }) => topic))];
}

/** Asked for by an option of ours or a property. */
function isolationOf(
  { committed }: ConsumeOptions,
  properties: Properties = {},
): 'read-committed' | 'read-uncommitted' {
  const isCommitted = committed === true || properties['isolation.level'] === 'read_committed';
  return isCommitted ? 'read-committed' : 'read-uncommitted';
}

/** Where a group begins that has not stored anything. */
function resetOf(from: Place | undefined, nowMs: number): OffsetReset {
  if (from === undefined || from.kind === 'stored' || from.kind === 'start') return 'earliest';
  if (from.kind === 'end') return 'latest';
  if (from.kind === 'time') return { durationMs: Math.max(0, nowMs - from.timestampMs) };
  throw new UsageError(
    '--offset: a group goes on where it was, and a new one begins at start, end or a time; `moldau group seek` moves one that is there',
  );
}
