// What one API is: its messages, the versions served, and the function that answers it.
//
// A handler authorises, translates and delegates; it holds no state. Dispatch, the version check and the
// ApiVersions answer all come from the one array of handlers in handlers.ts.

import type { Clock, Logger, Network, Random, Timers } from '@moldau/io';
import type { LogManager } from '@moldau/log';
import type { MetadataImage } from '@moldau/metadata';
import type { Message } from '@moldau/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { TopicConfigs } from '../config/topic-settings.ts';
import type { Controller } from '../controller/controller.ts';
import type { GroupCoordinator } from '../coordinators/groups/group-coordinator.ts';
import type { ShareServices } from '../coordinators/share/share-services.ts';
import type { TransactionCoordinator } from '../coordinators/transactions/transaction-coordinator.ts';
import type { TransactionVerifier } from '../coordinators/transactions/transaction-verifier.ts';
import type { Figures } from '../monitoring/figures.ts';
import type { LogLevels } from '../monitoring/log-levels.ts';
import type { RequestContext } from '../network/request-context.ts';
import type { ClientQuotas } from '../quotas/client-quotas.ts';
import type { FetchSessions } from '../replication/fetch-sessions.ts';
import type { Fetcher } from '../replication/fetcher.ts';
import type { PartitionRegistry } from '../replication/partition-registry.ts';
import type { ProducerIds } from '../replication/producer-ids.ts';
import type { TransactionMarkers } from '../replication/transaction-markers.ts';
import type { Authorizer } from '../security/authorization/authorizer.ts';

import type { DelegationTokens } from '../security/delegation-tokens.ts';
import type { ClientTelemetry } from '../telemetry/client-telemetry.ts';

export type { RequestContext } from '../network/request-context.ts';

/** What handlers delegate to. Built once, by broker.ts. */
export interface Services {
  readonly config: BrokerConfig;
  readonly topicConfigs: TopicConfigs;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** The newest image; hold on to one image while answering one request. */
  readonly metadata: () => MetadataImage;
  /** How many records of the metadata log the image holds. */
  readonly metadataPosition: () => number;
  /** Handlers ask it through authorize.ts. */
  readonly authorizer: Authorizer;
  readonly quotas: ClientQuotas;
  readonly figures: Figures;
  /** The levels of the broker's own loggers. */
  readonly logLevels: LogLevels;
  readonly telemetry: ClientTelemetry;
  /** To find out the addresses of hosts. */
  readonly network: Pick<Network, 'lookup'>;
  readonly controller: Controller;
  readonly partitions: PartitionRegistry;
  readonly groups: GroupCoordinator;
  readonly share: ShareServices;
  readonly transactions: TransactionCoordinator;
  readonly verifier: TransactionVerifier;
  readonly transactionMarkers: TransactionMarkers;
  readonly delegationTokens: DelegationTokens;
  readonly fetchSessions: FetchSessions;
  readonly fetcher: Fetcher;
  readonly producerIds: ProducerIds;
  readonly logs: LogManager;
  /** Every API served, for ApiVersions. */
  readonly handlers: readonly ApiHandler[];
}

/** Returned by a handler whose request wants no answer (Produce with acks=0). */
export const NO_RESPONSE: unique symbol = Symbol('no response');

type Answer<Input> = Input | typeof NO_RESPONSE;

export interface ApiHandler {
  readonly apiKey: number;
  /** Kafka's name of the API, as in 'CreateTopics'. */
  readonly name: string;
  readonly request: Message<unknown, never>;
  readonly response: Message<unknown, never>;
  readonly minVersion: number;
  readonly maxVersion: number;
  handle(request: unknown, context: RequestContext, services: Services): unknown;
  /** The answer when handle threw: errors go where this API's clients look for them. Undefined: close the connection. */
  fail(request: unknown, code: number, message: string): unknown;
}

export interface ServeOptions<Request, Response> {
  request: Message<Request, never>;
  response: Message<unknown, Response>;
  minVersion: number;
  maxVersion: number;
  handle(
    request: Request,
    context: RequestContext,
    services: Services,
  ): Answer<Response> | Promise<Answer<Response>>;
  /** Needed where the response has no top-level errorCode; the default fills errorCode and errorMessage. */
  fail?(request: Request, code: number, message: string): Response | undefined;
}

/** Declares the handler of one API. */
export function serve<Request, Response>(options: ServeOptions<Request, Response>): ApiHandler {
  const { request, response, handle } = options;
  const fail =
    options.fail ??
    ((_request: Request, errorCode: number, errorMessage: string) => ({ errorCode, errorMessage }));
  return {
    apiKey: request.apiKey,
    name: request.name.replace(/Request$/, ''),
    request: request as unknown as ApiHandler['request'],
    response: response as unknown as ApiHandler['response'],
    minVersion: options.minVersion,
    maxVersion: options.maxVersion,
    handle: handle as ApiHandler['handle'],
    fail: fail as ApiHandler['fail'],
  };
}
