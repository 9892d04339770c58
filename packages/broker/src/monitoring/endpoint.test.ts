import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Logger, nodeHttpServer } from '@moldau/io';
import { openEndpoint } from './endpoint.ts';

test('metrics that cannot be collected are told in the log, and health is told all the same', async () => {
  const lines: string[] = [];
  const tell = (_fields: object, message: string) => void lines.push(message);
  const logger: Logger = { debug() {}, info() {}, warn: tell, error: tell };
  const endpoint = await openEndpoint(
    { host: '127.0.0.1', port: 0 },
    {
      ...{ httpServer: nodeHttpServer, logger, isAskedFor: true },
      health: { phase: 'running', logDirs: () => [] },
      metricsText: () => Promise.reject(new Error('our own mistake')),
    },
  );
  const ask = (page: string) => fetch(`http://127.0.0.1:${endpoint!.port}${page}`);
  const answer = await ask('/metrics');
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /mistake/);
  assert.deepEqual(lines, ['metrics could not be collected']);
  assert.equal((await ask('/health/ready')).status, 200);
  await endpoint!.close();
});

test('a port that is taken is a warning where somebody asked for it, and else for those who want to know', async () => {
  const told: string[] = [];
  const logger: Logger = {
    ...{ debug() {}, error() {} },
    info: (_fields, message) => void told.push(`info: ${message}`),
    warn: (_fields, message) => void told.push(`warn: ${message}`),
  };
  const httpServer = { listen: () => Promise.reject(new Error('EADDRINUSE')) };
  for (const isAskedFor of [true, false]) {
    const endpoint = await openEndpoint(
      { host: '127.0.0.1', port: 9404 },
      {
        ...{ httpServer, logger, isAskedFor, health: { phase: 'running', logDirs: () => [] } },
        metricsText: () => Promise.resolve(''),
      },
    );
    assert.equal(endpoint, undefined);
  }
  assert.deepEqual(
    told.map((line) => /^(\w+): metrics and health cannot be asked for/.exec(line)?.[1]),
    ['warn', 'info'],
  );
});
