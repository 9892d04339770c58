// Owns the comparison with golden lines: messages, record batches and key hashes that Apache Kafka's own classes wrote,
// one JSON object a line. A line is checked in both directions: its bytes decode to its JSON, and encode back to them.

import { isDeepStrictEqual } from 'node:util';
import { apis } from './apis.ts';
import { dataMessages } from './data/index.ts';
import { requestHeader, responseHeader } from './headers.ts';
import { interpretDecode, interpretEncode } from './interpret.ts';
import { type Json, messageFromJson, messageToJson } from './json.ts';
import type { AnyMessage } from './message.ts';
import { murmur2, partitionOf } from './murmur2.ts';
import { magicAt, RecordBatch } from './records/batch.ts';
import { readRecordSet } from './records/convert.ts';
import { legacyMessages } from './records/mod.ts';

interface MessageLine {
  readonly name: string;
  readonly version: number;
  readonly json: Json;
  readonly hex: string;
}

interface BatchLine {
  readonly kind: 'batch';
  readonly magic: number;
  readonly codec: string;
  readonly transactional: boolean;
  readonly control: boolean;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly records: readonly Json[];
  readonly hex: string;
}

interface HashLine {
  readonly kind: 'murmur2';
  readonly key: string;
  readonly hash: number;
  readonly partitionOf12: number;
}

const allMessages: ReadonlyMap<string, AnyMessage> = new Map(
  [
    requestHeader,
    responseHeader,
    ...apis.flatMap(({ request, response }): AnyMessage[] => [request, response]),
    ...dataMessages,
  ].map((message: AnyMessage) => [message.name, message]),
);

export interface GoldenResult {
  /** What the line is about: 'FetchRequest version 4'. */
  readonly subject: string;
  /** What differs; empty when nothing does. */
  readonly differences: readonly string[];
}

/** Checks one line. Throws SyntaxError or TypeError when it is no golden line. */
export function checkGoldenLine(text: string): GoldenResult {
  const line: unknown = JSON.parse(text);
  if (isMessageLine(line)) return check(`${line.name} version ${line.version}`, () => checkMessage(line));
  if (isBatchLine(line)) return check(`batch of magic ${line.magic}, ${line.codec}`, () => checkBatch(line));
  if (isHashLine(line)) return check(`murmur2 of ${line.key}`, () => checkHash(line));
  throw new TypeError('neither a message (name, version, json, hex), a batch nor a murmur2 line');
}

function check(subject: string, run: () => string[]): GoldenResult {
  try {
    return { subject, differences: run() };
  } catch (error) {
    return { subject, differences: [String(error)] };
  }
}

function checkMessage({ name, version, json, hex }: MessageLine): string[] {
  const message = allMessages.get(name);
  if (message === undefined) return [`no message is called ${name}`];
  if (!message.supports(version)) return [`version ${version} is not declared`];
  const bytes = Buffer.from(hex, 'hex');
  const compiled = message.decodeAt(bytes, version, 0);
  const interpreted = interpretDecode(message, bytes, version);
  const differences: string[] = [];
  const equal = (what: string, actual: unknown, expected: unknown) => {
    if (!isDeepStrictEqual(actual, expected))
      differences.push(`${what} is ${show(actual)}, not ${show(expected)}`);
  };
  equal('the end', compiled.end, bytes.length);
  equal('the interpreted value', interpreted, compiled);
  const value = compiled.value as object;
  const expected = messageFromJson(message, json);
  if (!isDeepStrictEqual(value, expected)) {
    const [actual, wanted] = [value, expected].map((side) => show(messageToJson(message, side, version)));
    differences.push(`the decoded value is ${actual}, not ${wanted}`);
  }
  for (const [what, source] of [
    ['decoded value', value],
    ['JSON', expected],
  ] as const) {
    equal(`the encoded ${what}`, message.encode(source as never, version).toString('hex'), hex);
    equal(
      `the interpreted encoding of the ${what}`,
      interpretEncode(message, source, version).toString('hex'),
      hex,
    );
    const chunks = message.encodeChunks(source as never, version);
    equal(`the ${what} encoded in chunks`, Buffer.concat(chunks).toString('hex'), hex);
  }
  return differences;
}

function checkBatch(line: BatchLine): string[] {
  const bytes = Buffer.from(line.hex, 'hex');
  const differences: string[] = [];
  const equal = (what: string, actual: unknown, expected: unknown) => {
    if (!isDeepStrictEqual(actual, expected))
      differences.push(`${what} is ${show(actual)}, not ${show(expected)}`);
  };
  equal('magic', magicAt(bytes), line.magic);
  if (line.magic === 2) {
    const batch = new RecordBatch(bytes);
    equal('the size', batch.sizeBytes, bytes.length);
    equal('the crc', batch.isCrcValid(), true);
    equal('the codec', batch.compression, line.codec);
    equal('transactional', batch.isTransactional, line.transactional);
    equal('control', batch.isControl, line.control);
    equal('producerId', batch.producerId, line.producerId);
    equal('producerEpoch', batch.producerEpoch, line.producerEpoch);
    equal('baseSequence', batch.baseSequence, line.baseSequence);
    equal('the count', batch.recordCount, line.records.length);
  } else {
    equal('the inner messages', [...legacyMessages(bytes)].length, line.records.length);
  }
  const records = [...readRecordSet(bytes)].map(({ offset, timestamp, key, value, headers }) => ({
    offset,
    timestamp,
    key: hexOf(key),
    value: hexOf(value),
    headers: headers.map((header) => [header.key, hexOf(header.value)]),
  }));
  equal('the records', records, line.records);
  return differences;
}

function checkHash({ key, hash, partitionOf12 }: HashLine): string[] {
  const bytes = Buffer.from(key, 'hex');
  const differences: string[] = [];
  if (murmur2(bytes) !== hash) differences.push(`the hash is ${murmur2(bytes)}, not ${hash}`);
  const partition = partitionOf(bytes, 12);
  if (partition !== partitionOf12) differences.push(`the partition is ${partition}, not ${partitionOf12}`);
  return differences;
}

function hexOf(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex');
}

const SHOWN_CHARACTERS = 400;

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}

function hasTypes(line: unknown, types: { readonly [name: string]: string }): boolean {
  if (line === null || typeof line !== 'object') return false;
  const members = line as { readonly [name: string]: unknown };
  return Object.entries(types).every(([name, type]) => typeof members[name] === type);
}

function isMessageLine(line: unknown): line is MessageLine {
  return hasTypes(line, { name: 'string', version: 'number', json: 'object', hex: 'string' });
}

function isBatchLine(line: unknown): line is BatchLine {
  const types = { magic: 'number', codec: 'string', records: 'object', hex: 'string' };
  return hasTypes(line, types) && (line as BatchLine).kind === 'batch';
}

function isHashLine(line: unknown): line is HashLine {
  const types = { key: 'string', hash: 'number', partitionOf12: 'number' };
  return hasTypes(line, types) && (line as HashLine).kind === 'murmur2';
}
