// Keys that Kafka does not have.

import { int, long, string } from '../definition.ts';

export const DURABILITIES = ['fsync', 'replicated', 'memory'] as const;

export const moldauConfigs = {
  'moldau.durability': string(
    'fsync',
    'What acks=all waits for in topics that do not say: fsync the disk, replicated the page cache of every replica in sync, memory nothing (topics have no files and are gone at a restart).',
    { oneOf: DURABILITIES, importance: 'HIGH', update: 'cluster-wide' },
  ),
  'moldau.tail.cache.bytes': long(
    67_108_864,
    'Memory for the newest records of all partitions, from which consumers that keep up are served.',
    { min: 0 },
  ),
  'moldau.open.files': int(512, 'Files kept open at a time; the others are opened again when needed.', {
    min: 16,
  }),
  'moldau.max.decompressed.bytes': long(
    67_108_864,
    'The most bytes one record batch may grow to when it is decompressed.',
    { min: 1 },
  ),
};
