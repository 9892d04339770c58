// What becomes of one request: what the broker gets of it, and how the answer to the client comes about.

import { ErrorCode, type FetchRequest, type FetchResponse, type ProduceRequest } from '@moldau/protocol';
import type { Verdict } from './fault.ts';
import { type FetchSessions, refuseFetched } from './fetch-parts.ts';
import { isByPartition, type Part, partsOf, refusalOf, withParts, withRefusals } from './partition-parts.ts';
import type { PosedCluster } from './posed-cluster.ts';
import {
  amendment,
  currentLeader,
  isElsewhere,
  isForOtherCoordinator,
  nodeEndpoints,
  withBrokerEpochs,
} from './posing.ts';
import type { ProxiedRequest } from './proxied-request.ts';

const FAULT = 'a fault that the test asked for';
/** Errors of a Fetch that are not of single partitions. */
const SESSION_ERRORS = new Set<number>([
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
]);

export interface Plan {
  /** What the broker gets; undefined: nothing. */
  readonly forward: readonly Uint8Array[] | undefined;
  /** When the broker gets nothing: the answer; undefined: the connection ends. */
  readonly answer?: object | undefined;
  /** Changes the broker's answer; may return undefined to leave it as it is. */
  readonly amend?: ((answer: object) => object | undefined) | undefined;
}

export class Planner {
  readonly #cluster: PosedCluster;
  readonly #sessions: FetchSessions;

  constructor(cluster: PosedCluster, sessions: FetchSessions) {
    this.#cluster = cluster;
    this.#sessions = sessions;
  }

  plan(request: ProxiedRequest, failure: Verdict['failure']): Plan {
    const cluster = this.#cluster;
    const { apiKey, api, frame, isKnown } = request;
    if (!isKnown) return { forward: [frame] };
    const isOfFetch = api === 'Fetch' && !SESSION_ERRORS.has(failure?.code ?? ErrorCode.NONE);
    if (isOfFetch) return this.#planFetch(request, failure);
    const isWhole = failure?.topic === undefined || !isByPartition(apiKey);
    if (failure !== undefined && isWhole)
      return { forward: undefined, answer: refusalOf(apiKey, request.body, failure.code, FAULT) };
    if (isByPartition(apiKey)) return this.#planParts(request, failure);
    if (isForOtherCoordinator(cluster, request)) {
      const said = `broker ${request.broker} does not coordinate it`;
      return { forward: undefined, answer: refusalOf(apiKey, request.body, ErrorCode.NOT_COORDINATOR, said) };
    }
    return { forward: [frame], amend: amendment(request, cluster) };
  }

  /** What a client hears of a partition in place of what it asked for; NONE when it is served. */
  #refusal(request: ProxiedRequest, failure: Verdict['failure'], part: Part): number {
    const { topic, partition, code = ErrorCode.NONE } = failure ?? {};
    const isMeant =
      failure !== undefined &&
      (topic === undefined || topic === part.topic) &&
      (partition === undefined || partition === part.partition);
    if (isMeant) return code;
    return isElsewhere(this.#cluster, request.broker, part)
      ? ErrorCode.NOT_LEADER_OR_FOLLOWER
      : ErrorCode.NONE;
  }

  #planParts(request: ProxiedRequest, failure: Verdict['failure']): Plan {
    const cluster = this.#cluster;
    const { apiKey, body, api } = request;
    const names = (id: string) => cluster.topicName(id);
    const refusal = (part: Part) => this.#refusal(request, failure, part);
    const kept = withParts(apiKey, body, names, (part, fields) =>
      refusal(part) === ErrorCode.NONE
        ? typeof fields === 'object'
          ? withBrokerEpochs(cluster, part, fields as object)
          : fields
        : undefined,
    );
    const codes = new Set(
      partsOf(apiKey, body, names)
        .map(refusal)
        .filter((code) => code !== ErrorCode.NONE),
    );
    if (codes.size === 0) return { forward: request.withBody(kept.body) };
    this.#tellMoved(request, partsOf(apiKey, body, names));
    const refused = [...codes].map((code) => {
      const out = withParts(apiKey, body, names, (part, fields) =>
        refusal(part) === code ? fields : undefined,
      );
      const answer = refusalOf(apiKey, out.body, code, FAULT);
      return answer === undefined || api !== 'Produce' ? answer : this.#withLeaders(answer, code);
    });
    if (refused.includes(undefined)) return { forward: undefined };
    const merge = (answer: object): object =>
      refused.reduce<object>((merged, each) => withRefusals(apiKey, merged, each!), answer);
    if (kept.count > 0) return { forward: request.withBody(kept.body), amend: merge };
    const [first, ...more] = refused as object[];
    return {
      forward: undefined,
      answer: more.reduce((merged, each) => withRefusals(apiKey, merged, each), first!),
    };
  }

  #planFetch(request: ProxiedRequest, failure: Verdict['failure']): Plan {
    const cluster = this.#cluster;
    const body = request.body as FetchRequest;
    const { parts, keep } = this.#sessions.follow(body, cluster);
    const refusal = (part: Part) => this.#refusal(request, failure, part);
    const isRefused = parts.some((part) => refusal(part) !== ErrorCode.NONE);
    const names = (id: string) => cluster.topicName(id);
    const changed = withParts(request.apiKey, body, names, (part, fields) =>
      withBrokerEpochs(cluster, part, fields as object),
    ).body;
    return {
      // A refusal is told at once: there is no waiting for records then.
      forward: request.withBody(isRefused ? { ...changed, maxWaitMs: 0 } : changed),
      amend: (answer) => {
        keep?.(answer as FetchResponse);
        this.#tellMoved(request, parts);
        return refuseFetched(answer as FetchResponse, parts, cluster, refusal);
      },
    };
  }

  #withLeaders(answer: object, code: number): object {
    const cluster = this.#cluster;
    if (code !== ErrorCode.NOT_LEADER_OR_FOLLOWER) return answer;
    const { responses } = answer as {
      responses: { name: string; topicId: string; partitionResponses: { index: number }[] }[];
    };
    return {
      ...answer,
      nodeEndpoints: nodeEndpoints(cluster),
      responses: responses.map((topic) => {
        const name = topic.name === '' ? cluster.topicName(topic.topicId) : topic.name;
        const partitionResponses = topic.partitionResponses.map((part) =>
          name === undefined ? part : { ...part, currentLeader: currentLeader(cluster, name, part.index) },
        );
        return { ...topic, partitionResponses };
      }),
    };
  }

  #tellMoved(request: ProxiedRequest, parts: readonly Part[]): void {
    for (const part of parts) {
      if (part.topic === undefined || !isElsewhere(this.#cluster, request.broker, part)) continue;
      this.#cluster.leaderFault(part.topic, part.partition)?.meet(request.summary);
    }
  }
}

/** A Produce with acks=0 has no answer. */
export function isAnswered(request: ProxiedRequest): boolean {
  return !(request.api === 'Produce' && request.isKnown && (request.body as ProduceRequest).acks === 0);
}
