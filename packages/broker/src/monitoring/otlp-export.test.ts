import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HttpPost, Logger } from '@moldau/io';
import { ManualTime } from '@moldau/testing';
import { Histogram } from './histogram.ts';
import type { MetricSink } from './metric-sink.ts';
import { OtlpExport } from './otlp-export.ts';

const SECRET = 'Bearer s3cret';

function exporting(answer: () => Promise<Buffer>) {
  const time = new ManualTime();
  const posts: { url: URL; document: HttpPost }[] = [];
  const lines: string[] = [];
  const tell = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: tell, info: tell, warn: tell, error: tell };
  const figures = {
    ...{ startedMs: time.wallMs() - 5, residentBytes: 1, heapBytes: 1, externalBytes: 1, cpuSeconds: 1 },
    ...{ openFiles: undefined, maxOpenFiles: undefined, activeMs: 1, idleMs: 1 },
  };
  const otlp = new OtlpExport({
    ...{ clock: time, timers: time, logger, version: '1.2.3', intervalMs: 1000 },
    url: new URL('http://collector:4318/v1/metrics'),
    headers: { authorization: SECRET },
    resource: () => ({ 'service.name': 'moldau' }),
    process: { runtimeVersion: 'v1', figures: () => Promise.resolve(figures) },
    metrics: { collect },
    http: {
      get: () => Promise.reject(new Error('not asked for')),
      post(url, document) {
        posts.push({ url, document });
        return answer();
      },
    },
  });
  return { time, posts, lines, otlp };
}

function collect(sink: MetricSink): Promise<void> {
  sink.family({ name: 'counted', type: 'counter', help: 'Help.', labels: ['topic'] });
  sink.value(3, sink.labels('topic', 'a'));
  sink.family({ name: 'measured', type: 'gauge', help: 'Help.', labels: [] });
  sink.value(Number.NaN);
  sink.family({ name: 'spread', type: 'summary', help: 'Help.', labels: [] });
  const histogram = new Histogram();
  histogram.record(0);
  sink.summary(histogram, sink.labels());
  return Promise.resolve();
}

describe('metrics for OpenTelemetry', () => {
  it('are sent again and again, as its collectors want them', async () => {
    const { time, posts, otlp } = exporting(() => Promise.resolve(Buffer.from('{}')));
    await time.advance(2500);
    assert.equal(posts.length, 2);
    const { url, document } = posts[0]!;
    assert.equal(url.href, 'http://collector:4318/v1/metrics');
    assert.equal(document.headers?.authorization, SECRET);
    const { resourceMetrics } = JSON.parse(document.body);
    const times = { startTimeUnixNano: '1767225599995000000', timeUnixNano: '1767225601000000000' };
    const topic = { key: 'topic', value: { stringValue: 'a' } };
    assert.deepEqual(resourceMetrics[0].resource, {
      attributes: [{ key: 'service.name', value: { stringValue: 'moldau' } }],
    });
    assert.deepEqual(resourceMetrics[0].scopeMetrics[0], {
      scope: { name: 'moldau', version: '1.2.3' },
      metrics: [
        {
          ...{ name: 'counted', description: 'Help.' },
          sum: {
            dataPoints: [{ ...times, attributes: [topic], asDouble: 3 }],
            ...{ aggregationTemporality: 2, isMonotonic: true },
          },
        },
        { name: 'measured', description: 'Help.', gauge: { dataPoints: [] } },
        {
          ...{ name: 'spread', description: 'Help.' },
          summary: {
            dataPoints: [
              {
                ...{ ...times, attributes: [], count: '1', sum: 0 },
                quantileValues: [0.5, 0.75, 0.95, 0.98, 0.99, 0.999].map((quantile) => ({
                  quantile,
                  value: 0,
                })),
              },
            ],
          },
        },
      ],
    });
    otlp.stop();
    await time.advance(5000);
    assert.equal(posts.length, 2);
  });

  it('that are not taken are told once, without the headers, and sent on', async () => {
    let isUp = false;
    const { time, posts, lines, otlp } = exporting(() =>
      isUp ? Promise.resolve(Buffer.alloc(0)) : Promise.reject(new Error('the server answered 503')),
    );
    await time.advance(3500);
    assert.equal(posts.length, 3);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /could not be sent.*answered 503/);
    isUp = true;
    await time.advance(1000);
    assert.match(lines[1]!, /are taken again/);
    assert.doesNotMatch(lines.join('\n'), /s3cret/);
    otlp.stop();
  });
});
