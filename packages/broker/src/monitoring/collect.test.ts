// That going over ten thousand partitions is a bounded amount of work, in small steps.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectLogs } from './collect.ts';
import type { MetricFamily, MetricSink } from './metric-sink.ts';
import type { MonitoredLogs } from './monitored.ts';

const CLEANER = {
  ...{ enabled: true, cleaning: undefined, runs: 0, cleanedBytes: 0, removedBytes: 0, removedRecords: 0 },
  ...{ maxMapFill: 0, maxDirtyRatio: 0, lastRun: undefined, uncleanable: [] },
};

function logsOf(count: number): MonitoredLogs {
  return {
    cleaner: { snapshot: () => CLEANER },
    logDirs: () => [],
    offlineLogCount: 0,
    *loadedLogs() {
      for (let index = 0; index < count; index += 1)
        yield {
          directoryName: `orders-${index}`,
          sizeBytes: 1,
          logStartOffset: 0,
          logEndOffset: 1,
          segmentCount: 1,
        };
    },
  };
}

/** Counts what it is told, by family. */
class CountingSink implements MetricSink {
  readonly counts = new Map<string, number>();
  last = 0;
  labelCount = 0;
  #family = '';

  labels(): object {
    this.labelCount += 1;
    return {};
  }
  family({ name }: MetricFamily): void {
    this.#family = name;
    this.counts.set(name, 0);
  }
  value(value: number): void {
    this.last = value;
    this.counts.set(this.#family, this.counts.get(this.#family)! + 1);
  }
  summary(): void {}
  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0) + this.labelCount;
  }
}

describe('collecting the figures of partitions', () => {
  it('pauses every few hundred of them', () => {
    const sink = new CountingSink();
    let before = 0;
    let pauses = 0;
    for (const collection = collectLogs({ logs: logsOf(10_000) }, { maxPartitions: 10_000 }, sink); ; ) {
      const { done } = collection.next();
      assert.ok(sink.total - before <= 510, `${sink.total - before} in one go`);
      before = sink.total;
      if (done === true) break;
      pauses += 1;
    }
    assert.equal(sink.counts.get('kafka_log_log_size'), 10_000);
    // Labels are made once for the four series of a partition.
    assert.equal(sink.labelCount, 10_000);
    assert.ok(pauses >= 50_000 / 510);
  });

  it('leaves out those above the bound, and tells how many', () => {
    const sink = new CountingSink();
    const values = new Map<string, number>();
    const told: MetricSink = {
      labels: () => sink.labels(),
      summary() {},
      family: (family) => sink.family(family),
      value(value) {
        sink.value(value);
        values.set([...sink.counts.keys()].at(-1)!, value);
      },
    };
    for (const _ of collectLogs({ logs: logsOf(25_000) }, { maxPartitions: 100 }, told));
    assert.equal(sink.counts.get('kafka_log_log_logendoffset'), 100);
    assert.equal(values.get('moldau_metrics_partitions_left_out'), 24_900);
  });
});
