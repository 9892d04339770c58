// Keys of the broker's identity, of the controllers and of replication.

import { bool, inert, int, LONG_MAX, list, long, string } from '../definition.ts';

export const clusterConfigs = {
  'node.id': int(1, 'The number of this broker.', { min: 0, importance: 'HIGH', kafkaDefault: '<required>' }),
  'broker.id': int(-1, 'The older name of node.id.', { importance: 'HIGH' }),
  'broker.rack': string(null, 'Where this broker stands, for clients that read from the nearest replica.'),
  'process.roles': list(
    'broker,controller',
    'The roles of this process: Moldau is always broker and controller.',
    { oneOf: ['broker', 'controller'], nonEmpty: true, importance: 'HIGH', kafkaDefault: '<required>' },
  ),
  'controller.listener.names': list(
    '',
    'Names of listeners that KRaft controllers use. Moldau has no controller listener and leaves these out.',
    { importance: 'HIGH', kafkaDefault: '<required>' },
  ),
  ...inert('Metadata lives in the data folder, there is no KRaft quorum', {
    'controller.quorum.append.linger.ms': int(25, "How long the quorum's leader collects records.", {
      min: 0,
    }),
    'controller.quorum.auto.join.enable': bool(false, 'Whether a controller joins the voters by itself.', {
      importance: 'LOW',
    }),
    'controller.quorum.bootstrap.servers': list('', 'Where the quorum is found.', { importance: 'HIGH' }),
    'controller.quorum.election.backoff.max.ms': int(1000, 'The longest wait before another election.', {
      min: 0,
      importance: 'HIGH',
    }),
    'controller.quorum.election.timeout.ms': int(1000, 'How long an election may take.', {
      min: 0,
      importance: 'HIGH',
    }),
    'controller.quorum.fetch.max.bytes': int(1_048_576, 'Bytes of one fetch of the metadata log.', {
      min: 1,
      importance: 'LOW',
    }),
    'controller.quorum.fetch.snapshot.max.bytes': int(1_048_576, 'Bytes of one fetch of a snapshot.', {
      min: 1,
      importance: 'LOW',
    }),
    'controller.quorum.fetch.timeout.ms': int(
      2000,
      'How long a voter goes without its leader before it wants another.',
      { min: 0, importance: 'HIGH' },
    ),
    'controller.quorum.request.timeout.ms': int(2000, 'How long a request in the quorum may take.', {
      min: 0,
    }),
    'controller.quorum.retry.backoff.ms': int(20, 'Wait before a request in the quorum is repeated.', {
      min: 0,
      importance: 'LOW',
    }),
    'controller.quorum.voters': list('', 'The voters of the quorum.', { importance: 'HIGH' }),
    'controller.socket.timeout.ms': int(30_000, 'Timeout of the connection to the controller.'),
    'metadata.log.dir': string(null, 'Folder of the metadata log.', { importance: 'HIGH' }),
    'metadata.log.max.record.bytes.between.snapshots': long(
      20_971_520,
      'Bytes of metadata between two snapshots.',
      { min: 1, importance: 'HIGH' },
    ),
    'metadata.log.max.snapshot.interval.ms': long(3_600_000, 'Time between two snapshots.', {
      min: 0,
      importance: 'HIGH',
    }),
    'metadata.log.segment.bytes': int(1_073_741_824, 'Segment size of the metadata log.', {
      min: 8_388_608,
      importance: 'HIGH',
    }),
    'metadata.log.segment.ms': long(604_800_000, 'Age of its segments.', { importance: 'HIGH' }),
    'metadata.max.idle.interval.ms': int(500, 'How often an idle quorum writes a no-op.', {
      min: 0,
      importance: 'LOW',
    }),
    'metadata.max.retention.bytes': long(104_857_600, 'Bytes of metadata log and snapshots kept.', {
      importance: 'HIGH',
    }),
    'metadata.max.retention.ms': long(604_800_000, 'How long metadata log and snapshots are kept.', {
      importance: 'HIGH',
    }),
    'broker.heartbeat.interval.ms': int(2000, 'How often a broker reports to the controller.'),
    'broker.session.timeout.ms': int(9000, 'How long a silent broker counts as alive.'),
    'initial.broker.registration.timeout.ms': int(
      60_000,
      'How long a starting broker waits to be registered.',
    ),
  }),
  'inter.broker.listener.name': string(
    null,
    'The listener brokers use among themselves; must be one of listeners. With one broker nothing comes by it yet.',
  ),
  'security.inter.broker.protocol': string(
    'PLAINTEXT',
    'The same by its security protocol: the first listener that has it.',
    { oneOf: ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] },
  ),
  ...inert('There is one broker so far, so nothing is replicated or moved', {
    'auto.leader.rebalance.enable': bool(true, 'Whether leadership returns to the preferred replica.', {
      importance: 'HIGH',
    }),
    'leader.imbalance.check.interval.seconds': long(300, 'How often the balance of leaders is checked.', {
      min: 1,
      importance: 'HIGH',
    }),
    'controlled.shutdown.enable': bool(true, 'Whether leadership moves away before a stop.'),
    'unclean.leader.election.enable': bool(false, 'Whether a replica out of sync may become leader.', {
      importance: 'HIGH',
      update: 'cluster-wide',
    }),
    'num.replica.fetchers': int(1, 'Threads that fetch from each leader.', {
      min: 1,
      importance: 'HIGH',
      update: 'cluster-wide',
    }),
    'replica.fetch.backoff.ms': int(1000, 'Wait after a failed fetch.', { min: 0 }),
    'replica.fetch.max.bytes': int(1_048_576, 'Bytes a replica fetches of one partition.', { min: 0 }),
    'replica.fetch.min.bytes': int(1, "Bytes a replica's fetch waits for.", { importance: 'HIGH' }),
    'replica.fetch.response.max.bytes': int(10_485_760, "Bytes of a replica's whole fetch.", { min: 0 }),
    'replica.fetch.wait.max.ms': int(500, "How long a replica's fetch waits.", { importance: 'HIGH' }),
    'replica.high.watermark.checkpoint.interval.ms': long(5000, 'How often high watermarks are written.', {
      importance: 'HIGH',
    }),
    'replica.lag.time.max.ms': long(30_000, 'How long a replica may lag and stay in sync.', {
      importance: 'HIGH',
    }),
    'replica.selector.class': string(null, 'Class that picks the replica to read from.'),
    'replica.socket.receive.buffer.bytes': int(65_536, "Receive buffer of a replica's connection.", {
      importance: 'HIGH',
    }),
    'replica.socket.timeout.ms': int(30_000, "Timeout of a replica's connection.", { importance: 'HIGH' }),
    'request.timeout.ms': int(30_000, 'How long requests between brokers may take.', { importance: 'HIGH' }),
    'socket.connection.setup.timeout.ms': long(
      10_000,
      'How long a connection between brokers may take to be made.',
    ),
    'socket.connection.setup.timeout.max.ms': long(30_000, 'The longest such time.'),
    'follower.fetch.last.tiered.offset.enable': bool(
      false,
      'Whether an empty follower starts from the last tiered offset.',
      { update: 'cluster-wide' },
    ),
    'leader.replication.throttled.rate': long(
      LONG_MAX,
      'Bytes per second a leader sends to throttled replicas.',
      { min: 0, update: 'cluster-wide' },
    ),
    'follower.replication.throttled.rate': long(
      LONG_MAX,
      'Bytes per second a follower fetches of throttled replicas.',
      { min: 0, update: 'cluster-wide' },
    ),
    'replication.quota.window.num': int(11, 'Samples kept for the replication quota.', {
      min: 1,
      importance: 'LOW',
    }),
    'replication.quota.window.size.seconds': int(1, 'Length of one such sample.', {
      min: 1,
      importance: 'LOW',
    }),
  }),
};
