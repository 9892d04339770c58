import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { nodeHttp } from './node-http.ts';

const limits = { timeoutMs: 5_000, maxBytes: 1_000 };
const servers: ReturnType<typeof createServer>[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys?of=all`);
}

test('the body comes as it is, from the path and query of the URL', async () => {
  const url = await serve((request, answer) => answer.end(`you asked for ${request.url}`));
  assert.equal((await nodeHttp.get(url, limits)).toString(), 'you asked for /keys?of=all');
});

test('any status but 200 is an error that names it', async () => {
  const url = await serve((_, answer) => answer.writeHead(503).end('busy'));
  await assert.rejects(nodeHttp.get(url, limits), /the server answered 503 instead of 200$/);
});

test('a redirect is not followed', async () => {
  let followed = false;
  const target = await serve((_, answer) => {
    followed = true;
    answer.end('secrets');
  });
  const url = await serve((_, answer) => answer.writeHead(302, { location: target.href }).end());
  await assert.rejects(nodeHttp.get(url, limits), /answered 302 .*redirects are not followed/);
  assert.equal(followed, false);
});

test('an answer without end is given up at the limit', async () => {
  const url = await serve((_, answer) => {
    const more = () => {
      while (!answer.destroyed && answer.write('x'.repeat(500)));
    };
    answer.on('drain', more);
    more();
  });
  await assert.rejects(nodeHttp.get(url, limits), /larger than 1000 bytes/);
});

test('a server that answers slowly, or never ends, is given up at the deadline', async () => {
  const silent = await serve(() => undefined);
  await assert.rejects(nodeHttp.get(silent, { ...limits, timeoutMs: 50 }), /no complete answer within 50 ms/);
  const endless = await serve((_, answer) => void answer.write('{'));
  await assert.rejects(
    nodeHttp.get(endless, { ...limits, timeoutMs: 50 }),
    /no complete answer within 50 ms/,
  );
});

test('an answer that breaks off is an error', async () => {
  const url = await serve((_, answer) => {
    answer.writeHead(200, { 'content-length': '100' });
    answer.write('half', () => answer.destroy());
  });
  await assert.rejects(nodeHttp.get(url, limits), /aborted|ECONNRESET/);
});

test('nobody there is an error with its code', async () => {
  const url = await serve(() => undefined);
  await new Promise((resolve) => servers.at(-1)!.close(resolve));
  await assert.rejects(nodeHttp.get(url, limits), { code: 'ECONNREFUSED' });
});

test('a document is posted whole, and what the server answers is given back', async () => {
  const url = await serve((request, answer) => {
    let got = '';
    request.setEncoding('utf8');
    request.on('data', (piece) => (got += piece));
    request.on('end', () => answer.end(`${request.method} ${request.headers['x-key']} ${got.length}`));
  });
  const body = 'é'.repeat(1000);
  const posted = { contentType: 'application/json', body, headers: { 'x-key': 'k' } };
  assert.equal((await nodeHttp.post(url, posted, limits)).toString(), 'POST k 1000');
});
