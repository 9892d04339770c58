// `moldau produce`, as the command line has it.

import type { VerbSpec } from '../command-line/command.ts';
import { oneOf, pair, positiveNumber, wholeNumber } from '../command-line/values.ts';
import { WRITABLE } from '../records/encodings.ts';
import { delimiter, unescaped } from '../records/escapes.ts';
import { encodingOptions } from './encoding-options.ts';

export const CODEC_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export const INPUT_FORMATS = ['lines', 'ndjson', 'envelope'] as const;

export const produce: VerbSpec = {
  name: 'produce',
  summary: 'send records to a topic',
  arguments: [
    { name: 'topic', summary: 'name of the topic', completes: 'topic' },
    {
      name: 'file',
      summary: 'files, of which each is the value of one record (default: standard input, line by line)',
      isOptional: true,
      isMany: true,
      completes: 'file',
    },
  ],
  options: [
    { flags: '-l, --lines', summary: 'the lines of the files are the records' },
    {
      flags: '-K, --key-delimiter <text>',
      summary: 'a line is key, this text and value; \\t is a tab',
      parse: delimiter,
    },
    { flags: '-k, --key <text>', summary: 'the key of all records', parse: unescaped },
    {
      flags: '-H, --header <name=value>',
      summary: 'a header of all records, as often as you like',
      parse: pair,
      isMany: true,
    },
    {
      flags: '-f, --format <format>',
      summary:
        "of the lines: lines (as they are), ndjson (checked to be JSON), envelope (as -J), or a string as '%k %v'",
      parse: (text) => (text.includes('%') ? text : oneOf(INPUT_FORMATS)(text)),
      completes: INPUT_FORMATS,
    },
    {
      flags: '-J, --json-envelope',
      summary: 'lines are kcat’s JSON: {"key": "k", "payload": "v", "headers": ["a", "b"]}',
    },
    ...encodingOptions(
      'write',
      WRITABLE,
      'an Avro schema, or a .proto file: values are JSON that is written so',
    ),
    {
      flags: '--key-schema-id <number>',
      summary: 'the same for keys',
      parse: wholeNumber,
    },
    {
      flags: '--value-schema-id <number>',
      summary: 'begin values with this number of the schema in a registry, as its readers expect',
      parse: wholeNumber,
    },
    { flags: '--keep-partition', summary: 'with -J: send to the partition that the line names' },
    {
      flags: '-D, --delimiter <text>',
      summary: 'what ends a record, in place of the end of the line',
      parse: delimiter,
    },
    { flags: '-Z, --null', summary: 'an empty value is a tombstone, and an empty key none' },
    { flags: '-p, --partition <number>', summary: 'send all to this partition', parse: wholeNumber },
    {
      flags: '-t, --timestamp <time>',
      summary: 'of all records, as in 2026-11-21T10:00:00, @1700000000000 or -2h',
    },
    {
      flags: '-z, --compression <codec>',
      summary: 'none, gzip, snappy, lz4 or zstd (default: none)',
      parse: oneOf(CODEC_NAMES),
      completes: CODEC_NAMES,
    },
    {
      flags: '--acks <who>',
      summary: 'who has to have a record before it counts as sent: all, 1 (the leader) or 0 (default: all)',
      parse: oneOf(['all', '-1', '1', '0']),
      completes: ['all', '1', '0'],
    },
    { flags: '-n, --count <count>', summary: 'stop after so many records', parse: positiveNumber },
    { flags: '--print', summary: 'a JSON line for each record that was acknowledged, with its offset' },
  ],
  details: `A record that cannot be sent is told of and the others are sent nevertheless; the exit code is 1 then.

Format strings: %k key, %v (or %s) value, %p partition, %d time (ms since 1970), %h headers (a=1,b=2); %k{hex} and %v{base64} are decoded.
Each goes to where the text behind it begins, the last one to the end of the line. Sizes stand before what they are of, %K, %V and %H (how many
headers), and then records are what the format says, not lines: %K{big32}%k%V{big32}%v%H{big16}%h{%K{big16}%k%V{big32}%v}. Numbers are
digits, so many characters (%V{5}), hex8 to hex64, big8 to big64 or little8 to little64, and the size of null is -1, as \`moldau consume\` writes them.

With --value-as json, msgpack, avro and protobuf each value is JSON: what \`moldau consume\` shows with the same options can be sent again.
Bytes within it are base64; a union of Avro needs no name of its type, and may have one. What is stored as JSON, by -J too, keeps the spelling of its numbers.`,
  examples: [
    'produce orders < orders.txt',
    "produce orders -K : -H source=shop <<< 'id-1:paid'",
    'produce pictures cat.jpg dog.jpg -z zstd',
    'produce orders --value-schema order.avsc <<< \'{"id": 7, "item": "tea"}\'',
    "produce orders -f '%k|%h|%v' <<< 'id-1|source=shop|paid'",
    'consume orders -J -e | moldau produce copies -J',
  ],
  needs: 'cluster',
  load: () => import('./produce.ts'),
};
