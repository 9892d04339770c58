// Reads what clients push: OpenTelemetry's MetricsData in protobuf, of which the numbers are taken (gauges and sums) and the rest is passed over.
//
// Invariants: bytes that are no such message throw a MalformedError; no more than MAX_METRICS are kept of one payload, however many it holds.

import { MalformedError } from '@moldau/protocol';

export interface ClientMetric {
  /** As in 'org.apache.kafka.producer.record.send.rate'. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const MAX_METRICS = 2000;
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

interface Field {
  readonly number: number;
  /** Of a length-delimited field or a fixed one. */
  readonly bytes: Buffer;
}

export function readMetrics(payload: Buffer): ClientMetric[] {
  const found: ClientMetric[] = [];
  for (const resource of children(payload, 1)) {
    for (const scope of children(resource, 2)) {
      for (const metric of children(scope, 2)) readMetric(metric, found);
    }
  }
  return found;
}

function readMetric(metric: Buffer, found: ClientMetric[]): void {
  const fields = fieldsOf(metric);
  const name = fields.find(({ number }) => number === 1)?.bytes.toString() ?? '';
  // 5 is a gauge, 7 a sum; both hold their points in field 1.
  for (const { bytes } of fields.filter(({ number }) => number === 5 || number === 7)) {
    for (const point of children(bytes, 1)) {
      const value = pointValue(point);
      if (value === undefined || found.length >= MAX_METRICS) continue;
      found.push({ name, labels: labelsOf(point), value });
    }
  }
}

function pointValue(point: Buffer): number | undefined {
  for (const { number, bytes } of fieldsOf(point)) {
    if (number === 4 && bytes.length === 8) return bytes.readDoubleLE(0);
    if (number === 6 && bytes.length === 8) return Number(bytes.readBigInt64LE(0));
  }
  return undefined;
}

function labelsOf(point: Buffer): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const attribute of children(point, 7)) {
    const fields = fieldsOf(attribute);
    const key = fields.find(({ number }) => number === 1)?.bytes.toString();
    const value = fields.find(({ number }) => number === 2)?.bytes;
    const text = value === undefined ? undefined : children(value, 1)[0]?.toString();
    if (key !== undefined && key !== '__proto__' && text !== undefined) labels[key] = text;
  }
  return labels;
}

function children(message: Buffer, number: number): Buffer[] {
  return fieldsOf(message).flatMap((field) => (field.number === number ? [field.bytes] : []));
}

function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let position = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = message[position++];
      if (byte === undefined) throw new MalformedError('a metric ends within a number');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedError('a metric holds a number of more than 64 bits');
  };
  const take = (length: number): Buffer => {
    if (position + length > message.length) throw new MalformedError('a metric is longer than what holds it');
    position += length;
    return message.subarray(position - length, position);
  };
  while (position < message.length) {
    const tag = varint();
    const [number, kind] = [Math.floor(tag / 8), tag % 8];
    if (kind === VARINT) varint();
    else if (kind === FIXED64) fields.push({ number, bytes: take(8) });
    else if (kind === BYTES) fields.push({ number, bytes: take(varint()) });
    else if (kind === FIXED32) take(4);
    else throw new MalformedError(`a metric has a field of kind ${kind}, which there is not`);
  }
  return fields;
}
