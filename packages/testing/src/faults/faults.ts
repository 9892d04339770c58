// The faults that a test asks for, and what they mean for each request and each connection.

import { ErrorCode } from '@moldau/protocol';
import { apiByKey } from '@moldau/protocol/apis';
import { Fault, type MetRequest, type RequestFilter, RequestRule, type Verdict } from './fault.ts';
import type { CoordinatorKind, PosedCluster } from './posed-cluster.ts';
import { namesTopic } from './posing.ts';
import type { ProxiedRequest } from './proxied-request.ts';

/** Kafka's name of an error: 'NOT_LEADER_OR_FOLLOWER'. */
export type ErrorName = keyof typeof ErrorCode;

/** Which of the brokers; left out: all. */
export interface BrokerFilter {
  readonly broker?: number;
}

/** What the faults need of the proxy that they are in. */
export interface FaultyProxy {
  readonly cluster: PosedCluster;
  dropConnections(which: (connection: { broker: number; hasHoles: boolean }) => boolean): number;
  stopListening(broker: number): Promise<void>;
  listenAgain(broker: number): Promise<void>;
  /** Pending requests are judged again: they may be at the wrong broker now. */
  coordinatorMoved(): void;
}

interface State {
  readonly fault: Fault;
  readonly broker: number | undefined;
  readonly bytesPerSecond: number;
}

const LAST_API_KEY = 92;

export class Faults {
  readonly #proxy: FaultyProxy;
  readonly #rules = new Set<RequestRule>();
  readonly #slow = new Set<State>();
  readonly #silent = new Set<State>();
  readonly #others = new Set<Fault>();

  constructor(proxy: FaultyProxy) {
    this.#proxy = proxy;
  }

  /** Requests are answered with an error, and the broker never sees them. A code by Kafka's name of it. */
  error(options: RequestFilter & { readonly api: string; readonly code: ErrorName }): Fault {
    const code = ErrorCode[options.code];
    if (code === undefined) throw new Error(`there is no error ${options.code}: take one of Kafka's names`);
    const { topic, partition } = options;
    return this.#rule(options, (verdict) => {
      verdict.failure ??= { code, topic, partition };
    });
  }

  /** Requests come to the broker late, or with `where: 'answer'` their answers to the client; what follows on the connection waits too. */
  delay(options: RequestFilter & { readonly ms: number; readonly where?: 'request' | 'answer' }): Fault {
    return this.#rule(options, (verdict) => {
      if (options.where === 'answer') verdict.answerDelayMs += options.ms;
      else verdict.requestDelayMs += options.ms;
    });
  }

  /**
   * The connection ends at a request: 'before' the broker has it, or 'after' it has done what was asked for, so that only the answer is lost. With
   * `afterBytes` so many bytes of the request, or of the answer, still get through.
   */
  drop(options: RequestFilter & { readonly when: 'before' | 'after'; readonly afterBytes?: number }): Fault {
    const { when, afterBytes = 0 } = options;
    return this.#rule(options, (verdict) => {
      verdict.cut ??= { when, afterBytes };
    });
  }

  /** Ends the connections that there are. Returns how many. */
  dropAll({ broker }: BrokerFilter = {}): number {
    return this.#proxy.dropConnections((connection) => (broker ?? connection.broker) === connection.broker);
  }

  /** New connections are refused, and those that there are end unless told otherwise. Resolves when that is so. */
  async refuse({
    broker,
    keepConnections = false,
  }: BrokerFilter & { keepConnections?: boolean } = {}): Promise<Fault> {
    const brokers = this.#ids(broker);
    const fault = this.#other(async () => {
      await Promise.all(brokers.map((id) => this.#proxy.listenAgain(id)));
    });
    await Promise.all(brokers.map((id) => this.#proxy.stopListening(id)));
    if (!keepConnections) for (const id of brokers) this.dropAll({ broker: id });
    return fault;
  }

  /** Half-open: connections are taken and stay, and nothing comes through in either direction. When it is lifted, those that lost bytes end. */
  silence({ broker }: BrokerFilter = {}): Fault {
    const state: State = {
      fault: new Fault(() => {
        this.#silent.delete(state);
        this.#proxy.dropConnections(({ hasHoles }) => hasHoles);
      }),
      ...{ broker, bytesPerSecond: 0 },
    };
    this.#silent.add(state);
    return state.fault;
  }

  /** Each direction of each connection passes so many bytes a second. */
  slow({ bytesPerSecond, broker }: BrokerFilter & { readonly bytesPerSecond: number }): Fault {
    const state: State = { fault: new Fault(() => this.#slow.delete(state)), broker, bytesPerSecond };
    this.#slow.add(state);
    return state.fault;
  }

  /** Another broker leads the partition from now on; lifted, the former one does again. Met when a client is told. */
  moveLeader({ topic, partition, to }: { topic: string; partition: number; to?: number }): Fault {
    const { cluster } = this.#proxy;
    const from = cluster.leaderOf(topic, partition);
    const fault = this.#other(() => cluster.moveLeader(topic, partition, from));
    cluster.moveLeader(topic, partition, this.#next(from, to), fault);
    return fault;
  }

  /** Another broker coordinates the group or the transactional id; lifted, the former one does again. Met when a client is told. */
  moveCoordinator(of: ({ group: string } | { transactionalId: string }) & { to?: number }): Fault {
    const { cluster } = this.#proxy;
    const [kind, key]: [CoordinatorKind, string] =
      'group' in of ? ['group', of.group] : ['transaction', of.transactionalId];
    const from = cluster.coordinatorOf(kind, key);
    const fault = this.#other(() => {
      cluster.moveCoordinator(kind, key, from);
      this.#proxy.coordinatorMoved();
    });
    cluster.moveCoordinator(kind, key, this.#next(from, of.to), fault);
    this.#proxy.coordinatorMoved();
    return fault;
  }

  /** Lifts all faults. Connections that were dropped stay so, and what was moved goes back. Resolves as each fault's lift() does. */
  lift(): Promise<void> {
    const those = [...this.#rules, ...this.#slow, ...this.#silent].map(({ fault }) => fault);
    const lifted = Promise.all([...those, ...this.#others].map((fault) => fault.lift())).then(() => {});
    lifted.catch(() => {});
    return lifted;
  }

  /** What is to be done to a request. */
  judge(request: ProxiedRequest): Verdict {
    const verdict: Verdict = { requestDelayMs: 0, answerDelayMs: 0, failure: undefined, cut: undefined };
    for (const rule of this.#rules) if (rule.judge(request, verdict)) this.#rules.delete(rule);
    return verdict;
  }

  bytesPerSecond(broker: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const state of this.#slow) {
      if ((state.broker ?? broker) !== broker) continue;
      least = Math.min(least, state.bytesPerSecond);
      state.fault.meet(unknownRequest(broker));
    }
    return least;
  }

  swallows(broker: number): boolean {
    let isSilent = false;
    for (const state of this.#silent) {
      if ((state.broker ?? broker) !== broker) continue;
      isSilent = true;
      state.fault.meet(unknownRequest(broker));
    }
    return isSilent;
  }

  #rule(filter: RequestFilter, apply: (verdict: Verdict) => void): Fault {
    if (filter.api !== undefined) checkApi(filter.api);
    const rule: RequestRule = new RequestRule({
      ...{ filter, apply },
      names: (request, topic, partition) => namesTopic(this.#proxy.cluster, request, topic, partition),
      onLifted: () => this.#rules.delete(rule),
    });
    this.#rules.add(rule);
    return rule.fault;
  }

  #other(onLifted: () => unknown): Fault {
    // One that cannot be lifted stays, so that somebody hears of it.
    const fault = new Fault(async () => {
      await onLifted();
      this.#others.delete(fault);
    });
    this.#others.add(fault);
    return fault;
  }

  #ids(broker: number | undefined): number[] {
    const { cluster } = this.#proxy;
    return broker === undefined ? cluster.brokers.map(({ id }) => id) : [cluster.broker(broker).id];
  }

  #next(from: number, to: number | undefined): number {
    const { cluster } = this.#proxy;
    const count = cluster.brokers.length;
    if (count < 2) throw new Error('there is one broker, so nothing can move: start with { brokers: 2 }');
    return cluster.broker(to ?? (from % count) + 1).id;
  }
}

/** For faults that are of bytes, not of requests. */
function unknownRequest(broker: number): MetRequest {
  return { api: '', version: -1, clientId: null, broker, bytes: 0 };
}

function checkApi(name: string): void {
  const names = Array.from({ length: LAST_API_KEY + 1 }, (_, key) =>
    apiByKey(key)?.request.name.replace(/Request$/, ''),
  );
  if (names.includes(name)) return;
  const meant = names.find((known) => known?.toLowerCase() === name.toLowerCase());
  throw new Error(`there is no API ${name}${meant === undefined ? '' : `: ${meant} is meant`}`);
}
