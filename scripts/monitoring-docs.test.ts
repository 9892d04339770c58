// That what is written of metrics, in the docs, the dashboard and the alerts, is what a broker exports: its own test compares the table with a scrape.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { families } from '../packages/broker/src/monitoring/metric-families.ts';
import type { MetricFamily } from '../packages/broker/src/monitoring/metric-sink.ts';
import { renderDashboard } from './grafana-dashboard.ts';
import { readAlerts, renderMonitoringPage } from './monitoring-docs.ts';

const byName = new Map<string, MetricFamily>();
for (const family of Object.values(families) as MetricFamily[]) {
  byName.set(family.name, family);
  if (family.type !== 'summary') continue;
  for (const suffix of ['_sum', '_count']) byName.set(`${family.name}${suffix}`, family);
}

const METRIC = /\b((?:kafka|moldau|process|nodejs)_[a-z0-9_]+)\b(\{[^}]*\})?/g;
/** What Prometheus itself gives every series. */
const GIVEN_LABELS = ['job', 'instance', 'quantile'];

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}

/** The metrics that an expression names; all it names must be there, with the labels it asks for. */
function checkExpression(expression: string): string[] {
  const found = [...expression.matchAll(METRIC)];
  for (const [, name, matchers = ''] of found) {
    const family = byName.get(name!);
    assert.ok(family !== undefined, `${name} is not exported: ${expression}`);
    for (const [, label] of matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g))
      assert.ok([...family.labels, ...GIVEN_LABELS].includes(label!), `${name} has no label ${label}`);
  }
  for (const [, labels] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
    const known = found.flatMap(([, name]) => byName.get(name!)!.labels);
    for (const label of labels!.split(/, */))
      assert.ok([...known, ...GIVEN_LABELS].includes(label), `there is no label ${label}: ${expression}`);
  }
  return found.map(([, name]) => name!);
}

it('docs/monitoring.md is what the tables say (scripts/monitoring-docs.ts writes it)', () => {
  assert.equal(read('docs/monitoring.md'), renderMonitoringPage());
});

describe('the dashboard', () => {
  const dashboard = JSON.parse(read('deploy/grafana/moldau.json'));

  it('is the one that scripts/grafana-dashboard.ts writes', () => {
    assert.deepEqual(dashboard, JSON.parse(renderDashboard()));
  });

  it('asks only for what is exported', () => {
    let count = 0;
    for (const { targets = [], title } of dashboard.panels) {
      for (const { expr } of targets) {
        assert.ok(checkExpression(expr).length > 0, `${title} asks for nothing`);
        count += 1;
      }
    }
    assert.ok(count > 40);
    for (const { query } of dashboard.templating.list) checkExpression(query);
  });
});

describe('the alerts', () => {
  it('ask only for what is exported, and say what to do', () => {
    const alerts = readAlerts();
    assert.ok(alerts.length > 15);
    for (const { alert, expr, annotations } of alerts) {
      if (alert !== 'MoldauDown') assert.ok(checkExpression(expr).length > 0, `${alert} asks for nothing`);
      assert.ok(annotations.summary.length > 10 && annotations.action.length > 10, alert);
      for (const name of byName.keys()) assert.ok(!annotations.summary.includes(name));
    }
  });

  it('notice a metric or a label that is not there', () => {
    assert.throws(() => checkExpression('rate(kafka_server_nothing_total[5m])'), /is not exported/);
    assert.throws(() => checkExpression('kafka_log_log_size{group="a"}'), /has no label group/);
    assert.throws(() => checkExpression('sum by (group) (kafka_log_log_size)'), /no label group/);
  });
});
