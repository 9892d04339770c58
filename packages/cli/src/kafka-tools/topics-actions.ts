// What kafka-topics does, and the lines it writes.

import type {
  Admin,
  EligibleLeaders,
  ReassignmentDescription,
  TopicChoice,
  TopicDescription,
} from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { illegalArgument, JavaError } from './java-errors.ts';
import { split } from './java-text.ts';
import type { ToolContext } from './kafka-tool.ts';
import type { ToolOptions } from './tool-options.ts';
import { topicFilter } from './topic-filter.ts';

type Action = (admin: Admin, options: ToolOptions, context: ToolContext) => Promise<void>;

const MOST_REPLICAS = 32767;
/** In place of replicas that may lead though they are not in sync, where the broker does not tell of them. */
const NOT_TOLD = 'N/A';
const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA';

export const actions: Readonly<Record<'create' | 'alter' | 'list' | 'describe' | 'delete', Action>> = {
  async create(admin, options, context) {
    const name = options.get('topic')!;
    const partitions = options.number('partitions');
    const replicationFactor = options.number('replication-factor');
    const assignments = replicaAssignment(options);
    const configs = configsOf(options);
    if (/[._]/.test(name)) {
      context.out(
        "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.",
      );
    }
    if (replicationFactor !== undefined && (replicationFactor < 1 || replicationFactor > MOST_REPLICAS))
      throw illegalArgument(`The replication factor must be between 1 and ${MOST_REPLICAS} inclusive`);
    if (partitions !== undefined && partitions < 1)
      throw illegalArgument('The partitions must be greater than 0');
    try {
      await admin.topics.create({
        ...{ name, configs },
        ...(assignments === undefined ? {} : { assignments }),
        ...(partitions === undefined ? {} : { partitions }),
        ...(replicationFactor === undefined ? {} : { replicationFactor }),
      });
    } catch (error) {
      const isThere = error instanceof KafkaError && error.code === 'TOPIC_ALREADY_EXISTS';
      if (isThere && options.has('if-not-exists')) return;
      throw error;
    }
    context.out(`Created topic ${name}.`);
  },

  async list(admin, options, context) {
    context.out((await chosenTopics(admin, options)).join('\n'));
  },

  async alter(admin, options) {
    const assignments = replicaAssignment(options);
    const names = await chosenTopics(admin, options);
    mustBeThere(names, options);
    if (names.length === 0) return;
    const count = options.number('partitions')!;
    const described = await admin.topics.describe(names);
    await admin.topics.addPartitions(
      described.map(({ name, partitions }) => ({
        ...{ topic: name, count },
        ...(assignments === undefined ? {} : { assignments: assignments.slice(partitions.length) }),
      })),
    );
  },

  async delete(admin, options) {
    const names = await chosenTopics(admin, options);
    mustBeThere(names, options);
    await admin.topics.delete(names);
  },

  async describe(admin, options, context) {
    const choices = await choicesOf(admin, options);
    if (choices.length === 0) return;
    const described = await admin.topics.describe(choices);
    const names = described.map(({ name }) => name);
    const configs = await admin.configs.describe(names.map((name) => ({ type: 'topic', name })));
    const { brokers } = await admin.cluster.describe();
    const shown: Shown = {
      live: new Set(brokers.map(({ id }) => id)),
      reassignments: await reassignmentsOf(admin, described),
      eligible: isById(options) ? undefined : await eligibleLeaders(admin, names, options),
    };
    for (const [index, topic] of described.entries()) {
      const entries = [...configs[index]!.entries.values()];
      const own = entries.filter(({ isDefault }) => !isDefault);
      const isReport = REPORTS.some((report) => options.has(report));
      if (!isReport && (own.length > 0 || !options.has('topics-with-overrides')))
        context.out(topicLine(topic, own, shown));
      if (options.has('topics-with-overrides')) continue;
      const least = Number(entries.find(({ name }) => name === 'min.insync.replicas')?.value ?? 1);
      for (const line of partitionLines(topic, least, options, shown)) context.out(line);
    }
  },
};

const REPORTS = [
  'under-replicated-partitions',
  'unavailable-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
] as const;

interface Shown {
  readonly live: ReadonlySet<number>;
  /** By topic and partition. */
  readonly reassignments: ReadonlyMap<string, ReassignmentDescription>;
  /** By topic and partition; undefined: the broker does not tell, or was not asked. */
  readonly eligible: ReadonlyMap<string, EligibleLeaders> | undefined;
}

/** Names in order, of which --topic allows; regular expressions. */
async function chosenTopics(admin: Admin, options: ToolOptions): Promise<string[]> {
  const includeInternal = !options.has('exclude-internal');
  const topics = await admin.topics.list({ includeInternal });
  const filter = options.has('topic') ? topicFilter(options.get('topic')!) : () => true;
  return topics
    .map(({ name }) => name)
    .filter(filter)
    .sort();
}

function mustBeThere(names: readonly string[], options: ToolOptions): void {
  const topic = options.get('topic');
  if (topic && names.length === 0 && !options.has('if-exists'))
    throw illegalArgument(`Topic '${topic}' does not exist as expected`);
}

async function choicesOf(admin: Admin, options: ToolOptions): Promise<TopicChoice[]> {
  if (!isById(options)) {
    const names = await chosenTopics(admin, options);
    mustBeThere(names, options);
    return names;
  }
  const id = options.get('topic-id')!;
  checkId(id);
  const topics = await admin.topics.list({ includeInternal: !options.has('exclude-internal') });
  const found = topics.filter((topic) => topic.id === id);
  if (found.length === 0 && !options.has('if-exists'))
    throw illegalArgument(`TopicId '${id}' does not exist as expected`);
  return found.map(({ name }) => name);
}

const ID_BYTES = 16;

/** Uuid.fromString */
function checkId(id: string): void {
  if (id.length > 24)
    throw illegalArgument(
      `Input string with prefix \`${id.slice(0, 24)}\` is too long to be decoded as a base64 UUID`,
    );
  const strange = /[^\w-]/.exec(id.replace(/={1,2}$/, ''))?.[0];
  if (strange !== undefined)
    throw illegalArgument(`Illegal base64 character ${strange.charCodeAt(0).toString(16)}`);
  if (id.length === 1) throw illegalArgument('Input byte[] should at least have 2 bytes for base64 bytes');
  if (id.length % 4 === 1) throw illegalArgument('Last unit does not have enough valid bits');
  const { length } = Buffer.from(id, 'base64url');
  if (length !== ID_BYTES)
    throw illegalArgument(
      `Input string \`${id}\` decoded as ${length} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID`,
    );
}

function isById(options: ToolOptions): boolean {
  const id = options.get('topic-id');
  return id !== undefined && id !== NO_ID;
}

async function reassignmentsOf(
  admin: Admin,
  topics: readonly TopicDescription[],
): Promise<ReadonlyMap<string, ReassignmentDescription>> {
  const partitions = topics.flatMap(({ name, partitions }) =>
    partitions.map(({ index }) => ({ topic: name, partition: index })),
  );
  try {
    const moves = await admin.reassignments.list({ partitions });
    return new Map(moves.map((move) => [`${move.topic}-${move.partition}`, move]));
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    if (['UNSUPPORTED_VERSION', 'CLUSTER_AUTHORIZATION_FAILED'].includes(error.code)) return new Map();
    throw error;
  }
}

async function eligibleLeaders(
  admin: Admin,
  names: readonly string[],
  options: ToolOptions,
): Promise<ReadonlyMap<string, EligibleLeaders> | undefined> {
  const pageSize = options.number('partition-size-limit-per-response');
  try {
    const told = await admin.topics.eligibleLeaders(names, pageSize === undefined ? {} : { pageSize });
    return new Map(told.map((each) => [`${each.topic}-${each.partition}`, each]));
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'UNSUPPORTED_VERSION') return undefined;
    throw error;
  }
}

function topicLine(
  { name, id, partitions }: TopicDescription,
  own: readonly { readonly name: string; readonly value: string | null }[],
  shown: Shown,
): string {
  const settings = own.map((entry) => `${entry.name}=${entry.value}`).join(',');
  return [
    `Topic: ${name}`,
    ...(id === undefined ? [] : [`TopicId: ${id}`]),
    `PartitionCount: ${partitions.length}`,
    `ReplicationFactor: ${replicationFactor(name, partitions[0]!, shown)}`,
    `Configs: ${settings}`,
  ].join('\t');
}

type Partition = TopicDescription['partitions'][number];

/** Without the replicas that are there for a while only, as the partition moves. */
function replicationFactor(topic: string, { index, replicas }: Partition, { reassignments }: Shown): number {
  const move = reassignments.get(`${topic}-${index}`);
  const isMoving = [...(move?.addingReplicas ?? []), ...(move?.removingReplicas ?? [])].some((id) =>
    replicas.includes(id),
  );
  return move !== undefined && isMoving ? move.replicas.length - move.addingReplicas.length : replicas.length;
}

function partitionLines(
  { name, partitions }: TopicDescription,
  least: number,
  options: ToolOptions,
  shown: Shown,
): string[] {
  const isReport = REPORTS.some((report) => options.has(report));
  const tests: Readonly<Record<(typeof REPORTS)[number], (partition: Partition) => boolean>> = {
    'under-replicated-partitions': (partition) =>
      replicationFactor(name, partition, shown) > partition.inSyncReplicas.length,
    'unavailable-partitions': ({ leaderId }) => leaderId === undefined || !shown.live.has(leaderId),
    'under-min-isr-partitions': ({ leaderId, inSyncReplicas }) =>
      leaderId === undefined || inSyncReplicas.length < least,
    'at-min-isr-partitions': ({ inSyncReplicas }) => inSyncReplicas.length === least,
  };
  return partitions
    .filter((partition) => !isReport || REPORTS.some((each) => options.has(each) && tests[each](partition)))
    .map(({ index, leaderId, replicas, inSyncReplicas }) => {
      const move = shown.reassignments.get(`${name}-${index}`);
      const eligible = shown.eligible?.get(`${name}-${index}`);
      const moving =
        move === undefined
          ? []
          : [
              `Adding Replicas: ${move.addingReplicas.join(',')}`,
              `Removing Replicas: ${move.removingReplicas.join(',')}`,
            ];
      return [
        '',
        `Topic: ${name}`,
        `Partition: ${index}`,
        `Leader: ${leaderId ?? 'none'}`,
        `Replicas: ${replicas.join(',')}`,
        `Isr: ${inSyncReplicas.join(',')}`,
        ...moving,
        `Elr: ${eligible?.eligible.join(',') ?? NOT_TOLD}`,
        `LastKnownElr: ${eligible?.lastKnown.join(',') ?? NOT_TOLD}`,
      ].join('\t');
    });
}

function configsOf(options: ToolOptions): Record<string, string> {
  const configs: Record<string, string> = {};
  for (const text of options.all('config')) {
    const parts = text.split(/\s*=\s*/);
    if (parts.length !== 2 || parts[1] === '') {
      throw illegalArgument(
        'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
      );
    }
    configs[parts[0]!.trim()] = parts[1]!.trim();
  }
  return configs;
}

/** '1:2,2:3' as the brokers of two partitions. */
function replicaAssignment(options: ToolOptions): number[][] | undefined {
  const text = options.get('replica-assignment');
  if (!text) return undefined;
  const assignments: number[][] = [];
  for (const [index, part] of split(text, ',').entries()) {
    const brokers = split(part, ':').map((id) => integer(id.trim()));
    const twice = [...new Set(brokers.filter((id, at) => brokers.indexOf(id) !== at))];
    if (twice.length > 0) {
      throw new JavaError(
        'org.apache.kafka.tools.AdminCommandFailedException',
        `Partition replica lists may not contain duplicate entries: ${twice.join(',')}`,
      );
    }
    assignments.push(brokers);
    if (brokers.length !== assignments[0]!.length) {
      throw new JavaError(
        'org.apache.kafka.tools.AdminOperationException',
        `Partition ${index} has different replication factor: [${brokers.join(', ')}]`,
      );
    }
  }
  return assignments;
}

function integer(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new JavaError('java.lang.NumberFormatException', `For input string: "${text}"`);
}
