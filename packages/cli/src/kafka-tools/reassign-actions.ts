// What kafka-reassign-partitions does, and the lines it writes.

import type { Admin, Replica, ReplicaLogDir, TopicDescription, TopicPartition } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { eachOutcome, JavaError, javaMessage } from './java-errors.ts';
import type { ToolContext } from './kafka-tool.ts';
import { placeReplicas } from './reassign-placement.ts';
import {
  brokersIn,
  checkPlan,
  inOrder,
  nameOf,
  notThere,
  type PlannedPartition,
  type PlannedReplica,
  planText,
  readPlan,
  readTopics,
  replicaName,
} from './reassign-plan.ts';
import { clearThrottles, throttleBrokers, throttleDirs } from './reassign-throttles.ts';
import { commandProblem } from './tool-json.ts';
import type { ToolOptions } from './tool-options.ts';

export interface ReassignWorld {
  readonly admin: Admin;
  readonly options: ToolOptions;
  readonly context: ToolContext;
}

type Action = (world: ReassignWorld) => Promise<void>;

export const actions: Readonly<Record<'generate' | 'execute' | 'verify' | 'cancel' | 'list', Action>> = {
  async list({ admin, context }) {
    const moves = inOrder(await admin.reassignments.list());
    const lines = moves.map(({ replicas, addingReplicas, removingReplicas, ...partition }) => {
      const adding = addingReplicas.length === 0 ? '' : ` adding: ${addingReplicas.join(',')}.`;
      const removing = removingReplicas.length === 0 ? '' : ` removing: ${removingReplicas.join(',')}.`;
      return `${nameOf(partition)}: replicas: ${replicas.join(',')}.${adding}${removing}`;
    });
    context.out(
      lines.length === 0
        ? 'No partition reassignments found.'
        : ['Current partition reassignments:', ...lines].join('\n'),
    );
  },

  async generate(world) {
    const { admin, options, context } = world;
    const asked = new Set(brokersIn(options.get('broker-list')!));
    const topics = await readTopics(context, options.get('topics-to-move-json-file')!);
    const current = partitionsOf(await topicsNamed(admin, topics));
    const paths = await pathsOf(admin, current);
    const { brokers } = await admin.cluster.describe();
    const usable = brokers.filter(({ id }) => asked.has(id));
    const proposed = placeReplicas(current, usable, { isRackAware: !options.has('disable-rack-aware') });
    context.out(`Current partition replica assignment\n${planText(current, paths)}\n`);
    context.out(`Proposed partition reassignment configuration\n${planText(proposed)}`);
  },

  async execute(world) {
    const { admin, options, context } = world;
    const plan = await readPlan(context, options.get('reassignment-json-file')!);
    checkPlan(plan);
    const ongoing = await admin.reassignments.list();
    if (!options.has('additional') && ongoing.length > 0) throw terse(EXISTING);
    await checkBrokers(admin, plan.partitions);
    const current = await currentPartitions(admin, plan.partitions);
    const text = planText(current, await pathsOf(admin, current));
    context.out(
      `Current partition replica assignment\n\n${text}\n\nSave this to use as the --reassignment-json-file option during rollback`,
    );
    const rate = options.number('throttle')!;
    const dirRate = options.number('replica-alter-log-dirs-throttle')!;
    if (rate >= 0 || dirRate >= 0) context.out(VERIFY);
    if (rate >= 0) {
      const places = new Map(current.map((partition) => [nameOf(partition), partition.replicas]));
      await throttleBrokers(world, rate, { ongoing, proposed: plan.partitions, current: places });
    }
    if (dirRate >= 0)
      await throttleDirs(world, dirRate, new Set(plan.replicas.map(({ brokerId }) => brokerId)));
    const outcomes = await eachOutcome(plan.partitions.length, () =>
      admin.reassignments.alter(plan.partitions, {
        keepReplicationFactor: options.has('disallow-replication-factor-change'),
      }),
    );
    const errors = failuresOf(plan.partitions, outcomes);
    if (errors.length > 0) throw terse(['Error reassigning partition(s):', ...errors].join('\n'));
    const count = plan.partitions.length;
    context.out(
      `Successfully started partition reassignment${count === 1 ? '' : 's'} for ${namesOf(plan.partitions)}`,
    );
    if (plan.replicas.length > 0) await moveReplicas(world, plan.replicas);
  },

  async verify(world) {
    const { admin, options, context } = world;
    const plan = await readPlan(context, options.get('reassignment-json-file')!);
    const ongoing = new Set((await admin.reassignments.list()).map(nameOf));
    context.out((await partitionStates(admin, plan.partitions, ongoing)).join('\n'));
    const moves = await moveStates(admin, plan.replicas);
    context.out(moves.map(moveText).join('\n'));
    const isDone =
      ongoing.size === 0 && moves.every(({ kind }) => kind === 'completed' || kind === 'cancelled');
    if (isDone && !options.has('preserve-throttles')) await clearThrottles(world, plan.partitions);
  },

  async cancel(world) {
    const { admin, options, context } = world;
    const plan = await readPlan(context, options.get('reassignment-json-file')!);
    const listed = await admin.reassignments.list({ partitions: plan.partitions });
    const active = listed.filter(
      ({ addingReplicas, removingReplicas }) => addingReplicas.length + removingReplicas.length > 0,
    );
    if (active.length > 0) {
      const plural = active.length === 1 ? '' : 's';
      const outcomes = await eachOutcome(active.length, () => admin.reassignments.cancel(active));
      const errors = failuresOf(active, outcomes);
      if (errors.length > 0)
        throw terse([`Error cancelling partition reassignment${plural} for:`, ...errors].join('\n'));
      context.out(`Successfully cancelled partition reassignment${plural} for: ${namesOf(active)}`);
    } else {
      context.out('None of the specified partition reassignments are active.');
    }
    const moving = (await moveStates(admin, plan.replicas)).filter(({ kind }) => kind === 'active');
    // Kafka's tool ends no line here.
    if (moving.length === 0) context.stdout.write('None of the specified partition moves are active.');
    else
      await moveReplicas(
        world,
        moving.map(({ replica, current }) => ({ ...replica, path: current })),
      );
    if (!options.has('preserve-throttles')) await clearThrottles(world, plan.partitions);
  },
};

const EXISTING =
  'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.';
const VERIFY =
  'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.';
const BETWEEN_TRIES_MS = 100;

/** Told without its name. */
function terse(message: string): JavaError {
  return new JavaError('org.apache.kafka.tools.TerseException', message);
}

function namesOf(partitions: readonly TopicPartition[]): string {
  return inOrder(partitions).map(nameOf).join(',');
}

function failuresOf(partitions: readonly TopicPartition[], outcomes: readonly unknown[]): string[] {
  const failed = partitions.flatMap((partition, index) => {
    const outcome = outcomes[index];
    return outcome instanceof KafkaError ? [{ ...partition, error: outcome }] : [];
  });
  return inOrder(failed).map((each) => `${nameOf(each)}: ${javaMessage(each.error)}`);
}

async function topicsNamed(admin: Admin, names: readonly string[]): Promise<TopicDescription[]> {
  const asked = [...new Set(names)];
  const outcomes = await eachOutcome(asked.length, () => admin.topics.describe(asked));
  return outcomes.map((outcome, index) => {
    if (!(outcome instanceof KafkaError)) return outcome!;
    throw outcome.code === 'UNKNOWN_TOPIC_OR_PARTITION'
      ? notThere(`Topic ${asked[index]} not found.`)
      : outcome;
  });
}

function partitionsOf(topics: readonly TopicDescription[]): PlannedPartition[] {
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ index, replicas }) => ({ topic: name, partition: index, replicas })),
  );
}

/** Where those of a plan are now. */
async function currentPartitions(
  admin: Admin,
  planned: readonly TopicPartition[],
): Promise<PlannedPartition[]> {
  const all = partitionsOf(
    await topicsNamed(
      admin,
      planned.map(({ topic }) => topic),
    ),
  );
  const wanted = new Set(planned.map(nameOf));
  const found = all.filter((partition) => wanted.has(nameOf(partition)));
  for (const partition of found) wanted.delete(nameOf(partition));
  if (wanted.size > 0) throw notThere(`Unable to find partition: ${[...wanted].join(', ')}`);
  return found;
}

async function checkBrokers(admin: Admin, partitions: readonly PlannedPartition[]): Promise<void> {
  const { brokers } = await admin.cluster.describe();
  const known = new Set(brokers.map(({ id }) => id));
  const unknown = partitions.flatMap(({ replicas }) => replicas).filter((id) => !known.has(id));
  if (unknown.length > 0) throw commandProblem(`Unknown broker id ${Math.min(...unknown)}`);
}

/** In which directories replicas are, by their names. */
async function pathsOf(admin: Admin, partitions: readonly PlannedPartition[]): Promise<Map<string, string>> {
  const replicas = partitions.flatMap(({ topic, partition, replicas }) =>
    replicas.map((brokerId): Replica => ({ topic, partition, brokerId })),
  );
  if (replicas.length === 0) return new Map();
  const found = await admin.logDirs.replicas(replicas);
  return new Map(
    found.flatMap(({ path, ...replica }) => (path === undefined ? [] : [[replicaName(replica), path]])),
  );
}

async function partitionStates(
  admin: Admin,
  partitions: readonly PlannedPartition[],
  ongoing: ReadonlySet<string>,
): Promise<string[]> {
  const names = [
    ...new Set(partitions.filter((each) => !ongoing.has(nameOf(each))).map(({ topic }) => topic)),
  ];
  const outcomes = await eachOutcome(names.length, () => admin.topics.describe(names));
  const topics = new Map(names.map((name, index) => [name, outcomes[index]]));
  const lines = inOrder(partitions).map((planned) => {
    const name = nameOf(planned);
    if (ongoing.has(name)) return `Reassignment of partition ${name} is still in progress.`;
    const topic = topics.get(planned.topic);
    if (topic instanceof KafkaError && topic.code !== 'UNKNOWN_TOPIC_OR_PARTITION') throw topic;
    const current = topic instanceof KafkaError ? undefined : topic?.partitions[planned.partition];
    const replicas = (current?.replicas ?? []).join(',');
    const wished = planned.replicas.join(',');
    if (replicas === wished) return `Reassignment of partition ${name} is completed.`;
    return `There is no active reassignment of partition ${name}, but replica set is ${replicas} rather than ${wished}.`;
  });
  return ['Status of partition reassignment:', ...lines];
}

interface MoveState {
  readonly kind: 'missing' | 'active' | 'completed' | 'cancelled';
  readonly replica: PlannedReplica;
  readonly current: string;
  readonly future: string | undefined;
}

/** How far replicas are that are to be in other directories. */
async function moveStates(admin: Admin, planned: readonly PlannedReplica[]): Promise<MoveState[]> {
  if (planned.length === 0) return [];
  const found = await admin.logDirs.replicas(planned);
  return inReplicaOrder(planned).map((replica) => {
    const place = found.find((each) => replicaName(each) === replicaName(replica));
    return {
      replica,
      current: place?.path ?? '',
      future: place?.futurePath,
      kind: kindOf(place, replica.path),
    };
  });
}

function kindOf(place: ReplicaLogDir | undefined, path: string): MoveState['kind'] {
  if (place?.path === undefined) return 'missing';
  if (place.futurePath !== undefined) return 'active';
  return place.path === path ? 'completed' : 'cancelled';
}

function moveText({ kind, replica, current, future }: MoveState): string {
  const { brokerId, path } = replica;
  const name = nameOf(replica);
  if (kind === 'missing')
    return `Partition ${name} is not found in any live log dir on broker ${brokerId}. There is likely an offline log directory on the broker.`;
  if (kind === 'completed') return `Reassignment of replica ${replicaName(replica)} completed successfully.`;
  if (kind === 'cancelled')
    return `Partition ${name} on broker ${brokerId} is not being moved from log dir ${current} to ${path}.`;
  if (future === path) return `Reassignment of replica ${replicaName(replica)} is still in progress.`;
  return `Partition ${name} on broker ${brokerId} is being moved to log dir ${future} instead of ${path}.`;
}

function inReplicaOrder<Item extends Replica>(replicas: readonly Item[]): Item[] {
  return inOrder(replicas).sort((left, right) => left.brokerId - right.brokerId);
}

/** Tries until all moves have begun: a replica may have to get to its broker first. */
async function moveReplicas(
  { admin, options, context }: ReassignWorld,
  replicas: readonly PlannedReplica[],
): Promise<void> {
  const { clock, timers } = context;
  const untilMs = clock.monotonicMs() + options.number('timeout')!;
  let pending = inReplicaOrder(replicas);
  for (;;) {
    const outcomes = await eachOutcome(pending.length, () => admin.logDirs.alter(pending));
    const left: PlannedReplica[] = [];
    for (const [index, replica] of pending.entries()) {
      const outcome = outcomes[index];
      if (!(outcome instanceof KafkaError)) {
        context.out(
          `Successfully started moving log directory to ${replica.path} for replica ${nameOf(replica)} with broker ${replica.brokerId} `,
        );
      } else if (outcome.code === 'REPLICA_NOT_AVAILABLE') {
        left.push(replica);
      } else {
        throw commandProblem(`Failed to alter dir for ${replicaName(replica)}`);
      }
    }
    pending = left;
    if (pending.length === 0) return;
    if (clock.monotonicMs() >= untilMs) {
      const plural = pending.length === 1 ? '' : 's';
      throw terse(
        `Timed out before log directory move${plural} could be started for: ${pending.map(replicaName).join(',')}`,
      );
    }
    await new Promise<void>((resolve) => void timers.after(BETWEEN_TRIES_MS, resolve));
  }
}
