// `moldau transactions list`, `describe`, `producers`, `hanging`, `abort` and `fence`

import type { TransactionState } from '@moldau/client';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { CommandError, UsageError } from '../command-line/errors.ts';
import { EXIT_CODES } from '../command-line/exit-codes.ts';
import { resultsOf } from '../command-line/several.ts';
import { topicPartitions } from '../command-line/values.ts';
import { timeText } from '../output/units.ts';
import { partitionsFound } from './cluster-names.ts';

export async function list(
  { admin, output, signal }: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { state, longerThan } = options as { state?: readonly TransactionState[]; longerThan?: number };
  const found = await admin.transactions.list({
    ...{ signal, ...(state && { states: state }) },
    ...(longerThan !== undefined && { minDurationMs: longerThan }),
  });
  await output.rows(
    [
      { title: 'transactional id', show: ({ transactionalId }) => transactionalId },
      { title: 'state', show: ({ state }) => state },
      { title: 'producer', show: ({ producerId }) => producerId, isNumber: true },
      { title: 'coordinator', show: ({ coordinator }) => coordinator, isNumber: true, isWide: true },
    ],
    found.map(({ transactionalId, state, producerId, coordinatorId }) => ({
      ...{ transactionalId, state, producerId, coordinator: coordinatorId },
    })),
  );
}

export async function describe(context: CommandContext, args: CommandArguments): Promise<void> {
  const { admin, output, signal } = context;
  const ids = manyArguments(args, 'id');
  const found = await resultsOf(context, admin.transactions.describe(ids, { signal }));
  await output.rows(
    [
      { title: 'transactional id', show: ({ transactionalId }) => transactionalId },
      { title: 'state', show: ({ state }) => state },
      { title: 'producer', show: ({ producerId }) => producerId, isNumber: true },
      { title: 'epoch', show: ({ producerEpoch }) => producerEpoch, isNumber: true },
      { title: 'since', show: ({ startedMs }) => (startedMs === null ? null : timeText(startedMs)) },
      { title: 'timeout ms', show: ({ timeoutMs }) => timeoutMs, isNumber: true },
      { title: 'coordinator', show: ({ coordinator }) => coordinator, isNumber: true, isWide: true },
      {
        title: 'partitions',
        show: ({ partitions }) => partitions.map(({ topic, partition }) => `${topic}:${partition}`).join(' '),
      },
    ],
    found.map(({ coordinatorId, startedMs, ...rest }) => ({
      ...{ ...rest, coordinator: coordinatorId, startedMs: startedMs ?? null },
    })),
  );
}

export async function producers(context: CommandContext, args: CommandArguments): Promise<void> {
  const { admin, output, signal } = context;
  const partitions = await partitionsFound(context, manyArguments(args, 'topic').map(topicPartitions));
  const found = await resultsOf(context, admin.producers.describe(partitions, { signal }));
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'producer', show: ({ producerId }) => producerId, isNumber: true },
      { title: 'epoch', show: ({ producerEpoch }) => producerEpoch, isNumber: true },
      { title: 'sequence', show: ({ lastSequence }) => lastSequence, isNumber: true },
      { title: 'last', show: ({ lastTimestampMs }) => timeText(lastTimestampMs) },
      {
        title: 'open since offset',
        show: ({ transactionStartOffset }) => transactionStartOffset,
        isNumber: true,
      },
    ],
    found.flatMap(({ topic, partition, producers }) =>
      producers.map(({ transactionStartOffset, coordinatorEpoch, ...rest }) => ({
        ...{ topic, partition, ...rest },
        coordinatorEpoch: coordinatorEpoch ?? null,
        transactionStartOffset: transactionStartOffset ?? null,
      })),
    ),
  );
}

export async function hanging(
  { admin, output, signal, exitCode }: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { olderThan } = options as { olderThan?: number };
  const topics = manyArguments(args, 'topic');
  const found = await admin.transactions.findHanging({
    ...{ signal, ...(topics.length > 0 && { topics }) },
    ...(olderThan !== undefined && { olderThanMs: olderThan }),
  });
  await output.rows(
    [
      { title: 'topic', show: ({ topic }) => topic },
      { title: 'partition', show: ({ partition }) => partition, isNumber: true },
      { title: 'start', show: ({ startOffset }) => startOffset, isNumber: true },
      { title: 'last', show: ({ lastTimestampMs }) => timeText(lastTimestampMs) },
      { title: 'producer', show: ({ producerId }) => producerId, isNumber: true },
      { title: 'epoch', show: ({ producerEpoch }) => producerEpoch, isNumber: true },
      { title: 'transactional id', show: ({ transactionalId }) => transactionalId },
    ],
    found.map(({ transactionalId, coordinatorEpoch, ...rest }) => ({
      ...{ ...rest, transactionalId: transactionalId ?? null, coordinatorEpoch: coordinatorEpoch ?? null },
    })),
  );
  if (found.length > 0) exitCode(EXIT_CODES.failed);
}

export async function abort(
  { admin, signal, isDryRun, tell, confirm }: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { start } = options as { start?: number };
  const { topic, partitions = [] } = topicPartitions(argument(args, 'topic')!);
  if (partitions.length !== 1 || start === undefined)
    throw new UsageError(
      'say which partition, as in orders:0, and where the transaction starts, with --start',
    );
  const place = { topic, partition: partitions[0]! };
  const [known] = await admin.producers.describe(place, { signal });
  const open = known!.producers.find(({ transactionStartOffset }) => transactionStartOffset === start);
  if (open === undefined)
    throw new CommandError(
      `no transaction that is open in ${topic}, partition ${place.partition}, starts at ${start}: \`moldau transactions producers ${topic}\` shows those that are`,
    );
  const { producerId, producerEpoch, coordinatorEpoch } = open;
  await confirm(`Abort the transaction of producer ${producerId} in ${topic}, partition ${place.partition}?`);
  if (isDryRun) return tell('nothing was aborted: this was a dry run');
  await admin.transactions.abort({ ...place, producerId, producerEpoch, coordinatorEpoch }, { signal });
  tell(`aborted in ${topic}, partition ${place.partition}`);
}

export async function fence(context: CommandContext, args: CommandArguments): Promise<void> {
  const { admin, output, signal, isDryRun, tell, confirm } = context;
  const ids = manyArguments(args, 'id');
  await confirm(`Shut out the producers of ${ids.join(', ')}?`);
  if (isDryRun) return tell('nobody was shut out: this was a dry run');
  const fenced = await resultsOf(context, admin.transactions.fence(ids, { signal }));
  await output.rows(
    [
      { title: 'transactional id', show: ({ transactionalId }) => transactionalId },
      { title: 'producer', show: ({ producerId }) => producerId, isNumber: true },
      { title: 'epoch', show: ({ producerEpoch }) => producerEpoch, isNumber: true },
    ],
    fenced,
  );
}
