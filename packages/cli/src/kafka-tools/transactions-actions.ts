// What kafka-transactions does.

import type { Admin, TopicPartition, TransactionState } from '@moldau/client';
import { BrokerError } from '@moldau/client/admin';
import { tabbedTable } from './argument-tool.ts';
import type { Arguments } from './arguments.ts';
import { javaMessage } from './java-errors.ts';
import { hashOrder, partitionHash } from './java-text.ts';
import { type ToolContext, ToolEnd } from './kafka-tool.ts';

type Action = (context: ToolContext, admin: Admin, given: Arguments) => Promise<void>;

export const actions: Readonly<Record<string, Action>> = {
  list,
  describe,
  'describe-producers': describeProducers,
  abort,
  'find-hanging': findHanging,
  forceTerminateTransaction,
};

const STATES: Readonly<Record<TransactionState, string>> = {
  empty: 'Empty',
  ongoing: 'Ongoing',
  'prepare-commit': 'PrepareCommit',
  'prepare-abort': 'PrepareAbort',
  'complete-commit': 'CompleteCommit',
  'complete-abort': 'CompleteAbort',
  'prepare-epoch-fence': 'PrepareEpochFence',
  dead: 'Dead',
  unknown: 'Unknown',
};

function ended({ err }: ToolContext, message: string): ToolEnd {
  err(message);
  return new ToolEnd(1);
}

/** Tells what could not be done, and why, and ends the tool. */
async function attempt<Result>(
  context: ToolContext,
  problem: string,
  work: Promise<Result>,
  reasonOf: (error: unknown) => string = javaMessage,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw ended(context, `${problem}: ${reasonOf(error)}. Enable debug logging for additional detail.`);
  }
}

/** Java's client puts what brokers answer into words of its own. */
function reasonOfList(error: unknown): string {
  if (!(error instanceof BrokerError)) return javaMessage(error);
  const id = error.broker?.replace(/ at .*/, '') ?? '-1';
  return `ListTransactions request sent to broker ${id} failed with an unexpected exception`;
}

function reasonOfDescription(error: unknown, id: string): string {
  if (!(error instanceof BrokerError)) return javaMessage(error);
  const request = `DescribeTransactions request for transactionalId \`${id}\` failed`;
  if (error.code === 'TRANSACTIONAL_ID_NOT_FOUND') return `${request} because the ID could not be found`;
  if (error.code === 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED')
    return `${request} due to authorization failure`;
  return `${request} due to unexpected error`;
}

async function list(context: ToolContext, admin: Admin, given: Arguments): Promise<void> {
  const minDurationMs = given.number('duration-filter');
  const transactionalIdPattern = given.text('transactional-id-pattern');
  const listing = admin.transactions.list({
    ...(minDurationMs !== undefined && { minDurationMs }),
    ...(transactionalIdPattern !== undefined && { transactionalIdPattern }),
  });
  const found = await attempt(context, 'Failed to list transactions', listing, reasonOfList);
  const headers = ['TransactionalId', 'Coordinator', 'ProducerId', 'TransactionState'];
  const rows = found.map(({ transactionalId, coordinatorId, producerId, state }) => [
    ...[transactionalId, String(coordinatorId), String(producerId), STATES[state]],
  ]);
  tabbedTable(context, headers, rows);
}

async function describe(context: ToolContext, admin: Admin, given: Arguments): Promise<void> {
  const transactionalId = given.text('transactional-id')!;
  const describing = admin.transactions.describe(transactionalId);
  const problem = `Failed to describe transaction state of transactional-id \`${transactionalId}\``;
  const [found] = await attempt(context, problem, describing, (error) =>
    reasonOfDescription(error, transactionalId),
  );
  const { coordinatorId, producerId, producerEpoch, state, timeoutMs, startedMs, partitions } = found!;
  const headers = [
    ...['CoordinatorId', 'TransactionalId', 'ProducerId', 'ProducerEpoch', 'TransactionState'],
    ...['TransactionTimeoutMs', 'CurrentTransactionStartTimeMs', 'TransactionDurationMs', 'TopicPartitions'],
  ];
  const row = [
    ...[String(coordinatorId), transactionalId, String(producerId), String(producerEpoch), STATES[state]],
    ...[String(timeoutMs), startedMs === undefined ? 'None' : String(startedMs)],
    startedMs === undefined ? 'None' : String(context.clock.wallMs() - startedMs),
    hashOrder(partitions, partitionHash).map(partitionName).join(','),
  ];
  tabbedTable(context, headers, [row]);
}

async function describeProducers(context: ToolContext, admin: Admin, given: Arguments): Promise<void> {
  const partition = partitionOf(given);
  const brokerId = given.number('broker-id');
  const asked = brokerId === undefined ? 'leader' : `broker ${brokerId}`;
  const [found] = await attempt(
    context,
    `Failed to describe producers for partition ${partitionName(partition)} on ${asked}`,
    admin.producers.describe(partition, { ...(brokerId !== undefined && { brokerId }) }),
  );
  const headers = [
    ...['ProducerId', 'ProducerEpoch', 'LatestCoordinatorEpoch', 'LastSequence', 'LastTimestamp'],
    'CurrentTransactionStartOffset',
  ];
  const rows = found!.producers.map((producer) => [
    ...[producer.producerId, producer.producerEpoch, producer.coordinatorEpoch ?? -1].map(String),
    ...[producer.lastSequence, producer.lastTimestampMs, producer.transactionStartOffset ?? 'None'].map(
      String,
    ),
  ]);
  tabbedTable(context, headers, rows);
}

async function abort(context: ToolContext, admin: Admin, given: Arguments): Promise<void> {
  const partition = partitionOf(given);
  const startOffset = given.number('start-offset');
  const producer =
    startOffset === undefined
      ? namedProducer(context, given)
      : await openProducer(context, admin, partition, startOffset);
  const { producerId, producerEpoch, coordinatorEpoch } = producer;
  const text = `AbortTransactionSpec(topicPartition=${partitionName(partition)}, producerId=${producerId}, producerEpoch=${producerEpoch}, coordinatorEpoch=${coordinatorEpoch})`;
  const aborting = admin.transactions.abort({ ...partition, ...producer });
  await attempt(context, `Failed to abort transaction ${text}`, aborting);
}

interface NamedProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
}

function namedProducer(context: ToolContext, given: Arguments): NamedProducer {
  const producerId = given.number('producer-id');
  if (producerId === undefined) {
    throw ended(
      context,
      'The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or with --producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)',
    );
  }
  const required = (name: string): number => {
    const value = given.number(name);
    if (value !== undefined) return value;
    throw ended(context, `Missing required argument --${name}`);
  };
  const producerEpoch = required('producer-epoch');
  // Brokers of that age count it from 0 and take -1 for none.
  return { producerId, producerEpoch, coordinatorEpoch: Math.max(0, required('coordinator-epoch')) };
}

async function openProducer(
  context: ToolContext,
  admin: Admin,
  partition: TopicPartition,
  startOffset: number,
): Promise<NamedProducer> {
  const problem = `Failed to validate producer state for partition ${partitionName(partition)}`;
  const [found] = await attempt(context, problem, admin.producers.describe(partition));
  const open = found!.producers.find(({ transactionStartOffset }) => transactionStartOffset === startOffset);
  if (open === undefined) {
    throw ended(
      context,
      `Could not find any open transactions starting at offset ${startOffset} on partition ${partitionName(partition)}`,
    );
  }
  const { producerId, producerEpoch, coordinatorEpoch = 0 } = open;
  return { producerId, producerEpoch, coordinatorEpoch };
}

const MINUTE_MS = 60_000;

async function findHanging(context: ToolContext, admin: Admin, given: Arguments): Promise<void> {
  const [brokerId, topic, partition] = [
    given.number('broker-id'),
    given.text('topic'),
    given.number('partition'),
  ];
  if (topic === undefined && brokerId === undefined) {
    throw ended(
      context,
      'The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search',
    );
  }
  if (partition !== undefined && topic === undefined)
    throw ended(context, 'The --partition argument requires --topic to be provided');
  const partitions =
    partition === undefined
      ? await partitionsToSearch(context, admin, topic, brokerId)
      : [{ topic: topic!, partition }];
  const search = admin.transactions.findHanging({
    partitions,
    olderThanMs: given.number('max-transaction-timeout')! * MINUTE_MS,
  });
  const asked = brokerId === undefined ? 'Optional.empty' : `Optional[${brokerId}]`;
  const problem = `Failed to describe producers for ${partitions.length} partitions on broker ${asked}`;
  const found = await attempt(context, problem, search);
  const headers = [
    ...['Topic', 'Partition', 'ProducerId', 'ProducerEpoch', 'CoordinatorEpoch', 'StartOffset'],
    ...['LastTimestamp', 'Duration(min)'],
  ];
  const nowMs = context.clock.wallMs();
  const rows = found.map((each) =>
    [
      ...[each.topic, each.partition, each.producerId, each.producerEpoch, each.coordinatorEpoch ?? -1],
      ...[each.startOffset, each.lastTimestampMs, Math.floor((nowMs - each.lastTimestampMs) / MINUTE_MS)],
    ].map(String),
  );
  tabbedTable(context, headers, rows);
}

async function partitionsToSearch(
  context: ToolContext,
  admin: Admin,
  topic: string | undefined,
  brokerId: number | undefined,
): Promise<TopicPartition[]> {
  const listed =
    topic === undefined
      ? await attempt(context, 'Failed to list topics', admin.topics.list({ includeInternal: true }))
      : [{ name: topic }];
  const names = listed.map(({ name }) => name);
  const problem = `Failed to describe ${names.length} topics`;
  const described = await attempt(context, problem, admin.topics.describe(names));
  return described.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ replicas }) => brokerId === undefined || replicas.includes(brokerId))
      .map(({ index }) => ({ topic: name, partition: index })),
  );
}

async function forceTerminateTransaction(
  context: ToolContext,
  admin: Admin,
  given: Arguments,
): Promise<void> {
  const transactionalId = given.text('transactionalId')!;
  const problem = `Failed to force terminate transactionalId \`${transactionalId}\``;
  await attempt(context, problem, admin.transactions.fence(transactionalId));
}

function partitionOf(given: Arguments): TopicPartition {
  return { topic: given.text('topic')!, partition: given.number('partition')! };
}

function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
