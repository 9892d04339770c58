// The server command around a broker that is not there: signals, crashes, warnings and what is told of them.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EndingSignal } from '../command-line/exit-codes.ts';
import { runServer, type ServerFlags, type ServerWorld } from './server.ts';

type Start = ServerWorld['start'];

/** A world whose process lives on after exit(), and remembers. */
function fakeWorld(
  options: { environment?: Record<string, string>; start?: Start; stop?: () => Promise<void> } = {},
) {
  const told: string[] = [];
  const exits: number[] = [];
  const signalListeners: ((signal: EndingSignal) => void)[] = [];
  const crashListeners: ((error: unknown) => void)[] = [];
  const stop = options.stop ?? (() => Promise.resolve());
  const start: Start = (given) =>
    Promise.resolve({ listeners: [...given.config.listeners], clusterId: 'x', certificates: () => [], stop });
  const clock = { nowMs: 0 };
  const world: ServerWorld = {
    environment: options.environment ?? {},
    tell: (line) => told.push(line),
    exit: (code) => exits.push(code),
    started() {},
    onSignal: (listener) => signalListeners.push(listener),
    onCrash: (listener) => crashListeners.push(listener),
    monotonicMs: () => clock.nowMs,
    start: options.start ?? start,
  };
  const signal = (name: EndingSignal) => {
    for (const listener of signalListeners) listener(name);
  };
  const crash = (error: unknown) => {
    for (const listener of crashListeners) listener(error);
  };
  return { world, told, exits, signal, crash, clock };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function failure(properties: object): Start {
  return () => Promise.reject(Object.assign(new Error('told by the system'), properties));
}

describe('the server command', () => {
  it('says where it serves', async () => {
    const { world, told, exits } = fakeWorld();
    await runServer({ listen: ':9092' }, world);
    assert.match(told.shift()!, /^moldau: warning: whoever reaches 0\.0\.0\.0:9092 [^\n]*$/);
    assert.deepEqual(told, ['Moldau is ready on 0.0.0.0:9092']);
    assert.deepEqual(exits, []);
  });

  it('stops cleanly at the first signal, and at once at the second', async () => {
    const stopping = Promise.withResolvers<void>();
    const stop = () => stopping.promise;
    const { world, exits, signal, clock } = fakeWorld({ stop });
    await runServer({ logLevel: 'silent' }, world);
    signal('SIGINT');
    // What npm hands on of the same Ctrl-C.
    signal('SIGINT');
    await settled();
    assert.deepEqual(exits, []);
    clock.nowMs += 1000;
    signal('SIGINT');
    signal('SIGHUP');
    assert.deepEqual(exits, [130, 129]);
    stopping.resolve();
    await settled();
    assert.deepEqual(exits, [130, 129, 0]);
  });

  it('stops as soon as it has started when the signal comes before that', async () => {
    const called = Promise.withResolvers<void>();
    const serving = Promise.withResolvers<void>();
    let stops = 0;
    const stop = () => Promise.resolve(void stops++);
    const start: Start = async ({ config }) => {
      called.resolve();
      await serving.promise;
      return { listeners: [...config.listeners], clusterId: 'x', certificates: () => [], stop };
    };
    const { world, exits, signal } = fakeWorld({ start });
    const running = runServer({}, world);
    await called.promise;
    signal('SIGTERM');
    serving.resolve();
    await running;
    await settled();
    assert.equal(stops, 1);
    assert.deepEqual(exits, [0]);
  });

  it('ends with code 1 after an exception that nobody caught', async () => {
    const { world, exits, crash } = fakeWorld();
    await runServer({ logLevel: 'silent' }, world);
    crash(new Error('out of nowhere'));
    assert.deepEqual(exits, [1]);
  });

  it('tells of keys without effect, unless it shall be quiet', async () => {
    const told = async (flags: ServerFlags, environment = {}) => {
      const { world, told } = fakeWorld({ environment });
      await runServer({ set: ['num.io.threads=4'], ...flags }, world);
      return told.filter((line) => line.startsWith('moldau: '));
    };
    assert.match((await told({}))[0]!, /^moldau: warning: accepted, has no effect: num.io.threads/);
    assert.deepEqual(await told({ logLevel: 'error' }), []);
    assert.deepEqual(await told({}, { LOG_LEVEL: 'silent' }), []);
  });

  it('takes a log level that does not exist for a wrong command line', async () => {
    const { world, told, exits } = fakeWorld({ environment: { LOG_LEVEL: 'loud' } });
    await runServer({}, world);
    assert.deepEqual(told, [
      'moldau: the log level "loud" does not exist: expected one of debug, info, warn, error, silent',
    ]);
    assert.deepEqual(exits, [2]);
  });

  it('gives single loggers levels of their own, and refuses those that do not exist', async () => {
    const { world, told, exits } = fakeWorld();
    const start: Start = (options) => {
      assert.equal(options.logLevel, 'ERROR');
      assert.deepEqual([...options.ownLogLevels!], [['audit', 'INFO']]);
      return world.start(options);
    };
    await runServer({ logLevel: 'error,audit=info' }, { ...world, start });
    assert.deepEqual(exits, []);
    await runServer({ logLevel: 'adit=info' }, world);
    assert.match(told.at(-1)!, /^moldau: there is no logger "adit": they are apis, audit, /);
    await runServer({ logLevel: 'audit=loud' }, world);
    assert.match(told.at(-1)!, /the log level "loud" does not exist/);
    assert.deepEqual(exits, [2, 2]);
  });

  it('takes a configuration that cannot be for a wrong command line', async () => {
    const starts = [{ listen: '19630' }, { set: ['num.partitions'] }, { set: ['num.partitions=no'] }];
    for (const flags of starts) {
      const { world, exits } = fakeWorld();
      await runServer(flags, world);
      assert.deepEqual(exits, [2]);
    }
    const { world, exits } = fakeWorld({ environment: { KAFKA_NUM_PARTITIONS: 'no' } });
    await runServer({}, world);
    assert.deepEqual(exits, [2]);
  });

  it('takes a log format that does not exist for a wrong command line', async () => {
    const { world, told, exits } = fakeWorld();
    await runServer({ logFormat: 'xml' }, world);
    assert.deepEqual(told, ['moldau: the log format "xml" does not exist: expected one of json, pretty']);
    assert.deepEqual(exits, [2]);
  });

  const failures: [title: string, start: Start, expected: RegExp][] = [
    [
      'a port in use',
      failure({ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: 9092 }),
      /^moldau: port 9092 on 127\.0\.0\.1 is in use, perhaps by another Moldau or Kafka: .* stop it, or choose another port with --listen$/,
    ],
    [
      'a port that needs a privilege',
      failure({ code: 'EACCES', syscall: 'listen', address: '127.0.0.1', port: 80 }),
      /^moldau: no permission to listen on port 80/,
    ],
    [
      'an address of another machine',
      failure({ code: 'EADDRNOTAVAIL', syscall: 'listen', address: '10.9.8.7', port: 9092 }),
      /^moldau: this machine has no address 10\.9\.8\.7: .*--listen$/,
    ],
    [
      'a host that nobody knows',
      failure({ code: 'ENOTFOUND', hostname: 'nowhere' }),
      /^moldau: the host nowhere to listen on is unknown/,
    ],
    [
      'a folder without permission',
      failure({ code: 'EACCES', path: '/root/x' }),
      /^moldau: no permission to use \/root\/x: .*--data$/,
    ],
    [
      'a full disk',
      failure({ code: 'ENOSPC', path: '/data' }),
      /^moldau: no space is left on the device at \/data: free some/,
    ],
    ['a folder of somebody else', failure({ name: 'LogDirError' }), /^moldau: told by the system$/],
    ['our own mistake', failure({}), /^moldau: the start failed: Error: told by the system\n {4}at /],
  ];
  for (const [title, start, expected] of failures) {
    it(`names ${title} and ends with code 1`, async () => {
      const { world, told, exits } = fakeWorld({ start });
      await runServer({}, world);
      assert.equal(told.length, 1);
      assert.match(told[0]!, expected);
      assert.deepEqual(exits, [1]);
    });
  }

  it('names a file that is not there', async () => {
    const { world, told, exits } = fakeWorld();
    await runServer({ config: '/nowhere/server.properties' }, world);
    assert.deepEqual(told, ['moldau: there is no /nowhere/server.properties']);
    assert.deepEqual(exits, [1]);
  });
});
