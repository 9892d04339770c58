// Keys of quotas, metrics and telemetry.

import { inert, int, list, long, password, string } from '../definition.ts';
import { exportUrlProblem, headersProblem, pageAddressProblem } from '../monitoring-settings.ts';

export const operationsConfigs = {
  'quota.window.num': int(11, 'Samples kept for client quotas.', { min: 1, importance: 'LOW' }),
  'quota.window.size.seconds': int(1, 'Length of one such sample.', { min: 1, importance: 'LOW' }),
  'controller.quota.window.num': int(11, 'Samples kept for the quota of partitions made and removed.', {
    min: 1,
    importance: 'LOW',
  }),
  'controller.quota.window.size.seconds': int(1, 'Length of one such sample.', {
    min: 1,
    importance: 'LOW',
  }),
  ...inert('Metrics reporters are Java classes, and there is no JVM', {
    'metric.reporters': list('org.apache.kafka.common.metrics.JmxReporter', 'Classes that report metrics.', {
      importance: 'LOW',
      update: 'cluster-wide',
    }),
    'metrics.num.samples': int(2, 'Samples kept for a metric.', { min: 1, importance: 'LOW' }),
    'metrics.recording.level': string('INFO', 'Which metrics are recorded.', { importance: 'LOW' }),
    'metrics.sample.window.ms': long(30_000, 'Length of one sample.', { min: 1, importance: 'LOW' }),
    'kafka.metrics.polling.interval.secs': int(10, 'How often the older metrics are polled.', {
      min: 1,
      importance: 'LOW',
    }),
    'kafka.metrics.reporters': list('', 'Classes that report the older metrics.', { importance: 'LOW' }),
  }),
  'telemetry.max.bytes': int(1_048_576, 'The largest push of client metrics.', {
    min: 1,
    importance: 'LOW',
  }),
  'moldau.metrics.listen': string(
    '127.0.0.1:9404',
    'Where /metrics (for Prometheus) and /health/live, /health/ready and /health/started are served; empty for nowhere. Whoever reaches it can read them. A port in use is told and does not stop the broker.',
    { check: pageAddressProblem },
  ),
  'moldau.metrics.topics': int(
    1_000,
    'Topics with metrics of their own; those of the others are added up as the topic "(others)".',
    { min: 0, importance: 'LOW' },
  ),
  'moldau.metrics.partitions': int(
    10_000,
    'Partitions with metrics of their own, and as many offsets of groups with their lag.',
    { min: 0, importance: 'LOW', update: 'cluster-wide' },
  ),
  'moldau.metrics.lag.interval.ms': int(
    10_000,
    'How often records are looked at to tell the lag of groups in seconds. Nobody looks while nobody asks for metrics.',
    { min: 100, importance: 'LOW', update: 'cluster-wide' },
  ),
  'moldau.metrics.otlp.url': string(
    '',
    'Where metrics are sent with OTLP/HTTP (JSON), as in http://collector:4318/v1/metrics; empty for nowhere.',
    { check: exportUrlProblem },
  ),
  'moldau.metrics.otlp.interval.ms': int(60_000, 'How often they are sent.', {
    min: 1_000,
    importance: 'LOW',
  }),
  'moldau.metrics.otlp.headers': password(
    'Headers to send with them, as name=value with commas between them.',
    { importance: 'LOW', check: headersProblem },
  ),
  'moldau.slow.request.ms': int(
    1_000,
    'Requests that take longer are told in the log, a few of each API a minute. What a client itself wants to wait for does not count. 0 for none.',
    { min: 0, update: 'cluster-wide' },
  ),
};
