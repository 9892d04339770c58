// Writes metrics as OpenTelemetry's MetricsData in protobuf: gauges and sums of numbers, which is what KIP-714 asks for.

/** One series at one moment. */
export interface OtlpPoint {
  /** 'org.apache.kafka.producer.record.send.total' */
  readonly name: string;
  readonly description: string;
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** Undefined: a gauge. */
  readonly sum?: { readonly isDelta: boolean; readonly sinceWallMs: number } | undefined;
}

export interface OtlpInput {
  readonly resource: Readonly<Record<string, string>>;
  readonly scope: { readonly name: string; readonly version: string };
  readonly wallMs: number;
  readonly points: readonly OtlpPoint[];
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const DELTA = 1;
const CUMULATIVE = 2;

export function encodeMetrics({ resource, scope, wallMs, points }: OtlpInput): Buffer {
  const scoped = [
    message(1, [text(1, scope.name), text(2, scope.version)]),
    ...points.map((point) => message(2, metric(point, wallMs))),
  ];
  const all = message(1, [message(1, attributes(1, resource)), message(2, scoped)]);
  return Buffer.concat(flat(all));
}

type Parts = (Buffer | Parts)[];

function metric({ name, description, value, attributes: own, sum }: OtlpPoint, wallMs: number): Parts {
  const point = message(1, [
    sum === undefined ? [] : fixed64(2, nanos(sum.sinceWallMs)),
    fixed64(3, nanos(wallMs)),
    double(4, value),
    attributes(7, own),
  ]);
  const data =
    sum === undefined
      ? message(5, [point])
      : message(7, [point, varintField(2, sum.isDelta ? DELTA : CUMULATIVE), varintField(3, 1)]);
  return [text(1, name), text(2, description), data];
}

function attributes(field: number, values: Readonly<Record<string, string>>): Parts {
  return Object.entries(values).map(([key, value]) =>
    message(field, [text(1, key), message(2, [text(1, value)])]),
  );
}

/** Milliseconds since 1970 in nanoseconds do not fit into a number. */
function nanos(wallMs: number): bigint {
  return BigInt(Math.floor(wallMs)) * 1_000_000n;
}

function message(field: number, parts: Parts): Parts {
  return [tag(field, BYTES), varint(sizeOf(parts)), parts];
}

function sizeOf(parts: Parts): number {
  let size = 0;
  for (const part of parts) size += Array.isArray(part) ? sizeOf(part) : part.length;
  return size;
}

function flat(parts: Parts): Buffer[] {
  return parts.flatMap((part) => (Array.isArray(part) ? flat(part) : part));
}

function text(field: number, value: string): Parts {
  const bytes = Buffer.from(value);
  return [tag(field, BYTES), varint(bytes.length), bytes];
}

function varintField(field: number, value: number): Parts {
  return [tag(field, VARINT), varint(value)];
}

function fixed64(field: number, value: bigint): Parts {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64LE(value);
  return [tag(field, FIXED64), bytes];
}

function double(field: number, value: number): Parts {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return [tag(field, FIXED64), bytes];
}

function tag(field: number, kind: number): Buffer {
  return varint(field * 8 + kind);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}
