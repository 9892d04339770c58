// The bounds of the network layer. Read at each use, so the object may be changed while the broker runs.

export interface NetworkLimits {
  /** socket.request.max.bytes: the largest request. */
  requestMaxBytes: number;
  /** connections.max.idle.ms: a connection on which nothing moves for so long is closed; -1 for never. */
  connectionsMaxIdleMs: number;
  /** max.connections */
  maxConnections: number;
  /** max.connections of listeners that have a limit of their own, by name. */
  maxConnectionsByListener: ReadonlyMap<string, number>;
  /** max.connections.per.ip */
  maxConnectionsPerIp: number;
  /** max.connections.per.ip.overrides: address to count. */
  maxConnectionsPerIpOverrides: ReadonlyMap<string, number>;
  /** What the files that the process may have open leave for connections: those above it could not be served. */
  maxDescriptors: number;
  /** TLS handshakes of one listener that may be under way. */
  maxHandshakes: number;
  /** Requests of one connection that are being answered at a time. */
  requestsInProcessPerConnection: number;
  /** Bytes of such requests; one request is always allowed. */
  requestBytesPerConnection: number;
  /** Bytes of answers that a client has not taken yet, above which none of its next requests is started. */
  unsentBytesPerConnection: number;
  /** queued.max.request.bytes: what requests and unsent answers of all connections together may hold, in bytes. */
  bufferedBytes: number;
}

export const DEFAULT_NETWORK_LIMITS: Readonly<NetworkLimits> = {
  requestMaxBytes: 100 * 1024 * 1024,
  connectionsMaxIdleMs: 600_000,
  maxConnections: 2 ** 31 - 1,
  maxConnectionsByListener: new Map(),
  maxConnectionsPerIp: 2 ** 31 - 1,
  maxConnectionsPerIpOverrides: new Map(),
  maxDescriptors: Number.POSITIVE_INFINITY,
  maxHandshakes: 1000,
  requestsInProcessPerConnection: 256,
  requestBytesPerConnection: 16 * 1024 * 1024,
  unsentBytesPerConnection: 1024 * 1024,
  bufferedBytes: 256 * 1024 * 1024,
};

/** For what is open for moments: small files, pages. */
const SPARE_DESCRIPTORS = 256;

/**
 * Shares out the files that the process may have open (undefined: nobody knows), so that clients cannot leave the logs without any. A connection is one
 * of them, and so is a handshake that is under way at a listener with TLS.
 */
export function shareDescriptors(
  allowed: number | undefined,
  wantedByLogs: number,
  tlsListeners: number,
): { readonly logs: number; readonly connections: number; readonly handshakes: number } {
  const { maxHandshakes } = DEFAULT_NETWORK_LIMITS;
  if (allowed === undefined)
    return { logs: wantedByLogs, connections: Number.POSITIVE_INFINITY, handshakes: maxHandshakes };
  const quarter = Math.floor(allowed / 4);
  const logs = Math.min(wantedByLogs, quarter);
  const left = allowed - logs - Math.min(SPARE_DESCRIPTORS, quarter);
  const handshakes = Math.max(1, Math.min(maxHandshakes, Math.floor(left / 4 / tlsListeners)));
  return { logs, connections: left - handshakes * tlsListeners, handshakes };
}
