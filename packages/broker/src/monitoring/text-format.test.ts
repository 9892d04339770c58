import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Histogram } from './histogram.ts';
import { TextSink } from './text-format.ts';

const family = (type: 'counter' | 'gauge' | 'summary') => ({ name: 'it', type, help: 'Help.', labels: [] });

describe("Prometheus' text", () => {
  it('has one line for each value, with its labels', () => {
    const sink = new TextSink();
    sink.family(family('gauge'));
    sink.value(1.5);
    sink.value(Number.POSITIVE_INFINITY, sink.labels('topic', 'a', 'partition', '3'));
    sink.value(Number.NaN, sink.labels());
    assert.equal(
      sink.text,
      '# HELP it Help.\n# TYPE it gauge\nit 1.5\nit{topic="a",partition="3"} +Inf\nit NaN\n',
    );
  });

  it('lets no label break out of its quotes', () => {
    const sink = new TextSink();
    sink.family(family('counter'));
    sink.value(1, sink.labels('group', 'a"} 5\nevil \\'));
    assert.match(sink.text, /^it\{group="a\\"\} 5\\nevil \\\\"\} 1$/m);
    assert.equal(sink.text.split('\n').length, 4);
  });

  it('has quantiles as the JMX exporter writes them, and sum and count beside them', () => {
    const sink = new TextSink();
    const histogram = new Histogram();
    histogram.record(0);
    sink.family(family('summary'));
    sink.summary(histogram, sink.labels('request', 'Fetch'));
    sink.summary(new Histogram(), sink.labels());
    sink.family({ ...family('gauge'), name: 'other' });
    const labels = ['0.50', '0.75', '0.95', '0.98', '0.99', '0.999'].map((text) => `quantile="${text}"`);
    assert.equal(
      sink.text,
      [
        '# HELP it Help.\n# TYPE it gauge',
        ...labels.map((quantile) => `it{request="Fetch",${quantile}} 0`),
        ...labels.map((quantile) => `it{${quantile}} NaN`),
        '# TYPE it_sum counter\nit_sum{request="Fetch"} 0\nit_sum 0',
        '# TYPE it_count counter\nit_count{request="Fetch"} 1\nit_count 0',
        '# HELP other Help.\n# TYPE other gauge\n',
      ].join('\n'),
    );
  });
});
