// Spans of what is sent and processed, and their context in the headers of records (W3C, or whatever propagator is set), by OpenTelemetry's conventions for
// messaging. The API is the application's: nothing is imported here, and without one nothing is traced.

import type { HeadersInput } from '../topic.ts';

/** What of @opentelemetry/api is used; the package itself is one. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string, version?: string): SpanStarter;
    setSpan(context: OpenTelemetryContext, span: OpenTelemetrySpan): OpenTelemetryContext;
    getSpanContext(context: OpenTelemetryContext): object | undefined;
  };
  readonly context: {
    active(): OpenTelemetryContext;
    with<Result>(context: OpenTelemetryContext, run: () => Result): Result;
  };
  readonly propagation: {
    inject<Carrier>(
      context: OpenTelemetryContext,
      carrier: Carrier,
      setter: { set(carrier: Carrier, key: string, value: string): void },
    ): void;
    extract<Carrier>(
      context: OpenTelemetryContext,
      carrier: Carrier,
      getter: {
        keys(carrier: Carrier): string[];
        get(carrier: Carrier, key: string): string | undefined;
      },
    ): OpenTelemetryContext;
  };
  readonly ROOT_CONTEXT: OpenTelemetryContext;
}

// biome-ignore lint/suspicious/noEmptyInterface: opaque to us
export interface OpenTelemetryContext {}

export interface OpenTelemetrySpan {
  setAttribute(key: string, value: string | number | boolean): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  recordException(exception: Error): void;
  end(): void;
}

interface SpanStarter {
  startSpan(
    name: string,
    options?: {
      kind?: number;
      attributes?: Record<string, string | number | boolean>;
      links?: { context: never }[];
    },
    context?: OpenTelemetryContext,
  ): OpenTelemetrySpan;
}

/** Numbers of the API, which are its contract. */
const SpanKind = { client: 2, producer: 3, consumer: 4 } as const;
const ERROR_STATUS = 2;
/** A batch links to so many of its records' contexts. */
const MOST_LINKS = 128;
const MOST_KEY_BYTES = 256;

interface SentPlace {
  readonly partition: number;
  readonly offset: number | undefined;
}

interface TracedOutgoing {
  readonly key?: unknown;
  readonly value?: unknown;
  readonly headers?: HeadersInput | undefined;
}

/** Of a record that was read, what spans tell. */
export interface TracedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly keyBytes: Buffer | null;
  readonly valueBytes: Buffer | null;
  readonly headers: {
    readonly entries: readonly (readonly [string, unknown])[];
    text(name: string): string | null | undefined;
  };
}

type Attributes = Record<string, string | number | boolean>;

export class Tracing {
  readonly #api: OpenTelemetryApi;
  readonly #tracer: SpanStarter;
  readonly #clientId: string;

  constructor(api: OpenTelemetryApi, { clientId, version }: { clientId: string; version: string }) {
    this.#api = api;
    this.#tracer = api.trace.getTracer('@moldau/client', version);
    this.#clientId = clientId;
  }

  /** A span around sending, whose context goes with the record. */
  send<Record extends TracedOutgoing, Sent extends SentPlace>(
    topic: string,
    record: Record,
    send: (record: Record) => Promise<Sent>,
  ): Promise<Sent> {
    const { span, traced } = this.#begin(topic, record);
    let sending: Promise<Sent>;
    try {
      sending = send(traced);
    } catch (error) {
      fail(span, error);
      throw error;
    }
    return sending.then(
      (sent) => {
        span.setAttribute('messaging.destination.partition.id', String(sent.partition));
        if (sent.offset !== undefined) span.setAttribute('messaging.kafka.offset', sent.offset);
        span.end();
        return sent;
      },
      (error: unknown) => {
        fail(span, error);
        throw error;
      },
    );
  }

  /** The record with the context of a span that is over at once, for nobody hears what becomes of it. */
  post<Record extends TracedOutgoing>(topic: string, record: Record): Record {
    const { span, traced } = this.#begin(topic, record);
    span.end();
    return traced;
  }

  /** A span around processing a record, of the trace that it was sent in. */
  process<Result>(record: TracedRecord, groupId: string | undefined, run: () => Result): Result {
    const { context } = this.#api;
    const sender = this.#senderOf(record, context.active());
    const attributes = { ...this.#attributes(record.topic, 'process', 'process'), ...placeOf(record) };
    if (groupId !== undefined) attributes['messaging.consumer.group.name'] = groupId;
    const span = this.#tracer.startSpan(
      `process ${record.topic}`,
      { kind: SpanKind.consumer, attributes },
      sender,
    );
    return context.with(this.#api.trace.setSpan(sender, span), () => around(span, run));
  }

  /** A span that tells of records that were handed out together, with links to where they were sent. */
  received(records: readonly TracedRecord[], groupId: string | undefined): void {
    const { trace, ROOT_CONTEXT } = this.#api;
    const topics = new Set(records.map(({ topic }) => topic));
    const [topic = ''] = topics;
    const links = records.slice(0, MOST_LINKS).flatMap((record) => {
      const sender = trace.getSpanContext(this.#senderOf(record, ROOT_CONTEXT));
      return sender === undefined ? [] : [{ context: sender as never }];
    });
    const name = topics.size === 1 ? `poll ${topic}` : 'poll';
    const attributes = this.#attributes(topics.size === 1 ? topic : undefined, 'poll', 'receive');
    attributes['messaging.batch.message_count'] = records.length;
    if (groupId !== undefined) attributes['messaging.consumer.group.name'] = groupId;
    this.#tracer.startSpan(name, { kind: SpanKind.client, attributes, links }).end();
  }

  #begin<Record extends TracedOutgoing>(topic: string, record: Record) {
    const { context, propagation, trace } = this.#api;
    const attributes = this.#attributes(topic, 'send', 'send');
    const key = keyText(record.key);
    if (key !== undefined) attributes['messaging.kafka.message.key'] = key;
    if (record.value === null) attributes['messaging.kafka.message.tombstone'] = true;
    const span = this.#tracer.startSpan(`send ${topic}`, { kind: SpanKind.producer, attributes });
    const carrier: [string, string][] = [];
    propagation.inject(trace.setSpan(context.active(), span), carrier, SETTER);
    const traced =
      carrier.length === 0 ? record : { ...record, headers: withHeaders(record.headers, carrier) };
    return { span, traced };
  }

  #senderOf({ headers }: TracedRecord, context: OpenTelemetryContext): OpenTelemetryContext {
    return this.#api.propagation.extract(context, headers, GETTER);
  }

  #attributes(topic: string | undefined, name: string, type: 'send' | 'receive' | 'process'): Attributes {
    return {
      'messaging.system': 'kafka',
      'messaging.client.id': this.#clientId,
      'messaging.operation.name': name,
      'messaging.operation.type': type,
      ...(topic === undefined ? {} : { 'messaging.destination.name': topic }),
    };
  }
}

const SETTER = {
  set(carrier: [string, string][], key: string, value: string): void {
    carrier.push([key, value]);
  },
};

const GETTER = {
  keys: ({ entries }: TracedRecord['headers']): string[] => entries.map(([name]) => name),
  get: (headers: TracedRecord['headers'], key: string): string | undefined => headers.text(key) ?? undefined,
};

/** In place of headers of the same names, for a record may be passed on with those that it came with. */
function withHeaders(headers: HeadersInput | undefined, carrier: readonly [string, string][]): HeadersInput {
  if (headers === undefined) return carrier;
  if (!Array.isArray(headers)) return { ...headers, ...Object.fromEntries(carrier) };
  const names = new Set(carrier.map(([name]) => name));
  return [...headers.filter(([name]) => !names.has(name)), ...carrier];
}

function placeOf({ partition, offset, keyBytes, valueBytes }: TracedRecord): Attributes {
  const attributes: Attributes = {
    'messaging.destination.partition.id': String(partition),
    'messaging.kafka.offset': offset,
  };
  const key = keyText(keyBytes);
  if (key !== undefined) attributes['messaging.kafka.message.key'] = key;
  if (valueBytes === null) attributes['messaging.kafka.message.tombstone'] = true;
  return attributes;
}

/** Of keys that people can read. */
function keyText(key: unknown): string | undefined {
  if (typeof key === 'string' || typeof key === 'number' || typeof key === 'bigint') return String(key);
  if (!(key instanceof Uint8Array) || key.length > MOST_KEY_BYTES) return undefined;
  const text = Buffer.from(key.buffer, key.byteOffset, key.length).toString('utf8');
  return text.includes('\ufffd') ? undefined : text;
}

/** Ends the span when what runs is over. */
function around<Result>(span: OpenTelemetrySpan, run: () => Result): Result {
  let result: Result;
  try {
    result = run();
  } catch (error) {
    fail(span, error);
    throw error;
  }
  if (!(result instanceof Promise)) {
    span.end();
    return result;
  }
  return result.then(
    (value: unknown) => {
      span.end();
      return value;
    },
    (error: unknown) => {
      fail(span, error);
      throw error;
    },
  ) as Result;
}

function fail(span: OpenTelemetrySpan, thrown: unknown): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { code } = error as { code?: unknown };
  span.recordException(error);
  span.setStatus({ code: ERROR_STATUS, message: error.message });
  span.setAttribute('error.type', typeof code === 'string' ? code : error.name);
  span.end();
}
