// The files of deploy/ say what is so: settings that the broker knows, the port where it tells of its health, formats that can be parsed.
// What they do with the real programs is tested in test/interop (supervisor, rsyslog); there is no Docker and no fluent-bit to run.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '@moldau/broker';
import { nodeDisk } from '@moldau/io';
import { parse } from 'yaml';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, 'deploy', path), 'utf8');

interface Compose {
  services: Record<string, { build: { dockerfile: string }; environment: Record<string, string> }>;
}

const load = (environment: Record<string, string>) =>
  loadConfig({ settings: [], environment, identity: { hostName: 'kafka', addresses: [] }, disk: nodeDisk });

describe('deploy/', () => {
  it('has a Dockerfile that copies what is there and asks where health is told', async () => {
    const lines = read('docker/Dockerfile').split('\n');
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap((line) => line.split(' ').slice(1, -1));
    assert.ok(copied.length > 4);
    const allowed = read('docker/Dockerfile.dockerignore').split('\n');
    for (const path of copied) {
      assert.ok(existsSync(join(ROOT, path)), path);
      assert.ok(allowed.includes(`!${path}`), `${path} is ignored`);
    }
    const { config } = await load({});
    const address = config.get('moldau.metrics.listen');
    assert.ok(read('docker/Dockerfile').includes(`http://${address}/health/ready`), address);
  });

  it('has a health check that fails where the broker is not ready, or not there', async (t) => {
    const [, command] = /^HEALTHCHECK[^\n]*\\\n {2}CMD (\[.*\])$/m.exec(read('docker/Dockerfile'))!;
    let status = 200;
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/health/ready' ? status : 404;
      response.end();
    });
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const check = async () => {
      const [, ...words] = JSON.parse(command!.replace(':9404/', `:${port}/`)) as string[];
      const child = spawn(process.execPath, words, { stdio: 'ignore' });
      return await new Promise((resolve) => child.once('exit', resolve));
    };
    assert.equal(await check(), 0);
    status = 503;
    assert.equal(await check(), 1);
    server.close();
    assert.equal(await check(), 1);
  });

  it('has a compose file whose variables the broker understands without a warning', async () => {
    const { kafka } = (parse(read('docker/compose.yaml')) as Compose).services;
    assert.ok(kafka !== undefined && existsSync(join(ROOT, kafka.build.dockerfile)));
    const image = { KAFKA_LISTENERS: 'PLAINTEXT://:9092', KAFKA_LOG_DIRS: '/var/lib/moldau' };
    const { config, warnings, notes } = await load({ ...image, ...kafka.environment });
    const told = [...warnings, ...notes].filter((line) => !line.includes('nobody has to log in there'));
    assert.deepEqual(told, []);
    assert.deepEqual(
      config.initialTopics.map(({ name }) => name),
      ['logs', 'orders'],
    );
  });

  it('has a unit that systemd takes', (t) => {
    const version = spawnSync('systemd-analyze', ['--version']);
    if (version.error !== undefined) return t.skip('systemd is not here');
    const folder = mkdtempSync(join(tmpdir(), 'moldau-unit-'));
    const unit = join(folder, 'moldau.service');
    writeFileSync(unit, read('systemd/moldau.service').replace('=/usr/local/bin/moldau', '=/bin/true'));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
      encoding: 'utf8',
    });
    rmSync(folder, { recursive: true });
    const ours = stderr.split('\n').filter((line) => line.includes('moldau'));
    assert.deepEqual({ status, ours }, { status: 0, ours: [] });
  });

  it('has a unit that leaves the broker the number of the boot', () => {
    assert.doesNotMatch(read('systemd/moldau.service'), /^ProcSubset=pid$/m);
  });

  it('has pipelines of fluent-bit with inputs and outputs', () => {
    for (const path of globSync('deploy/fluent-bit/*.yaml', { cwd: ROOT })) {
      const { pipeline } = parse(readFileSync(join(ROOT, path), 'utf8')) as {
        pipeline: Record<
          'inputs' | 'outputs',
          { name: string; topics?: string; match?: string; tag?: string }[]
        >;
      };
      const [input] = pipeline.inputs;
      const [output] = pipeline.outputs;
      assert.equal(output?.match, input?.tag);
      assert.equal(input?.topics ?? output?.topics, 'logs');
    }
  });
});
