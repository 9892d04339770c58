// What the client's errors advise to set and to call, as whoever types commands sets and calls it.

const PROPERTIES = {
  requestTimeoutMs: 'request.timeout.ms',
  connectTimeoutMs: 'socket.connection.setup.timeout.ms',
  retryBackoffMs: 'retry.backoff.ms',
  maxAnswerBytes: 'receive.message.max.bytes',
  maxInFlight: 'max.in.flight.requests.per.connection',
  batchBytes: 'batch.size',
  bufferBytes: 'buffer.memory',
  maxRequestBytes: 'max.request.size',
  deliveryTimeoutMs: 'delivery.timeout.ms',
  unknownTopicTimeoutMs: 'max.block.ms',
  transactionTimeoutMs: 'transaction.timeout.ms',
  instanceId: 'group.instance.id',
  groupProtocol: 'group.protocol',
  sessionTimeoutMs: 'session.timeout.ms',
  heartbeatIntervalMs: 'heartbeat.interval.ms',
  maxPollIntervalMs: 'max.poll.interval.ms',
  autoOffsetReset: 'auto.offset.reset',
  fetchMaxBytes: 'fetch.max.bytes',
  partitionMaxBytes: 'max.partition.fetch.bytes',
  maxBufferedBytes: 'queued.max.messages.kbytes',
};
/** As -X takes them. */
export const PROPERTIES_OF_OPTIONS: ReadonlyMap<string, string> = new Map(Object.entries(PROPERTIES));

const WORDS: ReadonlyMap<string, string> = new Map([
  ...[...PROPERTIES_OF_OPTIONS].map(([option, property]) => [option, `-X ${property}`] as const),
  ['apiTimeoutMs', '--timeout'],
  ['groupId', '--group'],
  ['admin.topics.create()', '`moldau topic create`'],
  ['admin.configs.alter()', '`moldau config set`'],
]);
const ANY = new RegExp(
  `(?<![\\w.'"])(?:${[...WORDS.keys()].map((word) => word.replaceAll(/[.()]/g, '\\$&')).join('|')})(?![\\w:])`,
  'g',
);

export function inOwnWords(message: string): string {
  return message.replaceAll(ANY, (word) => WORDS.get(word) ?? word);
}
