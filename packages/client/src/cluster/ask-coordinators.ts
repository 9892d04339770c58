// Asks about many groups, or many transactional ids: one request per broker that coordinates some of them, again for those whose coordinator has moved or
// is not ready, until each has an answer.

import { ErrorCode } from '@moldau/protocol';
import { BrokerError, KafkaError, type KafkaErrorCode } from '../errors/kafka-error.ts';
import type { Limits } from '../network/waiting.ts';
import type { CallOptions, Cluster, Destination } from './cluster.ts';
import { COORDINATED, type CoordinatorType } from './coordinators.ts';

export interface CoordinatorQuestion<Answer> {
  readonly type: CoordinatorType;
  /** What the right is called that one needs for it. */
  readonly operation: string;
  /** Sends one request about keys of one coordinator; answers by key. */
  ask(
    keys: readonly string[],
    call: CallOptions & { readonly to: Destination },
    brokerId: number,
  ): Promise<ReadonlyMap<string, Answer>>;
}

/** After these another broker may be the coordinator. */
const MAY_BE_ELSEWHERE = new Set<KafkaErrorCode>([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'CONNECTION_FAILED',
  'CONNECTION_LOST',
  'TIMED_OUT',
]);

interface Outcome {
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

/** The answers by key; for what cannot be had, a KafkaError. Rejects when time is over. */
export async function askCoordinators<Answer extends Outcome>(
  cluster: Cluster,
  keys: readonly string[],
  options: CallOptions,
  { type, operation, ask }: CoordinatorQuestion<Answer>,
): Promise<Map<string, Answer | KafkaError>> {
  const results = new Map<string, Answer | KafkaError>();

  const attempt = async (limits: Limits): Promise<void> => {
    let passing: KafkaError | undefined;
    const failed = (key: string, error: KafkaError, brokerId?: number): void => {
      if (MAY_BE_ELSEWHERE.has(error.code)) cluster.coordinators.forget(type, key, brokerId);
      if (error.retriable) passing = error;
      else results.set(key, error);
    };
    const take = (key: string, answer: Answer | undefined, brokerId: number): void => {
      const errorCode = answer?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
      const resource = `${COORDINATED[type]} ${key}`;
      if (answer !== undefined && errorCode === ErrorCode.NONE) results.set(key, answer);
      else
        failed(
          key,
          new BrokerError(errorCode, { resource, operation, said: answer?.errorMessage }),
          brokerId,
        );
    };
    const left = keys.filter((key) => !results.has(key));
    const groups = await byCoordinator(cluster, type, left, limits, failed);
    await Promise.all(
      [...groups].map(async ([brokerId, group]) => {
        try {
          const timeoutMs = Math.max(1, limits.deadlineMs - cluster.ports.clock.monotonicMs());
          const to = { coordinatorOf: type, key: group[0]! };
          const answers = await ask(group, { to, timeoutMs, signal: limits.signal }, brokerId);
          for (const key of group) take(key, answers.get(key), brokerId);
        } catch (error) {
          if (!(error instanceof KafkaError)) throw error;
          for (const key of group) failed(key, error, brokerId);
        }
      }),
    );
    if (passing !== undefined) throw passing;
  };

  await cluster.retrying(options, attempt);
  return results;
}

async function byCoordinator(
  cluster: Cluster,
  type: CoordinatorType,
  keys: readonly string[],
  limits: Limits,
  failed: (key: string, error: KafkaError) => void,
): Promise<Map<number, string[]>> {
  const places = await Promise.all(
    keys.map(async (key) => {
      try {
        return { key, brokerId: (await cluster.coordinators.find(type, key, limits)).id };
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error;
        failed(key, error);
        return undefined;
      }
    }),
  );
  const groups = new Map<number, string[]>();
  for (const place of places) {
    if (place === undefined) continue;
    const group = groups.get(place.brokerId);
    if (group === undefined) groups.set(place.brokerId, [place.key]);
    else group.push(place.key);
  }
  return groups;
}
