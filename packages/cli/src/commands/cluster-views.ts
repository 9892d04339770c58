// `moldau cluster info`, `brokers`, `features`, `quorum` and `api-versions`

import type { FeaturesDescription, QuorumReplica } from '@moldau/client';
import type { CommandArguments, CommandContext, CommandOptions } from '../command-line/command.ts';
import { formatFields } from '../output/table.ts';

export async function info({ admin, output, signal }: CommandContext): Promise<void> {
  const [cluster, listed, features] = await Promise.all([
    admin.cluster.describe({ signal }),
    admin.topics.list({ includeInternal: true, signal }),
    admin.features.describe({ signal }),
  ]);
  const topics = await admin.topics.describe(
    listed.map(({ name }) => name),
    { signal },
  );
  const partitions = topics.flatMap(({ partitions }) => partitions);
  const data = {
    clusterId: cluster.clusterId ?? null,
    controller: cluster.controllerId ?? null,
    brokers: cluster.brokers.map(({ id, host, port }) => ({ id, host, port })),
    metadataVersion: features.finalized.get('metadata.version')?.maxLevel ?? null,
    ...{ topics: topics.length, partitions: partitions.length },
    leaderless: partitions.filter(({ leaderId }) => leaderId === undefined).length,
    underReplicated: partitions.filter(
      ({ replicas, inSyncReplicas }) => inSyncReplicas.length < replicas.length,
    ).length,
  };
  await output.thing(data, () =>
    formatFields([
      ['Cluster', data.clusterId],
      ['Brokers', data.brokers.map(({ id, host, port }) => `${id} (${host}:${port})`).join(', ')],
      ['Controller', data.controller],
      ['Metadata version', data.metadataVersion],
      ['Topics', data.topics],
      ['Partitions', data.partitions],
      ['Without a leader', data.leaderless],
      ['Under-replicated', data.underReplicated],
    ]),
  );
}

export async function brokers(
  { admin, output, signal }: CommandContext,
  _args: CommandArguments,
  { fenced }: CommandOptions,
): Promise<void> {
  const { brokers, controllerId } = await admin.cluster.describe({
    signal,
    ...(fenced === true && { includeFencedBrokers: true }),
  });
  await output.rows(
    [
      { title: 'id', show: ({ id }) => id, isNumber: true },
      { title: 'host', show: ({ host }) => host },
      { title: 'port', show: ({ port }) => port, isNumber: true },
      { title: 'rack', show: ({ rack }) => rack },
      { title: 'controller', show: ({ controller }) => (controller ? 'yes' : 'no') },
      ...(fenced === true
        ? [{ title: 'fenced', show: (row: { fenced: boolean }) => (row.fenced ? 'yes' : 'no') }]
        : []),
    ],
    brokers.map(({ id, host, port, rack, isFenced }) => ({
      ...{ id, host, port, rack: rack ?? null, controller: id === controllerId, fenced: isFenced },
    })),
  );
}

export async function features({ admin, output, signal }: CommandContext): Promise<void> {
  const described = await admin.features.describe({ signal });
  await output.rows(
    [
      { title: 'feature', show: ({ feature }) => feature },
      { title: 'level', show: ({ level }) => level, isNumber: true },
      { title: 'possible', show: ({ minLevel, maxLevel }) => `${minLevel}-${maxLevel}` },
    ],
    featureRows(described),
  );
}

function featureRows({ finalized, supported }: FeaturesDescription) {
  return [...supported]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([feature, { minLevel, maxLevel }]) => ({
      ...{ feature, level: finalized.get(feature)?.maxLevel ?? 0, minLevel, maxLevel },
    }));
}

export async function quorum({ admin, output, signal }: CommandContext): Promise<void> {
  const { leaderId, leaderEpoch, highWatermark, ...replicas } = await admin.quorum.describe({ signal });
  const end = Math.max(
    ...[...replicas.voters, ...replicas.observers].map(({ logEndOffset }) => logEndOffset),
  );
  const rowOf = (replica: QuorumReplica, votes: boolean) => ({
    ...{ id: replica.id, role: replica.id === leaderId ? 'leader' : votes ? 'voter' : 'observer' },
    ...{ logEndOffset: replica.logEndOffset, lag: Math.max(0, end - replica.logEndOffset) },
    lastFetchMs: replica.lastFetchMs ?? null,
    lastCaughtUpMs: replica.lastCaughtUpMs ?? null,
    directoryId: replica.directoryId ?? null,
  });
  const rows = [
    ...replicas.voters.map((voter) => rowOf(voter, true)),
    ...replicas.observers.map((observer) => rowOf(observer, false)),
  ];
  if (!output.isForPeople)
    return await output.data({ leader: leaderId, leaderEpoch, highWatermark, replicas: rows });
  await output.rows(
    [
      { title: 'id', show: ({ id }) => id, isNumber: true },
      { title: 'role', show: ({ role }) => role },
      { title: 'end', show: ({ logEndOffset }) => logEndOffset, isNumber: true },
      { title: 'lag', show: ({ lag }) => lag, isNumber: true },
      { title: 'directory', show: ({ directoryId }) => directoryId, isWide: true },
    ],
    rows,
  );
}

export async function apiVersions(
  { admin, output, signal }: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { broker } = options as { broker?: readonly number[] };
  const { apis } = await import('@moldau/protocol/apis');
  const names = new Map(apis.map(({ key, name }) => [key, name]));
  const answers = await admin.cluster.apiVersions({ signal, ...(broker && { brokerIds: broker }) });
  await output.rows(
    [
      { title: 'broker', show: ({ broker }) => broker, isNumber: true },
      { title: 'key', show: ({ key }) => key, isNumber: true },
      { title: 'api', show: ({ api }) => api },
      { title: 'versions', show: (row) => `${row.minVersion}-${row.maxVersion}` },
    ],
    answers.flatMap(({ brokerId, apis }) =>
      apis.map(({ apiKey, minVersion, maxVersion }) => ({
        ...{ broker: brokerId, key: apiKey, api: names.get(apiKey) ?? null, minVersion, maxVersion },
      })),
    ),
  );
}
