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

  it('has the quantiles of a summary, its sum and its count', () => {
    const sink = new TextSink();
    const histogram = new Histogram();
    histogram.record(0);
    sink.family(family('summary'));
    sink.summary(histogram, sink.labels('request', 'Fetch'));
    sink.summary(new Histogram(), sink.labels());
    assert.match(sink.text, /^it\{request="Fetch",quantile="0.999"\} 0$/m);
    assert.match(sink.text, /^it_sum\{request="Fetch"\} 0\nit_count\{request="Fetch"\} 1$/m);
    assert.match(sink.text, /^it\{quantile="0.5"\} NaN$/m);
    assert.match(sink.text, /^it_count 0$/m);
  });
});
