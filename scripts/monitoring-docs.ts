// Writes docs/monitoring.md from the table of metrics and from the alerts: `npx node --conditions=source scripts/monitoring-docs.ts`.

import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { LOGGER_NAMES } from '../packages/broker/src/monitoring/log-levels.ts';
import { families } from '../packages/broker/src/monitoring/metric-families.ts';

const target = new URL('../docs/monitoring.md', import.meta.url);
const alertsFile = new URL('../deploy/prometheus/alerts.yml', import.meta.url);

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}

export function readAlerts(): Alert[] {
  const { groups } = parse(readFileSync(alertsFile, 'utf8')) as { groups: { rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

const INTRODUCTION = `# Monitoring

<!-- Written by scripts/monitoring-docs.ts from the table of metrics and deploy/prometheus/alerts.yml; change those and run it again. -->

A broker tells what it does by itself: no agent, no exporter and no lag monitor beside it.

\`\`\`sh
curl -sS http://127.0.0.1:9404/metrics
curl -sS http://127.0.0.1:9404/health/ready
\`\`\`

\`moldau.metrics.listen\` says where: \`127.0.0.1:9404\` unless set, nowhere when it is empty. Whoever reaches the port can read what is there (names of topics
and groups, no records), so open it to your own network only: \`--set moldau.metrics.listen=10.0.0.5:9404\`. When the port is taken, say by a second broker on the
machine, the broker serves without, and the log tells it: as a warning where the setting says which port.

## Health

| page | 200 when | else 503; made for |
|---|---|---|
| \`/health/live\` | the process answers | Kubernetes' livenessProbe: a process that hangs is started again |
| \`/health/started\` | the listeners are open | startupProbe |
| \`/health/ready\` | it serves, all of \`log.dirs\` can be used and have room, and it is not stopping | readinessProbe, load balancers |

The body is JSON and says why: \`{"status":"not ready","reasons":["the broker is stopping"]}\`.

A disk that has failed stays offline until the broker is restarted. One that is full refuses records, and readiness comes back by itself with the room; consumers are served
meanwhile. Where being not ready takes the broker's address away from them too, as in a Service of Kubernetes, set \`publishNotReadyAddresses: true\` there.

## Prometheus and Grafana

\`\`\`yaml
# prometheus.yml
rule_files: [alerts.yml]          # deploy/prometheus/alerts.yml
scrape_configs:
  - job_name: moldau              # the alerts go by this name
    scrape_interval: 15s
    static_configs:
      - targets: ['127.0.0.1:9404']
\`\`\`

In Grafana import \`deploy/grafana/moldau.json\` and choose the data source. Dashboards that were made for Kafka with Prometheus' JMX exporter and its usual
configuration, or Strimzi's, work too: what Kafka has is called the same. So are the offsets and lags of kafka_exporter. What Kafka does not have is \`moldau_...\`; what is
Java's (\`jvm_...\`) is not there.

## OpenTelemetry

\`moldau.metrics.otlp.url=http://collector:4318/v1/metrics\` sends the same metrics, with the same names, every \`moldau.metrics.otlp.interval.ms\` with OTLP over HTTP
(JSON). Headers, for a token, go into \`moldau.metrics.otlp.headers\` (\`authorization=Bearer ...\`), which is kept secret.

## What it costs

Counting takes less than a hundredth of the time of a busy broker, whether somebody looks or not. Looking is work in small steps, between which clients are served; there is a bound on
how much there can be to tell:

- \`moldau.metrics.topics\` (1000): the traffic of topics above that is added up as \`topic="(others)"\`. Sum over \`topic!=""\` for all topics, or take the series without a topic.
- \`moldau.metrics.partitions\` (10,000): so many partitions, and so many offsets of groups, have series of their own.
  \`moldau_metrics_..._left_out\` say how many have none.

A partition has series once it is used: what nobody has written to or read from since the start is not loaded, and its size is not known. \`kafka-log-dirs\`, or any
client's DescribeLogDirs, looks at the disk instead.

Quantiles are of the last one to two minutes and within 6 %. The lag in seconds is the age of the record at the committed offset, by the timestamps of its
batch; records are looked at every \`moldau.metrics.lag.interval.ms\` at most, 500 at a time, and only while somebody asks for metrics.

## Metrics

A counter only grows, until the broker restarts. A summary has gauges with \`quantile\` 0.50, 0.75, 0.95, 0.98, 0.99 and 0.999, and
the counters \`_count\` and \`_sum\`.

| metric | type | labels | |
|---|---|---|---|
`;

const ALERTS = `
## Alerts

\`deploy/prometheus/alerts.yml\` has these. Times and thresholds are for a start: change them to what is normal for you.

| alert | severity | after | tells | what to do |
|---|---|---|---|---|
`;

const LOGS = `
## Logs

Lines go to standard error, as JSON or, with \`--log-format pretty\`, for people. \`--log-level\` (or \`LOG_LEVEL\`; \`warn\` unless set) is the level of all loggers, and
\`--log-level warn,audit=info\` gives some of them another.
While the broker runs, levels are changed as with Kafka's brokers, by this, \`kafka-configs\` or any client's IncrementalAlterConfigs, until the next restart:

\`\`\`sh
moldau config get broker-logger 1
moldau config set broker-logger 1 network=DEBUG
moldau config unset broker-logger 1 network
\`\`\`

The loggers are \`root\`, whose level those without one of their own have, and ${LOGGER_NAMES.map((name) => `\`${name}\``).join(', ')}. Levels are FATAL (nothing), ERROR, WARN, INFO, DEBUG and TRACE
(as DEBUG).

The logger \`requests\` tells of requests that took longer than \`moldau.slow.request.ms\`: API, client, principal, and how long it was in the queue, at work and being
sent. What a client itself wants to wait for, as a Fetch without new records, does not count. No line has a password, a token or a record in it.

The logger \`audit\` is for those who have to know who did what. It warns of what was denied ([authorization.md](authorization.md)), and tells at INFO, with or without an
authorizer, of every request to change something: topics, partitions, settings, quotas, users, access rules, tokens, features, groups' offsets that were deleted. A line has
principal, host, client id, API, what was asked, and the errors it was answered with. Its message says how it ended: "changed by a client", "changed by a client, refused in
part" or "refused to a client":

\`\`\`sh no-run: it goes on for ever
moldau server --log-level warn,audit=info 2>&1 | jq 'select(.msg | startswith("changed by a client"))'
\`\`\`
`;

export function renderMonitoringPage(): string {
  const metrics = Object.values(families).map(({ name, type, labels, help }) => {
    const shown = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${shown} | ${help} |\n`;
  });
  const alerts = readAlerts().map(({ alert, labels, for: after = 'at once', annotations }) => {
    const summary = annotations.summary.replace(/\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}/g, '*$1*');
    return `| ${alert} | ${labels.severity} | ${after} | ${summary} | ${annotations.action} |\n`;
  });
  return [INTRODUCTION, ...metrics, ALERTS, ...alerts, LOGS].join('');
}

if (import.meta.main) writeFileSync(target, renderMonitoringPage());
