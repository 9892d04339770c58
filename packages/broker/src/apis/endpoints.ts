// Where a client that came by a listener reaches each broker: always by the same listener.

import type { RequestContext, Services } from './handler.ts';

export interface Endpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** The brokers that have the listener which the request came by. */
export function endpointsFor(context: RequestContext, { config, metadata }: Services): Endpoint[] {
  const endpoints: Endpoint[] = [];
  const isGuess = config.advertisedListeners.some(
    ({ name, isGuessed }) => isGuessed && name === context.listenerName,
  );
  for (const { brokerId, endpoints: all, rack } of metadata().brokers.values()) {
    const endpoint = all.find(({ listener }) => listener === context.listenerName);
    if (endpoint === undefined) continue;
    // Nobody said what to advertise: the address by which this client reached us works for it, which no guess can promise.
    const host = isGuess && brokerId === config.nodeId ? context.localAddress : endpoint.host;
    endpoints.push({ nodeId: brokerId, host, port: endpoint.port, rack });
  }
  return endpoints;
}
