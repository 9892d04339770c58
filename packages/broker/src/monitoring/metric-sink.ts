// Where metrics go when they are collected: a collector says what there is, and a sink makes Prometheus' text or OpenTelemetry's JSON of it.

import type { Histogram } from './histogram.ts';

export interface MetricFamily {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Values of the family's labels, made ready by the sink for any number of its metrics. */
export type Labels = object;

/** Those that the JMX exporter has of Kafka's histograms. */
export const QUANTILES = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999] as const;

export interface MetricSink {
  /** Names and values in turn. */
  labels(...namesAndValues: readonly string[]): Labels;
  /** What follows is of this family; each is named once. */
  family(family: MetricFamily): void;
  value(value: number, labels?: Labels): void;
  /** Of a family of type summary. */
  summary(histogram: Histogram, labels: Labels): void;
}
