// Keys of quotas, metrics and telemetry.

import { inert, int, list, long, string } from '../definition.ts';

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
};
