// Sends the client's metrics to brokers that ask for them (KIP-714), so that who runs the cluster can see what clients see.
//
// Invariants: nothing is sent that was not asked for, nor more often than asked. Nothing depends on it: what goes wrong is tried again at the next interval,
// or given up for good, and no caller ever hears of it. After close() there is no timer.

import type { Clock, Logger, Random, Timer, Timers } from '@moldau/io';
import {
  codecOf,
  compress,
  ErrorCode,
  type GetTelemetrySubscriptionsResponse,
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
  type Message,
  pushTelemetryRequest,
  pushTelemetryResponse,
  type Uuid,
  ZERO_UUID,
} from '@moldau/protocol';
import type { Metric, MetricsSnapshot } from './client-metrics.ts';
import { encodeMetrics, type OtlpPoint } from './otlp.ts';

/** What of a cluster is used. */
export interface TelemetryLink {
  request<Input, Answer>(
    api: { readonly request: Message<unknown, Input>; readonly response: Message<Answer, never> },
    input: Input,
    options: { readonly to: 'any'; readonly timeoutMs: number },
  ): Promise<Answer>;
}

export interface TelemetryPushOptions {
  readonly link: TelemetryLink;
  readonly ports: {
    readonly clock: Clock;
    readonly timers: Timers;
    readonly random: Random;
    readonly logger: Logger;
  };
  readonly version: string;
  readonly requestTimeoutMs: number;
  /** What the client is called: 'group_id', 'transactional_id', 'client_rack'. */
  readonly labels: Readonly<Record<string, string>>;
  snapshot(): MetricsSnapshot;
}

const GET = { request: getTelemetrySubscriptionsRequest, response: getTelemetrySubscriptionsResponse };
const PUSH = { request: pushTelemetryRequest, response: pushTelemetryResponse };

/** For those that could not ask. */
const RETRY_MS = 300_000;
const LEAST_INTERVAL_MS = 1_000;
/** The last words are worth so long a wait. */
const FAREWELL_MS = 1_000;
/** Labels that every metric of the client has, and the connection tells already. */
const KNOWN_LABEL = 'client-id';

type Subscription = Pick<
  GetTelemetrySubscriptionsResponse,
  | 'subscriptionId'
  | 'acceptedCompressionTypes'
  | 'pushIntervalMs'
  | 'telemetryMaxBytes'
  | 'deltaTemporality'
  | 'requestedMetrics'
>;

/** After these the same is asked in vain again. */
const LASTING = new Set<number>([
  ErrorCode.INVALID_REQUEST,
  ErrorCode.INVALID_RECORD,
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
]);
/** After these it is asked anew at once. */
const OUTDATED = new Set<number>([ErrorCode.UNKNOWN_SUBSCRIPTION_ID, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE]);

export class TelemetryPush {
  readonly #options: TelemetryPushOptions;
  #instanceId: Uuid = ZERO_UUID;
  #subscription: Subscription | undefined;
  #timer: Timer | undefined;
  #isOver = false;
  /** What was told of each total, where changes are wanted. */
  #told = new Map<string, number>();
  #sinceWallMs: number;

  constructor(options: TelemetryPushOptions) {
    this.#options = options;
    this.#sinceWallMs = options.ports.clock.wallMs();
  }

  /** The broker's name for this client; undefined before it has one. */
  get clientInstanceId(): Uuid | undefined {
    return this.#instanceId === ZERO_UUID ? undefined : this.#instanceId;
  }

  /** There is somebody to ask. */
  start(): void {
    this.#later(0, () => this.#ask());
  }

  /** The last push, if there is something to be pushed. Never rejects. */
  async close(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    const subscription = this.#subscription;
    if (subscription === undefined || subscription.requestedMetrics.length === 0) return;
    await this.#push(subscription, true).catch(() => {});
  }

  #later(delayMs: number, run: () => Promise<void>): void {
    if (this.#isOver) return;
    this.#timer?.cancel();
    this.#timer = this.#options.ports.timers.after(delayMs, () => {
      this.#timer = undefined;
      void run().catch((error: unknown) => this.#failed(error));
    });
  }

  async #ask(): Promise<void> {
    const { link, requestTimeoutMs: timeoutMs, ports } = this.#options;
    const input = { clientInstanceId: this.#instanceId };
    const answer = await link.request(GET, input, { to: 'any', timeoutMs });
    if (answer.errorCode !== ErrorCode.NONE) {
      this.#refused(answer.errorCode);
      return;
    }
    this.#instanceId = answer.clientInstanceId;
    this.#subscription = answer;
    const { requestedMetrics } = answer;
    const intervalMs = intervalOf(answer);
    ports.logger.debug({ requestedMetrics, intervalMs }, 'the broker said which metrics it wants');
    if (requestedMetrics.length === 0) this.#later(intervalMs, () => this.#ask());
    // Not all clients at the same time.
    else this.#later(intervalMs * (0.5 + ports.random.next()), () => this.#pushNext());
  }

  async #pushNext(): Promise<void> {
    const subscription = this.#subscription!;
    const errorCode = await this.#push(subscription, false);
    if (errorCode === ErrorCode.NONE) this.#later(intervalOf(subscription), () => this.#pushNext());
    else this.#refused(errorCode);
  }

  /** The broker's error code. */
  async #push(subscription: Subscription, terminating: boolean): Promise<number> {
    const { link, requestTimeoutMs } = this.#options;
    const payload = this.#payload(subscription);
    const { type, bytes } = compressed(payload, subscription.acceptedCompressionTypes);
    if (bytes.length > subscription.telemetryMaxBytes) return ErrorCode.TELEMETRY_TOO_LARGE;
    const answer = await link.request(
      PUSH,
      {
        ...{ clientInstanceId: this.#instanceId, subscriptionId: subscription.subscriptionId, terminating },
        ...{ compressionType: type, metrics: bytes },
      },
      { to: 'any', timeoutMs: terminating ? FAREWELL_MS : requestTimeoutMs },
    );
    return answer.errorCode;
  }

  #payload({ requestedMetrics, deltaTemporality: isDelta }: Subscription): Buffer {
    const { ports, labels, version, snapshot } = this.#options;
    const wallMs = ports.clock.wallMs();
    const points: OtlpPoint[] = [];
    for (const metric of snapshot().metrics) {
      const name = telemetryName(metric);
      if (!isRequested(name, requestedMetrics)) continue;
      const { description, type } = metric;
      const attributes = attributesOf(metric);
      const isTotal = type === 'total';
      points.push({
        ...{ name, description, attributes },
        value: isTotal && isDelta ? this.#change(name, attributes, metric.value) : metric.value,
        sum: isTotal ? { isDelta, sinceWallMs: this.#sinceWallMs } : undefined,
      });
    }
    if (isDelta) this.#sinceWallMs = wallMs;
    return encodeMetrics({ resource: labels, scope: { name: '@moldau/client', version }, wallMs, points });
  }

  #change(name: string, attributes: Readonly<Record<string, string>>, total: number): number {
    const series = `${name}${JSON.stringify(attributes)}`;
    const before = this.#told.get(series) ?? 0;
    this.#told.set(series, total);
    return total - before;
  }

  #refused(errorCode: number): void {
    this.#options.ports.logger.debug({ errorCode }, 'the broker did not take metrics');
    if (LASTING.has(errorCode)) this.#isOver = true;
    else if (OUTDATED.has(errorCode)) this.#later(0, () => this.#ask());
    else this.#later(intervalOf(this.#subscription), () => this.#ask());
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    const { code } = error as { readonly code?: unknown };
    if (code === 'UNSUPPORTED_VERSION' || code === 'CLOSED') {
      this.#isOver = true;
      return;
    }
    this.#options.ports.logger.debug({ error }, 'metrics were not sent');
    this.#later(intervalOf(this.#subscription), () => this.#ask());
  }
}

function intervalOf(subscription: Subscription | undefined): number {
  return Math.max(LEAST_INTERVAL_MS, subscription?.pushIntervalMs ?? RETRY_MS);
}

/** The best of what the broker takes, in its order. */
function compressed(payload: Buffer, accepted: readonly number[]): { type: number; bytes: Buffer } {
  for (const type of accepted) {
    try {
      return { type, bytes: compress(codecOf(type), payload) };
    } catch {
      // A codec that a newer broker knows, or that is not there.
    }
  }
  return { type: 0, bytes: payload };
}

/** 'producer-node-metrics' and 'request-latency-avg' make 'org.apache.kafka.producer.node.request.latency.avg'. */
export function telemetryName({ group, name }: Pick<Metric, 'group' | 'name'>): string {
  return `org.apache.kafka.${group.replace(/-metrics$/, '')}.${name}`.replaceAll('-', '.');
}

/** Names are asked for by their beginnings; '' and '*' mean all. */
function isRequested(name: string, requested: readonly string[]): boolean {
  return requested.some((prefix) => prefix === '*' || name.startsWith(prefix));
}

function attributesOf({ tags }: Metric): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) =>
      key === KNOWN_LABEL ? [] : [[key.replaceAll('-', '_'), value]],
    ),
  );
}
