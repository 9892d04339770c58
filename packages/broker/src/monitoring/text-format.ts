// Prometheus' text format, version 0.0.4.

import type { Histogram } from './histogram.ts';
import { type MetricFamily, type MetricSink, QUANTILES } from './metric-sink.ts';

export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Between its braces: topic="orders",partition="3". */
class TextLabels {
  readonly inner: string;
  readonly whole: string;

  constructor(inner: string) {
    this.inner = inner;
    this.whole = inner === '' ? '' : `{${inner}}`;
  }
}

const NO_LABELS = new TextLabels('');

export class TextSink implements MetricSink {
  readonly #lines: string[] = [];
  #name = '';

  labels(...namesAndValues: readonly string[]): TextLabels {
    let inner = '';
    for (let i = 0; i < namesAndValues.length; i += 2) {
      inner += `${i > 0 ? ',' : ''}${namesAndValues[i]}="${escaped(namesAndValues[i + 1]!)}"`;
    }
    return new TextLabels(inner);
  }

  family({ name, type, help }: MetricFamily): void {
    this.#name = name;
    this.#lines.push(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`);
  }

  value(value: number, labels: TextLabels = NO_LABELS): void {
    this.#lines.push(`${this.#name}${labels.whole} ${numberText(value)}\n`);
  }

  summary(histogram: Histogram, labels: TextLabels): void {
    const values = histogram.quantiles(QUANTILES);
    const before = labels.inner === '' ? '' : `${labels.inner},`;
    for (const [index, quantile] of QUANTILES.entries()) {
      this.#lines.push(`${this.#name}{${before}quantile="${quantile}"} ${numberText(values[index]!)}\n`);
    }
    this.#lines.push(`${this.#name}_sum${labels.whole} ${numberText(histogram.sum)}\n`);
    this.#lines.push(`${this.#name}_count${labels.whole} ${histogram.count}\n`);
  }

  get text(): string {
    return this.#lines.join('');
  }
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
}
