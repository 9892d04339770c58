// kafka-dump-log, as its command line is read: which files, and what is shown of each.

import { basename, resolve } from 'node:path';
import type { Disk } from '@moldau/io';
import { JavaError } from './java-errors.ts';
import { type KafkaTool, requireOptions, type ToolContext } from './kafka-tool.ts';
import type { Decode } from './log-decoders.ts';
import type { LogDump } from './log-dump.ts';
import type { ToolOption, ToolOptions } from './tool-options.ts';
import { tellUncaught } from './usage.ts';

const DECODERS = [
  'offsets-decoder',
  'transaction-log-decoder',
  'cluster-metadata-decoder',
  'remote-log-metadata-decoder',
  'share-group-state-decoder',
] as const;

const STRING_DECODER = 'org.apache.kafka.tools.api.StringDecoder';

const decoderOption = (part: 'key' | 'value'): ToolOption => ({
  name: `${part}-decoder-class`,
  summary: `The class that reads ${part}s: String-, Integer- or LongDecoder of org.apache.kafka.tools.api.`,
  argument: { isOptional: true, default: STRING_DECODER },
});

export const dumpLog: KafkaTool = {
  name: 'kafka-dump-log',
  purpose:
    'This tool helps to parse a log file and dump its contents to the console, useful for debugging a seemingly corrupt log segment.',
  options: [
    {
      name: 'files',
      summary: 'REQUIRED: the files, with commas between them.',
      argument: { name: 'file1, file2, ...' },
    },
    { name: 'print-data-log', summary: 'Show what is in the records; a decoder does so as well.' },
    { name: 'deep-iteration', summary: 'Show each record, rather than batches alone.' },
    { name: 'skip-record-metadata', summary: 'Show of records only what is in them.' },
    { name: 'verify-index-only', summary: 'Compare indexes with their log, and show nothing of them.' },
    { name: 'index-sanity-check', summary: 'Only find out whether indexes can be what they are.' },
    {
      name: 'max-message-size',
      summary: 'Of the largest message.',
      argument: { type: 'Integer', name: 'size', default: '5242880' },
    },
    {
      name: 'max-bytes',
      summary: 'Read no more of a log than this.',
      argument: { type: 'Integer', name: 'size', default: '2147483647' },
    },
    decoderOption('key'),
    decoderOption('value'),
    { name: 'offsets-decoder', summary: 'The records are of __consumer_offsets.' },
    { name: 'transaction-log-decoder', summary: 'The records are of __transaction_state.' },
    { name: 'share-group-state-decoder', summary: 'The records are of __share_group_state.' },
    {
      name: 'cluster-metadata-decoder',
      summary: 'The records are of __cluster_metadata.',
    },
    {
      name: 'remote-log-metadata-decoder',
      summary: 'The records are of __remote_log_metadata.',
    },
  ],
  async run(context, given) {
    requireOptions(given, 'files');
    let dump: LogDump | undefined;
    for (const path of given.get('files')!.split(',')) {
      context.out(`Dumping ${path}`);
      // What is wrong with the other options is found out now, as Kafka's tool does.
      dump ??= await dumpOf(context, given);
      await dump.file(path);
    }
    dump?.tellProblems();
    return 0;
  },
  failed: tellUncaught,
};

async function dumpOf(context: ToolContext, given: ToolOptions): Promise<LogDump> {
  const { LogDump } = await import('./log-dump.ts');
  const decoder = DECODERS.find((name) => given.has(name));
  const withContents =
    decoder !== undefined ||
    ['print-data-log', 'key-decoder-class', 'value-decoder-class'].some((name) => given.has(name));
  return new LogDump(context, {
    ...{ withContents, withRecords: withContents || given.has('deep-iteration') },
    skipsMetadata: given.has('skip-record-metadata'),
    isVerifyOnly: given.has('verify-index-only'),
    isSanityCheck: given.has('index-sanity-check'),
    maxBytes: given.number('max-bytes')!,
    decode: await decodeOf(decoder, given),
  });
}

async function decodeOf(decoder: string | undefined, given: ToolOptions): Promise<Decode> {
  const { classDecoder, coordinatorDecoder } = await import('./log-decoders.ts');
  switch (decoder) {
    case 'offsets-decoder':
      return coordinatorDecoder('group');
    case 'transaction-log-decoder':
      return coordinatorDecoder('transaction');
    case 'share-group-state-decoder':
      return coordinatorDecoder('share');
    case 'cluster-metadata-decoder':
      return (await import('./metadata-decoders.ts')).clusterMetadataDecoder;
    case 'remote-log-metadata-decoder':
      return (await import('./metadata-decoders.ts')).remoteLogMetadataDecoder;
    default:
      return classDecoder(given.get('key-decoder-class')!, given.get('value-decoder-class')!);
  }
}

/** @throws JavaError as Java does where there is no such file */
export async function openLog(disk: Disk, path: string) {
  try {
    return await disk.open(path, 'read');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new JavaError('java.nio.file.NoSuchFileException', path);
  }
}

/** 00000000000000000042.log is 42. @throws JavaError */
export function offsetOfName(path: string): number {
  const text = basename(path).split('.')[0]!;
  if (/^\d+$/.test(text)) return Number(text);
  throw new JavaError('java.lang.NumberFormatException', `For input string: "${text}"`);
}

export function absolute(path: string): string {
  return resolve(path);
}
