// Prometheus' text format, version 0.0.4.
//
// A summary is written as the usual configuration of the JMX exporter has Kafka's histograms: quantiles are gauges, with quantile="0.50", and sum and
// count are counters of their own. Of a true summary newer Prometheus would make that "0.5", and dashboards made for Kafka would find nothing.

import type { Histogram } from './histogram.ts';
import { type MetricFamily, type MetricSink, QUANTILES } from './metric-sink.ts';

export const TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** With its braces: {topic="orders",partition="3"}; '' when there are none. */
class TextLabels {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Those of one quantile. */
  with(quantile: string): string {
    const before = this.text === '' ? '{' : `${this.text.slice(0, -1)},`;
    return `${before}quantile="${quantile}"}`;
  }
}

const QUANTILE_TEXTS = QUANTILES.map((quantile) => String(quantile).padEnd(4, '0'));

const NO_LABELS = new TextLabels('');

export class TextSink implements MetricSink {
  #text = '';
  #name = '';
  /** Of the summaries of this family. */
  #sums = '';
  #counts = '';

  labels(...namesAndValues: readonly string[]): TextLabels {
    if (namesAndValues.length === 0) return NO_LABELS;
    let text = '{';
    for (let i = 0; i < namesAndValues.length; i += 2) {
      text += `${i > 0 ? ',' : ''}${namesAndValues[i]}="${escaped(namesAndValues[i + 1]!)}"`;
    }
    return new TextLabels(`${text}}`);
  }

  family({ name, type, help }: MetricFamily): void {
    this.#endSummaries();
    this.#name = name;
    this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type === 'summary' ? 'gauge' : type}\n`;
  }

  value(value: number, labels: TextLabels = NO_LABELS): void {
    this.#text += `${this.#name}${labels.text} ${numberText(value)}\n`;
  }

  summary(histogram: Histogram, labels: TextLabels): void {
    const values = histogram.quantiles(QUANTILES);
    for (const [index, quantile] of QUANTILE_TEXTS.entries())
      this.#text += `${this.#name}${labels.with(quantile)} ${numberText(values[index]!)}\n`;
    this.#sums += `${this.#name}_sum${labels.text} ${numberText(histogram.sum)}\n`;
    this.#counts += `${this.#name}_count${labels.text} ${histogram.count}\n`;
  }

  get text(): string {
    this.#endSummaries();
    return this.#text;
  }

  #endSummaries(): void {
    if (this.#counts === '') return;
    const name = this.#name;
    this.#text += `# TYPE ${name}_sum counter\n${this.#sums}# TYPE ${name}_count counter\n${this.#counts}`;
    this.#sums = '';
    this.#counts = '';
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
