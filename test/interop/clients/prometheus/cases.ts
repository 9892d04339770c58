// promtool and a Prometheus of its own beside a broker with metrics, which is used a little so that there is something to see.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Kafka } from '@moldau/client';
import { type Broker, freePort, startBroker } from '../../harness/broker.ts';
import { main, testCase, until } from '../../harness/cases.ts';
import { mustRun } from '../../harness/command.ts';

const tools = process.env.PROMETHEUS ?? '/usr/bin';
const deploy = resolve(import.meta.dirname, '../../../../deploy');
const rules = join(deploy, 'prometheus/alerts.yml');
/** Where nothing has failed yet there is nothing to see. */
const MAY_BE_EMPTY = /requestmetrics_errors_total|certificate_expiry/;

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

async function withBroker<T>(use: (metricsAddress: string) => Promise<T>): Promise<T> {
  const metricsAddress = `127.0.0.1:${await freePort()}`;
  const broker: Broker = await startBroker('prometheus', {
    settings: [`moldau.metrics.listen=${metricsAddress}`],
  });
  try {
    await useALittle(broker.bootstrap);
    return await use(metricsAddress);
  } finally {
    assert.equal(await broker.stop(), undefined);
  }
}

async function useALittle(bootstrap: string): Promise<void> {
  const kafka = new Kafka({ brokers: [bootstrap] });
  await using producer = kafka.producer();
  await producer.send('orders', [{ value: 'a' }, { value: 'b' }]);
  const consumer = kafka.consumer({ groupId: 'readers', autoOffsetReset: 'earliest' }).subscribe('orders');
  for await (const record of consumer) {
    await consumer.commit(record);
    break;
  }
  await consumer.close();
}

testCase('rules', async () => {
  const output = await mustRun([join(tools, 'promtool'), 'check', 'rules', rules]);
  return /SUCCESS: \d+ rules found/.exec(output)![0];
});

testCase('metrics', () =>
  withBroker(async (address) => {
    const text = await (await fetch(`http://${address}/metrics`)).text();
    // It also has opinions on names: Kafka's are what they are, and ours that go with them.
    const child = spawn(join(tools, 'promtool'), ['check', 'metrics']);
    let said = '';
    child.stderr.on('data', (bytes) => (said += bytes));
    child.stdout.on('data', (bytes) => (said += bytes));
    child.stdin.end(text);
    await new Promise((done) => child.on('close', done));
    assert.doesNotMatch(said, /error while linting|parse error|parsing error|invalid/i, said);
    const opinions = said.split('\n').filter(
      (line) =>
        /^(moldau|process)_/.test(line) &&
        !/abbreviated|base unit|milli|camelCase/.test(line) &&
        // Quantiles are gauges with counters beside them, as the JMX exporter has them.
        !line.startsWith('moldau_event_loop_delay_ms'),
    );
    assert.deepEqual(opinions, []);
    return `${text.split('\n').length} lines`;
  }),
);

async function query(port: number, expression: string): Promise<unknown[]> {
  const url = new URL(`http://127.0.0.1:${port}/api/v1/query`);
  url.searchParams.set('query', expression);
  const answer = (await (await fetch(url)).json()) as {
    status: string;
    error?: string;
    data: { result: unknown[] };
  };
  assert.equal(answer.status, 'success', `${answer.error}: ${expression}`);
  return answer.data.result;
}

async function startPrometheus(
  folder: string,
  metricsAddress: string,
): Promise<{ port: number; child: ChildProcess }> {
  const file = join(folder, 'prometheus.yml');
  const scraped = `[{ job_name: moldau, static_configs: [{ targets: ['${metricsAddress}'] }] }]`;
  writeFileSync(
    file,
    `global: { scrape_interval: 1s }\nrule_files: ['${rules}']\nscrape_configs: ${scraped}\n`,
  );
  const port = await freePort();
  const child = spawn(
    join(tools, 'prometheus'),
    [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  process.on('exit', () => child.kill('SIGKILL'));
  return { port, child };
}

testCase('scraped', () =>
  withBroker(async (metricsAddress) => {
    const folder = mkdtempSync(join(tmpdir(), 'moldau-prometheus-'));
    const { port, child } = await startPrometheus(folder, metricsAddress);
    try {
      const twice = 'count_over_time(up{job="moldau"}[1m]) > 2 and up{job="moldau"} == 1';
      await until('three scrapes', async () => (await query(port, twice).catch(() => [])).length > 0);
      const dashboard = JSON.parse(readFileSync(join(deploy, 'grafana/moldau.json'), 'utf8')) as {
        panels: Panel[];
      };
      let count = 0;
      for (const { title, targets = [] } of dashboard.panels) {
        for (const { expr } of targets) {
          // What Grafana puts in for its variables.
          const asked = expr
            .replaceAll('$__rate_interval', '1m')
            .replaceAll('$job', 'moldau')
            .replaceAll(/\$(instance|topic|group)/g, '.*');
          const found = await query(port, asked);
          if (!MAY_BE_EMPTY.test(expr)) assert.ok(found.length > 0, `${title} shows nothing: ${asked}`);
          count += 1;
        }
      }
      const firing = await query(port, 'ALERTS{alertstate="firing"}');
      assert.deepEqual(firing, []);
      return `${count} expressions`;
    } finally {
      child.kill('SIGKILL');
      await until('its end', () => child.exitCode !== null || child.signalCode !== null);
      rmSync(folder, { recursive: true, force: true });
    }
  }),
);

await main();
