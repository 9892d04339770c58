// Keys of listeners, sockets and connections.

import { INT_MAX, inert, int, list, long, string } from '../definition.ts';

export const networkConfigs = {
  listeners: list(
    'PLAINTEXT://127.0.0.1:9092',
    'Where to listen: NAME://HOST:PORT, several with commas. An empty host is every address.',
    { nonEmpty: true, importance: 'HIGH', kafkaDefault: 'PLAINTEXT://:9092' },
  ),
  'advertised.listeners': list(
    null,
    'The addresses clients are told to connect to, by listener name; derived from listeners when unset.',
    { nonEmpty: true, importance: 'HIGH' },
  ),
  'listener.security.protocol.map': string(
    'SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT',
    'The security protocol of each listener name: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.',
    { importance: 'LOW' },
  ),
  'socket.request.max.bytes': int(
    104_857_600,
    'The largest request taken; a larger one ends its connection.',
    { min: 1, importance: 'HIGH' },
  ),
  'socket.listen.backlog.size': int(50, 'Connections the kernel queues until they are accepted.', { min: 1 }),
  'connections.max.idle.ms': long(600_000, 'A connection that is silent for this long is closed.'),
  'max.connections': int(
    INT_MAX,
    'Connections open at a time; further ones are closed at once. A listener may have a limit of its own besides: listener.name.<listener>.max.connections.',
    {
      min: 0,
      update: 'cluster-wide',
    },
  ),
  'max.connections.per.ip': int(INT_MAX, 'Connections open at a time from one address.', {
    min: 0,
    update: 'cluster-wide',
  }),
  'max.connections.per.ip.overrides': string(
    '',
    'Other limits for some addresses: host:count, several with commas.',
    { check: checkOverrides, update: 'cluster-wide' },
  ),
  'queued.max.request.bytes': long(
    -1,
    'Bytes of requests that wait in memory before sockets are no longer read; -1 leaves it to the broker.',
  ),
  'fetch.max.bytes': int(57_671_680, 'The most bytes a Fetch answers with, whatever the client asks for.', {
    min: 1024,
  }),
  'max.incremental.fetch.session.cache.slots': int(1000, 'Incremental fetch sessions kept at a time.', {
    min: 0,
  }),
  'max.request.partition.size.limit': int(2000, 'Partitions one DescribeTopicPartitions answer lists.', {
    min: 1,
  }),
  ...inert('One event loop serves all requests, so there are no threads to count', {
    'num.network.threads': int(3, 'Threads that read and write sockets.', {
      min: 1,
      importance: 'HIGH',
      update: 'cluster-wide',
    }),
    'num.io.threads': int(8, 'Threads that work on requests.', {
      min: 1,
      importance: 'HIGH',
      update: 'cluster-wide',
    }),
    'background.threads': int(10, 'Threads for background work.', {
      min: 1,
      importance: 'HIGH',
      update: 'cluster-wide',
    }),
    'num.recovery.threads.per.data.dir': int(2, 'Threads that recover logs at a start.', {
      min: 1,
      importance: 'HIGH',
      update: 'cluster-wide',
    }),
    'num.replica.alter.log.dirs.threads': int(null, 'Threads that move replicas between folders.', {
      importance: 'HIGH',
    }),
    'queued.max.requests': int(500, 'Requests queued for the I/O threads.', { min: 1, importance: 'HIGH' }),
  }),
  ...inert('The operating system sizes the socket buffers', {
    'socket.send.buffer.bytes': int(102_400, "Size of a socket's send buffer; -1 leaves it to the system.", {
      importance: 'HIGH',
    }),
    'socket.receive.buffer.bytes': int(
      102_400,
      "Size of a socket's receive buffer; -1 leaves it to the system.",
      { importance: 'HIGH' },
    ),
  }),
  ...inert('Waiting requests hang on their partitions, so there is no purgatory to purge', {
    'fetch.purgatory.purge.interval.requests': int(1000, 'Finished fetches kept before they are purged.'),
    'producer.purgatory.purge.interval.requests': int(1000, 'Finished produces kept before they are purged.'),
    'delete.records.purgatory.purge.interval.requests': int(
      1,
      'Finished DeleteRecords requests kept before they are purged.',
    ),
    'share.fetch.purgatory.purge.interval.requests': int(
      1000,
      'Finished share fetches kept before they are purged.',
    ),
  }),
  'max.connection.creation.rate': int(
    INT_MAX,
    'Connections accepted per second, over all listeners; those above it wait. With the prefix listener.name.<listener>. of one listener.',
    {
      min: 0,
      update: 'cluster-wide',
    },
  ),
  ...inert('Listeners open when the metadata has been read, which takes milliseconds', {
    'early.start.listeners': list(null, 'Listeners opened before metadata is loaded.', {
      importance: 'HIGH',
    }),
  }),
};

function checkOverrides(text: string): string | undefined {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return pairs.every((pair) => /^.+:\s*\d+\s*$/.test(pair))
    ? undefined
    : 'expected host:count pairs with commas, as in 10.0.0.1:100';
}
