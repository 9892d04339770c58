// The verbs of `moldau perf`.

import type { ArgumentSpec, OptionSpec, VerbSpec } from '../command-line/command.ts';
import { byteSize, durationMs, oneOf, positiveNumber } from '../command-line/values.ts';
import { CODEC_NAMES } from './produce-verb.ts';

const TOPIC: ArgumentSpec = { name: 'topic', summary: 'name of the topic', completes: 'topic' };
const SIZE: OptionSpec = {
  flags: '-s, --size <bytes>',
  summary: 'of the value of a record, as in 100 or 10KiB (default: 100)',
  parse: byteSize,
};
const ACKS: OptionSpec = {
  flags: '--acks <who>',
  summary: 'who has to have a record before it counts as sent: all, 1 (the leader) or 0 (default: all)',
  parse: oneOf(['all', '1', '0']),
  completes: ['all', '1', '0'],
};
const FOR: OptionSpec = { flags: '--for <duration>', summary: 'stop after so long', parse: durationMs };
const CTRL_C = 'Ctrl-C ends it with the figures until then, and 130 as its exit code.';

export const verbs: readonly VerbSpec[] = [
  {
    name: 'produce',
    summary: 'measure how quickly records are sent, and how long until they are acknowledged',
    arguments: [TOPIC],
    options: [
      { flags: '-n, --count <count>', summary: 'records (default: 1000000)', parse: positiveNumber },
      SIZE,
      {
        flags: '-r, --rate <count>',
        summary: 'records each second (default: as many as it can)',
        parse: positiveNumber,
      },
      FOR,
      {
        flags: '-z, --compression <codec>',
        summary: 'none, gzip, snappy, lz4 or zstd (default: none)',
        parse: oneOf(CODEC_NAMES),
        completes: CODEC_NAMES,
      },
      ACKS,
      { flags: '--batch <bytes>', summary: 'how large a batch becomes (default: 64KiB)', parse: byteSize },
      {
        flags: '--linger <duration>',
        summary: 'how long a batch waits for more (default: 5ms)',
        parse: durationMs,
      },
      {
        flags: '--keys <count>',
        summary: 'records have keys, of which there are so many',
        parse: positiveNumber,
      },
    ],
    details: `Each second it tells of that second on standard error; the figures of all of it are what -o is for. A record counts when it is acknowledged; the
first that cannot be sent ends it. ${CTRL_C}`,
    examples: [
      'perf produce orders',
      'perf produce orders -n 5000000 -s 1KiB -z zstd -o json',
      'perf produce orders -r 10000 --for 30s',
    ],
    needs: 'cluster',
    prints: true,
    load: () => import('./perf-produce.ts'),
  },
  {
    name: 'consume',
    summary: 'measure how quickly records are read',
    arguments: [TOPIC],
    options: [
      {
        flags: '-n, --count <count>',
        summary: 'stop after so many (default: all there are)',
        parse: positiveNumber,
      },
      FOR,
    ],
    details: `It reads from the start, belongs to no group and commits nothing. ${CTRL_C}`,
    examples: ['perf consume orders', 'perf consume orders -n 1000000 -o json'],
    needs: 'cluster',
    prints: true,
    load: () => import('./perf-consume.ts'),
  },
  {
    name: 'latency',
    summary: 'measure how long a record takes from the producer to a consumer',
    arguments: [TOPIC],
    options: [
      {
        flags: '-n, --count <count>',
        summary: 'records, one after the other (default: 1000)',
        parse: positiveNumber,
      },
      SIZE,
      ACKS,
    ],
    details: `One record is sent, and the next when it has been read: this is the time that nobody waits for anybody else. ${CTRL_C}`,
    examples: ['perf latency orders', 'perf latency orders -n 10000 --acks 1'],
    needs: 'cluster',
    prints: true,
    load: () => import('./perf-latency.ts'),
  },
];
