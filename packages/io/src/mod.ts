// The public entry of @moldau/io: the ports, and their Node versions.

export type { Clock } from './clock.ts';
export type {
  Disk,
  DiskEntry,
  DiskFile,
  DiskLock,
  DiskSpace,
  DiskStat,
  Privacy,
  PublicAccess,
} from './disk.ts';
export { type GssAcceptor, type GssApi, type GssContext, GssError } from './gssapi.ts';
export type { Http, HttpLimits, HttpPost } from './http.ts';
export type { HttpAnswer, HttpListener, HttpResponder, HttpServer } from './http-server.ts';
export { type Logger, silentLogger } from './logger.ts';
export type { Connection, ConnectionHandler, Listener, Network } from './network.ts';
export { nodeClock } from './node/node-clock.ts';
export { nodeDisk } from './node/node-disk.ts';
export { nodeGssApi } from './node/node-gssapi.ts';
export { isNodeHangUpIgnored } from './node/node-hang-up.ts';
export { nodeHttp } from './node/node-http.ts';
export { nodeHttpServer } from './node/node-http-server.ts';
export { nodeNetwork } from './node/node-network.ts';
export { nodeHasReader } from './node/node-pipe-reader.ts';
export { nodeProcess } from './node/node-process.ts';
export { nodeRandom } from './node/node-random.ts';
export { tellServiceManagerReady } from './node/node-service-manager.ts';
export { nodeStandardInput } from './node/node-standard-input.ts';
export { nodeHoldingTimers, nodeTimers } from './node/node-timers.ts';
export { nodeWarnings } from './node/node-warnings.ts';
export type { Process, ProcessFigures } from './process-figures.ts';
export type { Random } from './random.ts';
export type { Timer, Timers } from './timers.ts';
export type {
  FailedHandshake,
  TlsClientOptions,
  TlsConnection,
  TlsServerOptions,
  TlsVersion,
} from './tls.ts';
