// A broker for one test: real disk and sockets, a folder and a port of its own.

import { join } from 'node:path';
import { loadConfig, type RunningBroker, startBroker } from '@moldau/broker';
import {
  type Logger,
  nodeClock,
  nodeDisk,
  nodeGssApi,
  nodeHttp,
  nodeHttpServer,
  nodeNetwork,
  nodeProcess,
  nodeRandom,
  nodeTimers,
  silentLogger,
} from '@moldau/io';
import { temporaryDirectory } from './temporary.ts';

export interface TestBroker extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly dataDirectory: string;
  readonly broker: RunningBroker;
  /** Stops the broker and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts a broker on a free port, or where `settings` has listeners; it serves metrics when `settings` says where. `settings` are lines of server.properties, as in 'num.partitions=3'; `logDirs` are
 * names of folders inside its own.
 */
export async function startTestBroker(
  options: { settings?: readonly string[]; logDirs?: readonly string[]; logger?: Logger } = {},
): Promise<TestBroker> {
  const directory = await temporaryDirectory();
  const { settings = [] } = options;
  const isToldWhere = settings.some((line) => line.startsWith('listeners='));
  const isWatched = settings.some((line) => line.startsWith('moldau.metrics.listen='));
  const { config } = await loadConfig({
    disk: nodeDisk,
    listen: isToldWhere ? undefined : '127.0.0.1:0',
    data: (options.logDirs ?? ['']).map((name) => join(directory.path, name)).join(','),
    settings,
  });
  const broker = await startBroker({
    config,
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    disk: nodeDisk,
    network: nodeNetwork,
    http: nodeHttp,
    gssapi: nodeGssApi,
    logger: options.logger ?? silentLogger,
    ...(isWatched
      ? { monitoring: { httpServer: nodeHttpServer, process: nodeProcess, version: '0.0.0-test' } }
      : {}),
  });
  const stop = async (): Promise<void> => {
    await broker.stop();
    await directory.remove();
  };
  const { host, port } = broker.listeners[0]!;
  return { host, port, dataDirectory: directory.path, broker, stop, [Symbol.asyncDispose]: stop };
}
