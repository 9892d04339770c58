// The network room: connections within bounds, and what a request says of where it came from.

export type { ConnectionAuthentication, Identity } from './authentication.ts';
export { DEFAULT_NETWORK_LIMITS, type NetworkLimits, shareDescriptors } from './network-limits.ts';
export type { Dispatch, ServedApi } from './request.ts';
export type { RequestContext } from './request-context.ts';
export { Server, type ServerListener, type ServerOptions } from './server.ts';
