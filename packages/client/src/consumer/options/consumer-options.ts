// The options of a consumer, and what they come to: every one set, and found to make sense.

import { OptionsError } from '../../errors/kafka-error.ts';
import { clientProperties } from '../../options/client-properties.ts';
import { applyProperties, type Properties } from '../../options/properties.ts';
import { unknownOption } from '../../options/unknown-option.ts';
import type { FetchSettings, OffsetReset } from '../fetching/types.ts';
import type { AssignorName, PartitionAssignor } from '../groups/assignors/assignor.ts';
import type { GroupProtocol } from '../groups/types.ts';
import type { AssignmentListener } from '../processing/run-options.ts';
import type { StallReport } from '../watchdog/watchdog.ts';
import { consumerProperties } from './consumer-properties.ts';

export interface ConsumerOptions extends AssignmentListener {
  /** Members of a group share the partitions. Without one, assign() says what is read, and nothing is committed. */
  readonly groupId?: string | undefined;
  /** Makes it a static member: it keeps its partitions over a restart within the session timeout. */
  readonly instanceId?: string | undefined;
  /** Default 'auto': the consumer protocol (KIP-848) where the cluster offers it, else the classic one. */
  readonly groupProtocol?: GroupProtocol | undefined;
  /** For the classic protocol, the best first. Default range, then cooperative-sticky. */
  readonly assignors?: readonly (AssignorName | PartitionAssignor)[] | undefined;
  /** For the consumer protocol: 'uniform', 'range', or what the brokers have. Default: theirs. */
  readonly serverAssignor?: string | undefined;
  /** The group gives a member up that is not heard of for so long (classic protocol; else the broker says). Default 45 s. */
  readonly sessionTimeoutMs?: number | undefined;
  /** How often the group hears of this member (classic protocol; else the broker says). Default 3 s. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long a rebalance waits for this member, and the application may go without asking for records before others get its partitions. A handler that takes longer keeps them. Default 5 min. */
  readonly maxPollIntervalMs?: number | undefined;
  /** 'auto' (default): what is done is committed every autoCommitIntervalMs, before partitions go to others, and at the end. 'manual': commit() does. */
  readonly commit?: 'auto' | 'manual' | undefined;
  /** How often what is done is committed. Default 5 s. */
  readonly autoCommitIntervalMs?: number | undefined;
  /** How long what is in hands is awaited before partitions go to others, and at the end. Default 10 s. */
  readonly drainTimeoutMs?: number | undefined;
  /** Where to begin where nothing is committed, or what is is gone: 'earliest', 'latest', so far back ({ durationMs }), or 'none', which is an error. Default 'latest'. */
  readonly autoOffsetReset?: OffsetReset | undefined;
  /** 'read-committed' leaves out what transactions have not committed. Default 'read-uncommitted'. */
  readonly isolation?: 'read-uncommitted' | 'read-committed' | undefined;
  /** Replicas in the same rack are read from where the brokers say so, and assignors may look at it. */
  readonly rack?: string | undefined;
  /** A broker waits for so much, for at most fetchMaxWaitMs. Default 1 byte, 500 ms. */
  readonly fetchMinBytes?: number | undefined;
  readonly fetchMaxWaitMs?: number | undefined;
  /** Of one answer, and of one partition in it; a larger record comes nevertheless. Default 50 MiB, 1 MiB. */
  readonly fetchMaxBytes?: number | undefined;
  readonly partitionMaxBytes?: number | undefined;
  /** Of what was fetched and not asked for yet. Default 64 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Whether each batch is compared with its checksum. Default true. */
  readonly checkCrcs?: boolean | undefined;
  /** After so long without progress, of records that are there or of one in a handler, it is reported, and the consumer heals itself. 0: never. Default 1 min. */
  readonly stallTimeoutMs?: number | undefined;
  /** Told of each; the logger is as well. */
  readonly onStall?: ((report: StallReport) => void) | undefined;
  /** Closes the consumer: what is in hands is awaited and committed, loops end, run() resolves. */
  readonly signal?: AbortSignal | undefined;
  /** The same options by the names that Kafka and librdkafka have for them; options given by our names win. */
  readonly properties?: Properties | undefined;
}

/** Options with nothing left out. */
export interface ConsumerSettings extends Omit<FetchSettings, 'serdesOf'> {
  readonly groupId: string | undefined;
  readonly instanceId: string | undefined;
  readonly groupProtocol: GroupProtocol;
  readonly assignors: readonly (AssignorName | PartitionAssignor)[] | undefined;
  readonly serverAssignor: string | undefined;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly maxPollIntervalMs: number;
  readonly commit: 'auto' | 'manual';
  readonly autoCommitIntervalMs: number;
  readonly drainTimeoutMs: number;
  readonly stallTimeoutMs: number;
  readonly onStall: ((report: StallReport) => void) | undefined;
  readonly signal: AbortSignal | undefined;
  readonly listener: AssignmentListener;
}

/** With the least that makes sense. */
const NUMBERS = {
  sessionTimeoutMs: [45_000, 1],
  heartbeatIntervalMs: [3_000, 1],
  maxPollIntervalMs: [300_000, 1],
  autoCommitIntervalMs: [5_000, 1],
  drainTimeoutMs: [10_000, 0],
  fetchMinBytes: [1, 0],
  fetchMaxWaitMs: [500, 0],
  fetchMaxBytes: [50 * 1024 * 1024, 1],
  partitionMaxBytes: [1024 * 1024, 1],
  maxBufferedBytes: [64 * 1024 * 1024, 1],
  stallTimeoutMs: [60_000, 0],
} as const satisfies Record<string, readonly [defaultValue: number, least: number]>;

const CHOICES = {
  groupProtocol: ['auto', 'classic', 'consumer'],
  commit: ['auto', 'manual'],
  isolation: ['read-uncommitted', 'read-committed'],
} as const;

const NAMES = [
  ...Object.keys(NUMBERS),
  ...Object.keys(CHOICES),
  ...['groupId', 'instanceId', 'assignors', 'serverAssignor', 'autoOffsetReset', 'rack', 'checkCrcs'],
  ...['onStall', 'onAssign', 'onRevoke', 'onLost', 'signal', 'properties'],
];

/** @throws OptionsError with what is wrong and what would be right */
export function resolveConsumerOptions(options: ConsumerOptions): ConsumerSettings {
  for (const name of Object.keys(options))
    if (!NAMES.includes(name))
      throw new OptionsError(unknownOption(name, { who: 'A consumer', names: NAMES }));
  const { properties = {}, ...given } = options;
  const { onAssign, onRevoke, onLost, ...merged }: ConsumerOptions = {
    ...applyProperties(consumerProperties, properties, [clientProperties]),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, [defaultValue]]) => [name, defaultValue]),
  ) as Record<keyof typeof NUMBERS, number>;
  const settings: ConsumerSettings = {
    ...numbers,
    ...{ groupId: undefined, instanceId: undefined, assignors: undefined, serverAssignor: undefined },
    ...{ groupProtocol: 'auto', commit: 'auto', autoOffsetReset: 'latest', isolation: 'read-uncommitted' },
    ...{ rack: undefined, checkCrcs: true, onStall: undefined, signal: undefined },
    ...(merged as Partial<ConsumerSettings>),
    listener: {
      ...(onAssign === undefined ? {} : { onAssign }),
      ...(onRevoke === undefined ? {} : { onRevoke }),
      ...(onLost === undefined ? {} : { onLost }),
    },
  };
  check(settings);
  return settings;
}

function check(settings: ConsumerSettings): void {
  for (const [name, [, least]] of Object.entries(NUMBERS)) {
    const value = settings[name as keyof typeof NUMBERS];
    if (!Number.isSafeInteger(value) || value < least)
      throw new OptionsError(`${name} is ${value}, and must be a whole number from ${least} on.`);
  }
  for (const [name, choices] of Object.entries(CHOICES)) {
    const value = settings[name as keyof typeof CHOICES];
    if (!(choices as readonly string[]).includes(value))
      throw new OptionsError(`${name} is ${value}; it can be ${choices.join(', ')}.`);
  }
  if (settings.groupId === '')
    throw new OptionsError('groupId is empty: name a group, or leave it out and assign partitions.');
  if (settings.instanceId !== undefined && settings.groupId === undefined)
    throw new OptionsError(
      'instanceId makes a static member of a group, and there is no groupId: give both, or neither.',
    );
  checkReset(settings.autoOffsetReset);
  const { sessionTimeoutMs, heartbeatIntervalMs } = settings;
  if (heartbeatIntervalMs >= sessionTimeoutMs) {
    throw new OptionsError(
      `heartbeatIntervalMs is ${heartbeatIntervalMs}, and sessionTimeoutMs ${sessionTimeoutMs}: several heartbeats must fit into a session; a third of it is good.`,
    );
  }
}

function checkReset(reset: OffsetReset): void {
  const isDuration =
    typeof reset === 'object' && Number.isSafeInteger(reset.durationMs) && reset.durationMs >= 0;
  if (!isDuration && reset !== 'earliest' && reset !== 'latest' && reset !== 'none')
    throw new OptionsError(
      `autoOffsetReset is ${JSON.stringify(reset)}; it can be 'earliest', 'latest', 'none', or { durationMs: 3_600_000 } for the last hour.`,
    );
}
