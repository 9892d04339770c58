// The network room: connections within bounds, and what a request says of where it came from.

export { DEFAULT_NETWORK_LIMITS, type NetworkLimits, shareDescriptors } from './network-limits.ts';
export { Server, type ServerListener } from './server.ts';
