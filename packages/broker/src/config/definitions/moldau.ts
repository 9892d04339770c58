// Keys that Kafka does not have.

import { int, list, long, password, string } from '../definition.ts';
import { initialUsersProblem } from '../initial-users.ts';

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
  'moldau.sasl.oauthbearer.allowed.urls': list(
    '',
    "URLs that sasl.oauthbearer.jwks.endpoint.url may be, whatever a listener's own setting says; empty for any. Kafka has the system property org.apache.kafka.sasl.oauthbearer.allowed.urls for this.",
    { importance: 'LOW' },
  ),
  'moldau.authentication.timeout.ms': int(
    30_000,
    'How long a connection may take to log in, or to renew its login, before it is closed.',
    { min: 100 },
  ),
  'moldau.failed.authentication.rate': int(
    50,
    'Failed logins a second from one address (of IPv6, from one /64 network), ten times as many at once. Above that no login from there is looked at: its connections are closed after connection.failed.authentication.delay.ms. 0 for no limit.',
    { min: 0 },
  ),
  'moldau.users': password(
    'Users to have, as name:password with commas between them. Those that do not exist are made at the start, for SCRAM-SHA-256 and SCRAM-SHA-512; one that exists is left as it is.',
    { importance: 'HIGH', check: initialUsersProblem },
  ),
};
