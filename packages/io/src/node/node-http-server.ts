// HTTP by Node's own server. A socket listens, and node:http (5 MB) is loaded when the first client comes: most brokers that nobody looks at
// never need it.
//
// Invariant: strangers can hold little: so many connections at a time, each for one request and so long.

import type { IncomingMessage, Server as NodeHttpServer, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { HttpAnswer, HttpListener, HttpResponder, HttpServer } from '../http-server.ts';

const MAX_CONNECTIONS = 64;
const CONNECTION_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1024;

const NOT_ALLOWED: HttpAnswer = { status: 405, contentType: 'text/plain', body: 'only GET is served here\n' };
const FAILED: HttpAnswer = { status: 500, contentType: 'text/plain', body: 'the answer could not be made\n' };

async function answerTo(request: IncomingMessage, respond: HttpResponder): Promise<HttpAnswer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return NOT_ALLOWED;
  try {
    return await respond((request.url ?? '/').split('?', 1)[0]!);
  } catch {
    return FAILED;
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  respond: HttpResponder,
): Promise<void> {
  const { status, contentType, body } = await answerTo(request, respond);
  response.writeHead(status, {
    'content-type': contentType,
    'cache-control': 'no-store',
    connection: 'close',
  });
  // Of a HEAD Node leaves the body out.
  response.end(body);
}

async function openHttp(respond: HttpResponder): Promise<NodeHttpServer> {
  const http = await import('node:http');
  const server = http.createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, keepAlive: false },
    (request, response) => {
      // Whoever sends a body does it in vain.
      request.resume();
      void serve(request, response, respond);
    },
  );
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

async function listen(
  { host, port }: { host: string; port: number },
  respond: HttpResponder,
): Promise<HttpListener> {
  const sockets = new Set<Socket>();
  let http: Promise<NodeHttpServer> | undefined;
  const server = createServer((socket) => {
    sockets.add(socket);
    const deadline = setTimeout(() => socket.destroy(), CONNECTION_MS).unref();
    socket.on('close', () => {
      clearTimeout(deadline);
      sockets.delete(socket);
    });
    socket.on('error', () => socket.destroy());
    http ??= openHttp(respond);
    void http.then((opened) => opened.emit('connection', socket));
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    host,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

export const nodeHttpServer: HttpServer = { listen };
