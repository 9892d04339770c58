import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import type { HttpListener, HttpResponder } from '../http-server.ts';
import { nodeHttpServer } from './node-http-server.ts';

const listeners: HttpListener[] = [];
after(() => Promise.all(listeners.map((listener) => listener.close())));

async function serve(respond: HttpResponder): Promise<{ url: string; port: number; close(): Promise<void> }> {
  const listener = await nodeHttpServer.listen({ host: '127.0.0.1', port: 0 }, respond);
  listeners.push(listener);
  return { ...listener, url: `http://127.0.0.1:${listener.port}` };
}

const text = (body: string) => ({ status: 200, contentType: 'text/plain', body });

test('a path is answered without its query', async () => {
  const { url } = await serve((path) => ({ ...text(`this is ${path}`), status: 203 }));
  const answer = await fetch(`${url}/metrics?x=1`);
  assert.equal(answer.status, 203);
  assert.equal(answer.headers.get('content-type'), 'text/plain');
  assert.equal(await answer.text(), 'this is /metrics');
});

test('a large answer comes whole', async () => {
  const { url } = await serve(() => text('é'.repeat(2_500_000)));
  assert.equal((await (await fetch(url)).text()).length, 2_500_000);
});

test('whoever asks is not told why an answer failed', async () => {
  const { url } = await serve(() => Promise.reject(new Error('a secret')));
  const answer = await fetch(url);
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /secret/);
});

test('only GET and HEAD are served', async () => {
  const { url } = await serve(() => text('body'));
  assert.equal((await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) })).status, 405);
  const head = await fetch(url, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
});

test('what is no HTTP, and who says nothing, is cut off at the latest by close', async () => {
  const { port, close } = await serve(() => text('body'));
  const stranger = connect(port, '127.0.0.1');
  stranger.on('error', () => {});
  stranger.write('\x00\x00\x00\x10 this is no HTTP\r\n\r\n');
  await once(stranger, 'close');
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  const ended = once(silent, 'close');
  await close();
  await ended;
});

test('a port in use is told as Node tells it', async () => {
  const { port } = await serve(() => text('body'));
  await assert.rejects(
    nodeHttpServer.listen({ host: '127.0.0.1', port }, () => text('')),
    { code: 'EADDRINUSE' },
  );
});
