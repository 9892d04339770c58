// Asks the cluster for what the checks look at. It changes nothing. What one may not ask, or what does not answer, is left out and told of.

import type { Admin, ConfigDescription } from '@moldau/client';
import { KafkaError, PartialFailureError } from '@moldau/client/admin';
import type { Clock, Timers } from '@moldau/io';
import type { BrokerFacts, Facts, TopicFacts } from './facts.ts';
import { lookAtClocks } from './gather-clocks.ts';
import { groupFacts, lookAtGroups } from './gather-groups.ts';

export interface GatherOptions {
  readonly admin: Admin;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** How long one broker may take. */
  readonly timeoutMs: number;
  /** From the first look at groups and clocks to the second. */
  readonly lookForMs: number;
  /** Told of what could not be asked. */
  readonly missed: (what: string, error: KafkaError) => void;
}

type Gathered = Omit<Facts, 'clientMaxRequestBytes' | 'wayIn' | 'machine'>;

/** @throws KafkaError when no broker can be talked to */
export async function gather(options: GatherOptions): Promise<Gathered> {
  const { admin, clock, timers, signal, timeoutMs, lookForMs } = options;
  const { brokers: known } = await admin.cluster.describe({ signal, timeoutMs });
  const [brokers, topics] = await Promise.all([
    Promise.all(known.map((broker) => brokerFacts(broker, options))),
    topicFacts(options),
  ]);
  // Nobody is there to be asked more: what follows would only wait for them.
  if (brokers.every(({ error }) => error !== undefined))
    return { brokers, topics, groups: [], clocks: [], nowMs: clock.wallMs(), lookedForMs: 0 };
  const look = async () => {
    const [groups, clocks] = await Promise.all([lookAtGroups(options), lookAtClocks(topics, options)]);
    return { groups, clocks, nowMs: clock.wallMs(), atMs: clock.monotonicMs() };
  };
  const first = await look();
  const isWorthwhile = lookForMs > 0 && (first.groups.length > 0 || first.clocks.size > 0);
  if (isWorthwhile) await pause(lookForMs, timers, signal);
  const second = isWorthwhile ? await look() : first;
  return {
    ...{ brokers, topics, nowMs: second.nowMs },
    lookedForMs: second.atMs - first.atMs,
    groups: await groupFacts(first.groups, second.groups, topics, options),
    clocks: [...second.clocks.values()].map(({ end, ...newest }) => {
      const before = first.clocks.get(newest.topic)?.end;
      return { ...newest, writtenAfterMs: before !== undefined && end > before ? first.nowMs : undefined };
    }),
  };
}

function pause(ms: number, timers: Timers, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = timers.after(ms, resolve);
    signal.addEventListener('abort', () => {
      timer.cancel();
      reject(signal.reason);
    });
  });
}

/** Undefined, and told of, when it is refused or does not answer. */
export async function attempt<Value>(
  what: string,
  { missed }: Pick<GatherOptions, 'missed'>,
  ask: () => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    missed(what, error);
    return undefined;
  }
}

/** What came of those that could be asked. */
export function whole<Value>(error: unknown): Value[] {
  if (!(error instanceof PartialFailureError)) throw error;
  return error.results.filter((result): result is Value => !(result instanceof Error));
}

async function brokerFacts(
  { id, host, port }: { readonly id: number; readonly host: string; readonly port: number },
  { admin, signal, timeoutMs, missed }: GatherOptions,
): Promise<BrokerFacts> {
  const call = { signal, timeoutMs };
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const facts = { id, address, error: undefined, configs: new Map(), logDirs: [], apis: undefined };
  let apis: BrokerFacts['apis'];
  try {
    // It is allowed to everybody, so its failure means that the broker cannot be reached.
    const [versions] = await admin.cluster.apiVersions({ ...call, brokerIds: [id] });
    apis = new Map(versions!.apis.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]));
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    return { ...facts, error: isKafka(error.cause) ? error.cause : error };
  }
  const ask = <Value>(what: string, question: () => Promise<Value>) =>
    attempt(`${what} of broker ${id}`, { missed }, question);
  const [config, logDirs] = await Promise.all([
    ask('the configuration', () => admin.configs.describe({ type: 'broker', name: String(id) }, call)),
    ask('the log dirs', () => admin.logDirs.describe({ ...call, brokerIds: [id] })),
  ]);
  return {
    ...facts,
    apis,
    configs: new Map([...(config?.[0]?.entries ?? [])].map(([name, { value }]) => [name, value])),
    logDirs: (logDirs ?? []).map(({ path, error, totalBytes, usableBytes }) => ({
      ...{ path, totalBytes, usableBytes },
      error: error?.message,
    })),
  };
}

function isKafka(error: unknown): error is KafkaError {
  return error instanceof KafkaError;
}

const TOPIC_KEYS = [
  ...['min.insync.replicas', 'max.message.bytes', 'retention.ms', 'retention.bytes', 'cleanup.policy'],
  'message.timestamp.type',
];

async function topicFacts(options: GatherOptions): Promise<TopicFacts[]> {
  const { admin, signal } = options;
  const listed = await admin.topics.list({ includeInternal: true, signal });
  const names = listed.map(({ name }) => name);
  const [described, configs] = await Promise.all([
    admin.topics
      .describe(names, { signal })
      .catch(whole<Awaited<ReturnType<Admin['topics']['describe']>>[number]>),
    attempt('the settings of topics', options, () =>
      admin.configs
        .describe(
          names.map((name) => ({ type: 'topic', name })),
          { signal, keys: TOPIC_KEYS },
        )
        .catch(whole<ConfigDescription>),
    ),
  ]);
  const entriesOf = new Map((configs ?? []).map(({ resource, entries }) => [resource.name, entries]));
  return described.map(({ name, isInternal, partitions }) => ({
    ...{ name, isInternal, partitions },
    configs: entriesOf.get(name) ?? new Map(),
  }));
}
