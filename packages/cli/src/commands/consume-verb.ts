// `moldau consume`, as the command line has it.

import type { VerbSpec } from '../command-line/command.ts';
import { numberRanges, positiveNumber, regularExpression } from '../command-line/values.ts';
import { READABLE } from '../records/encodings.ts';
import { delimiter, unescaped } from '../records/escapes.ts';
import { encodingOptions } from './encoding-options.ts';

export const consume: VerbSpec = {
  name: 'consume',
  summary: 'read records of topics',
  arguments: [
    {
      name: 'topic',
      summary: 'names of topics, or orders:0,2-5 for some partitions',
      isMany: true,
      completes: 'topic',
    },
  ],
  options: [
    { flags: '-r, --regex', summary: 'the names are regular expressions' },
    { flags: '-p, --partitions <list>', summary: 'only of these, as in 0,2-5', parse: numberRanges },
    {
      flags: '-o, --offset <place>',
      summary:
        'where to begin: start, end, an offset, -10 (the last ten), a time, or two of them as in 1:3 (default: start)',
      completes: ['start', 'end'],
    },
    { flags: '--until <place>', summary: 'where to stop: the same places', completes: ['end'] },
    { flags: '-e, --until-end', summary: 'stop at what is the end now, rather than wait for more' },
    { flags: '-n, --count <count>', summary: 'stop after so many records', parse: positiveNumber },
    {
      flags: '-g, --group <name>',
      summary: 'as a member of this group, which begins where it was and commits how far it came',
      completes: 'group',
    },
    { flags: '--committed', summary: 'nothing of transactions that are open or aborted' },
    {
      flags: '-f, --format <format>',
      summary: "value, envelope, ndjson, json, hex, or a string as '%t %p %o %k %v\\n' (default: value)",
      completes: ['value', 'envelope', 'ndjson', 'json', 'hex'],
    },
    { flags: '-J, --json-envelope', summary: 'a line of JSON for each record, as kcat has it' },
    {
      flags: '-K, --key-delimiter <text>',
      summary: 'show key, this text and value; \\t is a tab',
      parse: delimiter,
    },
    {
      flags: '-D, --delimiter <text>',
      summary: 'what ends a record, in place of the end of the line',
      parse: unescaped,
    },
    { flags: '-Z, --null', summary: 'show what is null as NULL' },
    ...encodingOptions('read', READABLE, 'an Avro schema, or a .proto file'),
    { flags: '--key <text>', summary: 'only records with this key', parse: unescaped },
    {
      flags: '--header <name=value>',
      summary: 'only records with this header, or with any value of it where only a name is given',
      isMany: true,
    },
    { flags: '--grep <regex>', summary: 'only records whose value matches', parse: regularExpression },
    {
      flags: '--where <expression>',
      summary: "only records of which this is true, in CEL: 'value.amount > 100 && key != null'",
    },
    { flags: '-q, --quiet', summary: 'show no progress' },
  ],
  details: `While it waits for more, partitions that are added and topics that match -r are read as well, from their beginning: within metadata.max.age.ms.

Filters are all to be met, and -n counts what they let through. --where knows topic, partition, offset, timestamp, headers, and key and
value, which are JSON or text unless --key-as and --value-as say otherwise. Kafka's own topics, as __consumer_offsets, are read with --value-as auto.
Numbers of JSON are written as they stand in the record; --where compares whole numbers of 64 bits exactly, and all others as doubles.

Format strings: %t topic, %p partition, %o offset, %e leader epoch, %d time (ms since 1970), %k key, %v (or %s) value, %h headers, %i
which record this is, %% a percent sign; %T %K %V (or %S) are the sizes of topic, key and value, %H the number of headers. %k{hex} and %v{base64}
encode, %v{unpack[>iHq]} reads binary numbers as rpk does; %d{iso}, %d{%Y-%m-%d %H:%M:%S} and %d{go[2006-01-02]} are times in UTC;
%h{%k=%v;} says what to write of each header; %K{big32} and the like (big or little, 8 to 64) are binary numbers, %o{hex16} hexadecimal
ones. \\n \\t \\x00 are as usual, and no line ends by itself.`,
  examples: [
    'consume orders',
    "consume orders -o -10 -e -f '%p:%o %k %v\\n'",
    'consume orders:0 --offset -2h --until end',
    "consume -r '^orders' -J --where 'value.total > 100'",
    'consume __consumer_offsets -e --key-as auto --value-as auto -f ndjson',
    'consume orders -g audit -K : | while read line; do echo "$line"; done',
  ],
  needs: 'cluster',
  load: () => import('./consume.ts'),
};
