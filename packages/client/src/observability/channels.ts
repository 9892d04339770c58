// The events of clients, as channels of node:diagnostics_channel. Without a subscriber nothing is made or told.

import { type Channel, channel } from 'node:diagnostics_channel';
import type { BatchReport, ConsumedReport, RebalanceReport, RequestReport } from './instruments.ts';
import type { ClientKind } from './metric-definitions.ts';

/** Of which client an event tells. */
export interface EventSource {
  readonly clientId: string;
  readonly client: ClientKind;
}

interface BrokerEvent extends EventSource {
  /** host:port */
  readonly broker: string;
  readonly brokerId: number;
}

export interface ConnectionEvent extends BrokerEvent {
  readonly change: 'connected' | 'failed' | 'disconnected';
  /** Of 'connected'. */
  readonly tookMs: number | undefined;
  readonly error: unknown;
}

/** A request with its answer, or without one. */
export interface RequestEvent extends BrokerEvent, RequestReport {}

/** The broker asked not to be sent more for so long (KIP-219). */
export interface ThrottleEvent extends BrokerEvent {
  readonly api: string;
  readonly throttleMs: number;
}

export interface RetryEvent extends EventSource {
  readonly error: Error;
  /** 1 after the first failure. */
  readonly attempt: number;
  readonly delayMs: number;
}

export interface ProduceEvent extends EventSource, BatchReport {}
export interface ConsumeEvent extends EventSource, ConsumedReport {}
export interface RebalanceEvent extends EventSource, RebalanceReport {}

/** What is published where. */
export interface ClientEvents {
  'moldau:client:connection': ConnectionEvent;
  'moldau:client:request': RequestEvent;
  /** Requests that fetch records, beside the one above. */
  'moldau:client:fetch': RequestEvent;
  /** Requests that commit offsets, beside the one above. */
  'moldau:client:commit': RequestEvent;
  'moldau:client:throttle': ThrottleEvent;
  'moldau:client:retry': RetryEvent;
  'moldau:client:produce': ProduceEvent;
  'moldau:client:consume': ConsumeEvent;
  'moldau:client:rebalance': RebalanceEvent;
}

function open<Name extends keyof ClientEvents>(name: Name): Channel<unknown, ClientEvents[Name]> {
  return channel(name);
}

export const channels = {
  connection: open('moldau:client:connection'),
  request: open('moldau:client:request'),
  fetch: open('moldau:client:fetch'),
  commit: open('moldau:client:commit'),
  throttle: open('moldau:client:throttle'),
  retry: open('moldau:client:retry'),
  produce: open('moldau:client:produce'),
  consume: open('moldau:client:consume'),
  rebalance: open('moldau:client:rebalance'),
};

/** Hears of what clients do. Returns how to stop that. */
export function onClientEvent<Name extends keyof ClientEvents>(
  name: Name,
  listener: (event: ClientEvents[Name]) => void,
): () => void {
  const heard = open(name);
  const listen = (event: unknown): void => listener(event as ClientEvents[Name]);
  heard.subscribe(listen);
  return () => void heard.unsubscribe(listen);
}
