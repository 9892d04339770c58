// All metrics of a broker: what is counted whether somebody looks or not, and going over everything when somebody does.

import type { Process, ProcessFigures } from '@moldau/io';
import {
  type CollectLimits,
  collectConnections,
  collectGroups,
  collectLogs,
  collectReplication,
  collectRequests,
  collectTopics,
  single,
} from './collect.ts';
import { ConsumerLag } from './consumer-lag.ts';
import { EventLoopWatch } from './event-loop.ts';
import type { Figures } from './figures.ts';
import type { BrokerPhase } from './health.ts';
import { families } from './metric-families.ts';
import type { MetricSink } from './metric-sink.ts';
import type { MonitoredBroker, MonitoringPorts } from './monitored.ts';
import { TextSink } from './text-format.ts';

/** Kafka's numbers. */
const STATES: Record<BrokerPhase, number> = { starting: 1, running: 3, stopping: 6 };
/** Longer than that nobody is kept waiting for what other groups' records say of the time. */
const LAG_WAIT_MS = 500;

export interface MetricsOptions extends MonitoringPorts {
  readonly figures: Figures;
  readonly process: Process;
  readonly version: string;
  readonly limits: () => CollectLimits;
  readonly lagIntervalMs: () => number;
  readonly slowRequests: { readonly count: number };
  readonly phase: () => BrokerPhase;
}

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #eventLoop: EventLoopWatch;
  #broker: MonitoredBroker | undefined;
  #lag: ConsumerLag | undefined;
  #text: Promise<string> | undefined;
  #lastLoop = { activeMs: 0, idleMs: 0 };

  constructor(options: MetricsOptions) {
    this.#options = options;
    const { clock, timers, figures } = options;
    this.#eventLoop = new EventLoopWatch({ clock, timers, onWindow: () => figures.requests.rotate() });
  }

  /** From now on there is a broker to look at. */
  watch(broker: MonitoredBroker): void {
    const { limits, lagIntervalMs } = this.#options;
    this.#broker = broker;
    this.#lag = new ConsumerLag({
      ...this.#options,
      ...{ broker, maxEntries: () => limits().maxPartitions, intervalMs: lagIntervalMs },
    });
  }

  stop(): void {
    this.#eventLoop.stop();
  }

  /** In Prometheus' format. Those who ask at the same time share one answer. */
  text(): Promise<string> {
    this.#text ??= this.#makeText().finally(() => {
      this.#text = undefined;
    });
    return this.#text;
  }

  async #makeText(): Promise<string> {
    const sink = new TextSink();
    await this.collect(sink);
    return sink.text;
  }

  /** Tells a sink everything, and lets others have their turn meanwhile. */
  async collect(sink: MetricSink): Promise<void> {
    const { figures, timers, limits } = this.#options;
    const broker = this.#broker;
    this.#collectProcess(await this.#options.process.figures(), sink);
    if (broker === undefined) return;
    await this.#collectLogDirs(broker, sink);
    await this.#refreshLag();
    collectConnections(broker, sink);
    const collections = [
      collectTopics(figures, sink),
      collectRequests(figures, broker, sink),
      collectReplication(figures, broker, sink),
      collectLogs(broker, limits(), sink),
      collectGroups(broker, this.#lag!, sink),
    ];
    for (const collection of collections) {
      while (collection.next().done !== true) await new Promise<void>((resolve) => timers.soon(resolve));
    }
  }

  async #refreshLag(): Promise<void> {
    const { timers } = this.#options;
    let giveUp = () => {};
    const timer = timers.after(LAG_WAIT_MS, () => giveUp());
    await Promise.race([
      this.#lag!.refresh(),
      new Promise<void>((resolve) => {
        giveUp = resolve;
      }),
    ]);
    timer.cancel();
  }

  async #collectLogDirs({ logs }: MonitoredBroker, sink: MetricSink): Promise<void> {
    const { disk } = this.#options;
    const dirs = await Promise.all(
      logs.logDirs().map(async ({ path, offlineReason }) => {
        const isOffline = offlineReason !== undefined;
        const space = isOffline ? undefined : await disk.space(path).catch(() => undefined);
        return { isOffline, space, labels: sink.labels('logDirectory', path) };
      }),
    );
    single(sink, families.offlineLogDirs, dirs.filter(({ isOffline }) => isOffline).length);
    sink.family(families.logDirOffline);
    for (const { isOffline, labels } of dirs) sink.value(isOffline ? 1 : 0, labels);
    sink.family(families.logDirSize);
    for (const { space, labels } of dirs) if (space !== undefined) sink.value(space.totalBytes, labels);
    sink.family(families.logDirFree);
    for (const { space, labels } of dirs) if (space !== undefined) sink.value(space.freeBytes, labels);
  }

  #collectProcess(process: ProcessFigures, sink: MetricSink): void {
    const { clock, version, slowRequests } = this.#options;
    sink.family(families.buildInfo);
    sink.value(1, sink.labels('version', version, 'runtime', this.#options.process.runtimeVersion));
    single(sink, families.brokerState, STATES[this.#options.phase()]);
    single(sink, families.startTime, process.startedMs / 1000);
    single(sink, families.uptime, (clock.wallMs() - process.startedMs) / 1000);
    single(sink, families.cpu, process.cpuSeconds);
    single(sink, families.residentMemory, process.residentBytes);
    single(sink, families.heap, process.heapBytes);
    single(sink, families.externalMemory, process.externalBytes);
    single(sink, families.openFiles, process.openFiles);
    single(sink, families.maxOpenFiles, process.maxOpenFiles);
    const activeMs = process.activeMs - this.#lastLoop.activeMs;
    const idleMs = process.idleMs - this.#lastLoop.idleMs;
    this.#lastLoop = { activeMs: process.activeMs, idleMs: process.idleMs };
    const idleShare = activeMs + idleMs > 0 ? idleMs / (activeMs + idleMs) : 1;
    for (const family of [families.idle, families.networkIdle, families.networkIdleToo])
      single(sink, family, idleShare);
    sink.family(families.eventLoopDelay);
    sink.summary(this.#eventLoop.delayMs, sink.labels());
    single(sink, families.slowRequests, slowRequests.count);
  }
}
