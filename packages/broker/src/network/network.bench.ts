// What the network layer costs by itself: a client in a process of its own sends requests, each is answered at once. Prints for each size the
// rate and what this process spent on it.
// Run: node --conditions=source packages/broker/src/network/network.bench.ts [number of the workload]

import { spawn } from 'node:child_process';
import {
  type Connection,
  type ConnectionHandler,
  nodeClock,
  nodeNetwork,
  nodeTimers,
  silentLogger,
} from '@moldau/io';
import { ANONYMOUS_AUTHENTICATION } from '../security/authentication/open-authentication.ts';
import { DEFAULT_NETWORK_LIMITS } from './network-limits.ts';
import { Server } from './server.ts';

interface Workload {
  requestBytes: number;
  answerBytes: number;
  requests: number;
  /** Requests that the client has on the way at a time. */
  pipelined: number;
  /** Answered in a later turn. */
  isDeferred?: boolean;
}

const WORKLOADS: readonly Workload[] = [
  { requestBytes: 300_000, answerBytes: 50, requests: 8_000, pipelined: 5 },
  { requestBytes: 300_000, answerBytes: 50, requests: 8_000, pipelined: 5, isDeferred: true },
  { requestBytes: 16_500, answerBytes: 50, requests: 60_000, pipelined: 5 },
  { requestBytes: 100, answerBytes: 50, requests: 800_000, pipelined: 200 },
  { requestBytes: 100, answerBytes: 50, requests: 800_000, pipelined: 200, isDeferred: true },
  { requestBytes: 100, answerBytes: 50, requests: 30_000, pipelined: 1 },
  { requestBytes: 60, answerBytes: 300_000, requests: 8_000, pipelined: 1 },
];

async function client(port: number, work: Workload): Promise<void> {
  const frame = Buffer.alloc(4 + work.requestBytes);
  frame.writeInt32BE(work.requestBytes, 0);
  frame.writeInt16BE(-1, 12);
  const answerBytes = 8 + work.answerBytes;
  const batch = Math.max(1, Math.min(work.pipelined >> 1, Math.floor(65_536 / frame.length)));
  const frames = Buffer.concat(Array.from({ length: batch }, () => frame));
  let sent = 0;
  let receivedBytes = 0;
  let done: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  let connection: Connection | undefined;
  const pump = (): void => {
    const answered = Math.floor(receivedBytes / answerBytes);
    if (answered >= work.requests) done();
    for (; sent < work.requests && sent - answered + batch <= work.pipelined; sent += batch) {
      connection!.write([frames]);
    }
  };
  const place = Buffer.alloc(1 << 20);
  const handler: ConnectionHandler = {
    readBuffer: () => place,
    bytesRead(count) {
      receivedBytes += count;
      pump();
    },
    received(bytes) {
      receivedBytes += bytes.length;
      pump();
    },
    drained() {},
    closed() {},
  };
  connection = await nodeNetwork.dial({ host: '127.0.0.1', port, timeoutMs: 5_000 }, handler);
  pump();
  await finished;
  connection.destroy();
}

async function measure(work: Workload): Promise<void> {
  const body = [Buffer.alloc(work.answerBytes)];
  const api = {
    apiKey: 0,
    name: 'Produce',
    minVersion: 0,
    maxVersion: 0,
    request: { flexibleSince: 9 },
    response: { flexibleSince: 9 },
  };
  // As after an fsync: all that came in one turn are answered together.
  let waiting: (() => void)[] = [];
  const answerLater = (): Promise<Uint8Array[]> =>
    new Promise((resolve) => {
      if (waiting.length === 0) {
        nodeTimers.soon(() => {
          const answered = waiting;
          waiting = [];
          for (const answer of answered) answer();
        });
      }
      waiting.push(() => resolve(body));
    });
  const server = new Server({
    network: nodeNetwork,
    clock: nodeClock,
    timers: nodeTimers,
    logger: silentLogger,
    limits: { ...DEFAULT_NETWORK_LIMITS },
    apis: [api],
    authenticationFor: () => ANONYMOUS_AUTHENTICATION,
    dispatch: () => (work.isDeferred ? answerLater() : (async () => body)()),
  });
  const { port } = await server.listen({ name: 'BENCH', host: '127.0.0.1', port: 0 });
  const argv = ['--conditions=source', import.meta.filename, 'client', String(port), JSON.stringify(work)];
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  await new Promise((resolve) => spawn(process.execPath, argv, { stdio: 'inherit' }).on('exit', resolve));
  const cpu = process.cpuUsage(startedCpu);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const seconds = (performance.now() - startedMs) / 1000;
  const megabytes = (work.requests * (work.requestBytes + work.answerBytes)) / 1e6;
  console.log(
    `${work.requestBytes} B in, ${work.answerBytes} B out, ${work.pipelined} pipelined${work.isDeferred ? ', deferred' : ''}:`.padEnd(
      60,
    ),
    `${(work.requests / seconds / 1000).toFixed(1)} k/s`.padStart(12),
    `${(megabytes / seconds).toFixed(0)} MB/s`.padStart(12),
    `${((cpuSeconds / work.requests) * 1e6).toFixed(2)} us CPU each`.padStart(22),
    `${(megabytes / 1000 / cpuSeconds).toFixed(2)} GB per CPU s`.padStart(20),
  );
  await server.stop(100);
}

if (process.argv[2] === 'client') {
  await client(Number(process.argv[3]), JSON.parse(process.argv[4]!) as Workload);
  process.exit(0);
}
const chosen = process.argv[2] === undefined ? WORKLOADS : [WORKLOADS[Number(process.argv[2])]!];
for (const work of chosen) await measure(work);
