import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { apiVersionsRequest, apiVersionsResponse } from '@moldau/protocol';
import { RawClient } from './raw-client.ts';
import { freePort, temporaryDirectory } from './temporary.ts';

test('sends a request, finds its answer in the stream, and tells the end', async () => {
  const port = await freePort();
  const body = apiVersionsResponse.encode({ errorCode: 0, apiKeys: [] }, 0);
  const answer = Buffer.alloc(8 + body.length);
  answer.writeInt32BE(4 + body.length, 0);
  answer.writeInt32BE(1, 4);
  body.copy(answer, 8);
  const server = createServer((socket: Socket) => {
    socket.once('data', (data) => {
      assert.equal((data as Buffer).readInt16BE(4), 18);
      for (const byte of answer) socket.write(Buffer.from([byte]));
      socket.write(Buffer.concat([answer, answer, Buffer.from([0, 0])]));
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const client = await RawClient.dial({ port });
  const got = await client.request(apiVersionsRequest, apiVersionsResponse, 0, {});
  assert.deepEqual(got.apiKeys, []);
  await client.answer(apiVersionsResponse, 0, 1);
  await assert.rejects(client.answer(apiVersionsResponse, 0, 7), /request 1, not 7/);
  await assert.rejects(client.frame(), /closed the connection/);
  await client.closed;
  assert.equal(client.unframed().length, 2);
  server.close();
});

test('a frame that does not come is not waited for without end', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const client = await RawClient.dial({ port });
  await assert.rejects(client.frame(10), /no answer within 10 ms/);
  client.close();
  await client.closed;
  server.close();
});

test('a temporary folder is gone at the end of its block', async () => {
  let path = '';
  {
    await using directory = await temporaryDirectory();
    path = directory.path;
  }
  const { nodeDisk } = await import('@moldau/io');
  assert.equal(await nodeDisk.stat(path), undefined);
});
