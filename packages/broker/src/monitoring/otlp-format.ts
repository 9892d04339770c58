// OpenTelemetry's metrics as JSON (OTLP 1.x, ExportMetricsServiceRequest): the same names and labels as in Prometheus' text.

import type { Histogram } from './histogram.ts';
import { type Labels, type MetricFamily, type MetricSink, QUANTILES } from './metric-sink.ts';

/** What each counter says is the sum since the process started. */
const CUMULATIVE = 2;

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

export interface OtlpTimes {
  /** Of the wall clock. */
  readonly startedMs: number;
  readonly nowMs: number;
}

const NO_LABELS: readonly Attribute[] = [];

export class OtlpSink implements MetricSink {
  readonly #metrics: object[] = [];
  readonly #times: { readonly startTimeUnixNano: string; readonly timeUnixNano: string };
  #points: object[] = [];

  constructor({ startedMs, nowMs }: OtlpTimes) {
    this.#times = { startTimeUnixNano: nanoseconds(startedMs), timeUnixNano: nanoseconds(nowMs) };
  }

  labels(...namesAndValues: readonly string[]): Labels {
    const attributes: Attribute[] = [];
    for (let i = 0; i < namesAndValues.length; i += 2) {
      attributes.push({ key: namesAndValues[i]!, value: { stringValue: namesAndValues[i + 1]! } });
    }
    return attributes;
  }

  family({ name, type, help }: MetricFamily): void {
    const dataPoints: object[] = [];
    this.#points = dataPoints;
    const data =
      type === 'counter'
        ? { sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }
        : { [type]: { dataPoints } };
    this.#metrics.push({ name, description: help, ...data });
  }

  value(value: number, attributes: Labels = NO_LABELS): void {
    // JSON has no word for what is unknown, and a point without a value is what that means.
    if (Number.isFinite(value)) this.#points.push({ ...this.#times, attributes, asDouble: value });
  }

  summary(histogram: Histogram, attributes: Labels): void {
    const values = histogram.quantiles(QUANTILES);
    const quantileValues = QUANTILES.flatMap((quantile, index) =>
      Number.isNaN(values[index]) ? [] : [{ quantile, value: values[index] }],
    );
    this.#points.push({
      ...this.#times,
      ...{ attributes, count: String(histogram.count), sum: histogram.sum, quantileValues },
    });
  }

  /** @param resource what the process is, by OpenTelemetry's names */
  body(resource: Readonly<Record<string, string>>, version: string): string {
    const attributes = this.labels(...Object.entries(resource).flat());
    return JSON.stringify({
      resourceMetrics: [
        {
          resource: { attributes },
          scopeMetrics: [{ scope: { name: 'moldau', version }, metrics: this.#metrics }],
        },
      ],
    });
  }
}

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms)) * 1_000_000n);
}
