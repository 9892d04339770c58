// Writes deploy/grafana/moldau.json: `npx node --conditions=source scripts/grafana-dashboard.ts`, then `npm run format`. What it shows is listed here, one line a panel.

import { writeFileSync } from 'node:fs';

const target = new URL('../deploy/grafana/moldau.json', import.meta.url);

const PANEL_WIDTH = 8;
const PANEL_HEIGHT = 7;
const PANELS_PER_ROW = 3;
const DATA_SOURCE = { type: 'prometheus', uid: '$datasource' };
/** Grafana's own minimum that makes rate() right for every resolution. */
const RATE = '$__rate_interval';

/** An expression, and what its lines are called. */
type Query = readonly [expression: string, legend: string];

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly kind?: 'timeseries' | 'stat';
}

const OF = 'instance=~"$instance"';

function rateOf(metric: string, by: string, matchers = OF): string {
  return `sum by (${by}) (rate(${metric}{${matchers}}[${RATE}]))`;
}

function topicRate(what: string): string {
  return `topk(10, ${rateOf(`kafka_server_brokertopicmetrics_${what}_total`, 'topic', `${OF},topic=~"$topic"`)})`;
}

/** Where the time of one API goes. */
function timesOf(api: string): Query[] {
  const at = (what: string, quantile: string) =>
    `kafka_network_requestmetrics_${what}{${OF},request="${api}",quantile="${quantile}"}`;
  return [
    [at('totaltimems', '0.50'), 'total, median'],
    [at('totaltimems', '0.99'), 'total, 99 %'],
    [at('totaltimems', '0.999'), 'total, 99.9 %'],
    [at('requestqueuetimems', '0.99'), 'in queue, 99 %'],
    [at('localtimems', '0.99'), 'at work and disk, 99 %'],
    [at('responsesendtimems', '0.99'), 'sending, 99 %'],
  ];
}

function stat(title: string, unit: string, expression: string): Panel {
  return { title, unit, queries: [[expression, '{{instance}}']], kind: 'stat' };
}

function one(title: string, unit: string, expression: string, legend = '{{instance}}'): Panel {
  return { title, unit, queries: [[expression, legend]] };
}

const rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[] = [
  {
    title: 'At a glance',
    panels: [
      stat(
        'Records in',
        'cps',
        rateOf('kafka_server_brokertopicmetrics_messagesin_total', 'instance', `${OF},topic=""`),
      ),
      stat(
        'Partitions offline or below min.insync.replicas',
        'none',
        `kafka_controller_kafkacontroller_offlinepartitionscount{${OF}} + kafka_server_replicamanager_underminisrpartitioncount{${OF}}`,
      ),
      stat('Longest lag', 's', `max by (instance) (kafka_consumergroup_lag_seconds{${OF}})`),
      stat(
        'Disk free',
        'percentunit',
        `min by (instance) (moldau_log_dir_free_bytes{${OF}} / moldau_log_dir_size_bytes{${OF}})`,
      ),
      stat('Memory', 'bytes', `process_resident_memory_bytes{${OF},job="$job"}`),
      stat('Up for', 's', `moldau_uptime_seconds{${OF}}`),
    ],
  },
  {
    title: 'Topics',
    panels: [
      one('Records in', 'cps', topicRate('messagesin'), '{{topic}}'),
      one('Bytes in', 'Bps', topicRate('bytesin'), '{{topic}}'),
      one('Bytes out', 'Bps', topicRate('bytesout'), '{{topic}}'),
      one('Appends that fail', 'cps', topicRate('failedproducerequests'), '{{topic}}'),
      one(
        'Size',
        'bytes',
        `topk(10, sum by (topic) (kafka_log_log_size{${OF},topic=~"$topic"}))`,
        '{{topic}}',
      ),
      one(
        'Records kept',
        'none',
        `topk(10, sum by (topic) (kafka_log_log_logendoffset{${OF},topic=~"$topic"} - kafka_log_log_logstartoffset{${OF},topic=~"$topic"}))`,
        '{{topic}}',
      ),
    ],
  },
  {
    title: 'Groups',
    panels: [
      one(
        'Lag in records',
        'none',
        `topk(10, sum by (consumergroup, topic) (kafka_consumergroup_lag{${OF},consumergroup=~"$group"}))`,
        '{{consumergroup}} {{topic}}',
      ),
      one(
        'Lag in time',
        's',
        `topk(10, max by (consumergroup, topic) (kafka_consumergroup_lag_seconds{${OF},consumergroup=~"$group"}))`,
        '{{consumergroup}} {{topic}}',
      ),
      one(
        'Records committed',
        'cps',
        `topk(10, sum by (consumergroup, topic) (rate(kafka_consumergroup_current_offset{${OF},consumergroup=~"$group"}[${RATE}])))`,
        '{{consumergroup}} {{topic}}',
      ),
      one(
        'Groups by protocol',
        'none',
        `kafka_server_groupcoordinatormetrics_group_count{${OF}}`,
        '{{protocol}}',
      ),
      {
        title: 'Classic groups by state',
        unit: 'none',
        queries: ['stable', 'empty', 'preparingrebalance', 'completingrebalance', 'dead'].map((state) => [
          `kafka_coordinator_group_groupmetadatamanager_numgroups${state}{${OF}}`,
          state,
        ]),
      },
      one(
        'Consumer groups by state',
        'none',
        `kafka_server_groupcoordinatormetrics_consumer_group_count{${OF}}`,
        '{{state}}',
      ),
    ],
  },
  {
    title: 'Requests',
    panels: [
      one(
        'Requests',
        'reqps',
        rateOf('kafka_network_requestmetrics_requests_total', 'request'),
        '{{request}}',
      ),
      { title: 'Time of Produce', unit: 'ms', queries: timesOf('Produce') },
      { title: 'Time of Fetch', unit: 'ms', queries: timesOf('Fetch') },
      one(
        'Errors',
        'cps',
        rateOf('kafka_network_requestmetrics_errors_total', 'request, error'),
        '{{request}} {{error}}',
      ),
      one(
        'Requests that wait',
        'none',
        `kafka_server_delayedoperationpurgatory_purgatorysize{${OF}}`,
        '{{delayedOperation}}',
      ),
      one('Held up by quotas', 'cps', rateOf('moldau_quota_throttled_requests_total', 'quota'), '{{quota}}'),
    ],
  },
  {
    title: 'Connections',
    panels: [
      one('Connections', 'none', `kafka_server_socketservermetrics_connection_count{${OF}}`, '{{listener}}'),
      one(
        'New connections',
        'cps',
        rateOf('kafka_server_socketservermetrics_connection_creation_total', 'listener'),
        '{{listener}}',
      ),
      {
        title: 'Logins that fail, connections refused',
        unit: 'cps',
        queries: [
          [
            rateOf('kafka_server_socketservermetrics_failed_authentication_total', 'listener'),
            '{{listener}}: logins',
          ],
          [rateOf('moldau_connections_refused_total', 'listener'), '{{listener}}: refused'],
        ],
      },
    ],
  },
  {
    title: 'The process',
    panels: [
      one('Processor time', 'percentunit', `rate(process_cpu_seconds_total{${OF},job="$job"}[${RATE}])`),
      {
        title: 'Memory',
        unit: 'bytes',
        queries: [
          [`process_resident_memory_bytes{${OF},job="$job"}`, 'all'],
          [`nodejs_heap_size_used_bytes{${OF},job="$job"}`, 'heap'],
          [`nodejs_external_memory_bytes{${OF},job="$job"}`, 'buffers'],
          [`moldau_network_buffered_bytes{${OF}}`, 'requests and answers'],
        ],
      },
      {
        title: 'Delay of the event loop',
        unit: 'ms',
        queries: ['0.50', '0.99', '0.999'].map((quantile) => [
          `moldau_event_loop_delay_ms{${OF},quantile="${quantile}"}`,
          quantile,
        ]),
      },
      one('Idle', 'percentunit', `kafka_server_kafkarequesthandlerpool_requesthandleravgidle_percent{${OF}}`),
      one('Open files and sockets', 'none', `process_open_fds{${OF},job="$job"}`),
      {
        title: 'Compaction',
        unit: 'Bps',
        queries: [
          [rateOf('moldau_log_cleaner_cleaned_bytes_total', 'instance'), 'compacted'],
          [rateOf('moldau_log_cleaner_removed_bytes_total', 'instance'), 'taken out'],
        ],
      },
    ],
  },
];

function variable(name: string, label: string, query: string, options: object = {}): object {
  return {
    ...{ name, label, type: 'query', datasource: DATA_SOURCE, query, refresh: 2, sort: 1 },
    ...options,
  };
}

const MANY = { multi: true, includeAll: true, allValue: '.*', current: { text: 'All', value: '$__all' } };

function panels(): object[] {
  const all: object[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    all.push({
      id: all.length + 1,
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: 24, x: 0, y },
    });
    y += 1;
    for (const [index, panel] of panels.entries()) {
      const gridPos = { h: PANEL_HEIGHT, w: PANEL_WIDTH, x: (index % PANELS_PER_ROW) * PANEL_WIDTH, y };
      all.push({
        ...{
          id: all.length + 1,
          type: panel.kind ?? 'timeseries',
          title: panel.title,
          datasource: DATA_SOURCE,
          gridPos,
        },
        fieldConfig: { defaults: { unit: panel.unit, min: 0 }, overrides: [] },
        targets: panel.queries.map(([expr, legendFormat], at) => ({
          ...{ refId: String.fromCharCode(65 + at), datasource: DATA_SOURCE, expr, legendFormat },
        })),
      });
      if (index % PANELS_PER_ROW === PANELS_PER_ROW - 1 || index === panels.length - 1) y += PANEL_HEIGHT;
    }
  }
  return all;
}

export function renderDashboard(): string {
  const dashboard = {
    ...{
      uid: 'moldau',
      title: 'Moldau',
      tags: ['moldau', 'kafka'],
      schemaVersion: 39,
      version: 1,
      editable: true,
    },
    ...{ refresh: '30s', time: { from: 'now-1h', to: 'now' }, timezone: 'browser' },
    templating: {
      list: [
        { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
        variable('job', 'Job', 'label_values(moldau_build_info, job)'),
        variable('instance', 'Broker', 'label_values(moldau_build_info{job="$job"}, instance)', MANY),
        variable(
          'topic',
          'Topic',
          `label_values(kafka_server_brokertopicmetrics_messagesin_total{${OF}}, topic)`,
          MANY,
        ),
        variable('group', 'Group', `label_values(kafka_consumergroup_lag{${OF}}, consumergroup)`, MANY),
      ],
    },
    panels: panels(),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

if (import.meta.main) writeFileSync(target, renderDashboard());
