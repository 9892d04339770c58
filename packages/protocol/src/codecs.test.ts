import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seedOf } from '@moldau/testing';
import { apis } from './apis.ts';
import { clusterMetadataRecords } from './data/cluster-metadata-records.ts';
import { dataMessages } from './data/index.ts';
import { requestHeader, responseHeader } from './headers.ts';
import { interpretDecode, interpretEncode } from './interpret.ts';
import { MalformedError } from './malformed.ts';
import type { AnyMessage } from './message.ts';
import { randomStruct, seededRandom } from './random-value.ts';
import { type AnyField, defaultOf, type Fields, minimumSizeBytes } from './schema.ts';

const messages: AnyMessage[] = [
  requestHeader,
  responseHeader,
  ...apis.flatMap(({ request, response }): AnyMessage[] => [request, response]),
  ...dataMessages,
  ...clusterMetadataRecords,
];

const seed = seedOf();
const repeat = `SEED=${seed} node --conditions=source --test packages/protocol/src/codecs.test.ts`;

function* messagesAndVersions(): Generator<[AnyMessage, number]> {
  for (const message of messages) {
    for (let version = message.versions.min; version <= message.versions.max; version++)
      yield [message, version];
  }
}

test(`compiled and interpreted codecs agree on random values of every message and version (${repeat})`, () => {
  const random = seededRandom(seed);
  for (const [message, version] of messagesAndVersions()) {
    for (let round = 0; round < 4; round++) {
      const value = randomStruct(message.fields, version, random, defaultOf);
      const where = `${message.name} version ${version}`;
      const encoded = message.encode(value as never, version);
      assert.deepEqual(encoded, interpretEncode(message, value, version), where);
      assert.deepEqual(Buffer.concat(message.encodeChunks(value as never, version)), encoded, where);
      const decoded = message.decodeAt(encoded, version, 0);
      assert.equal(decoded.end, encoded.length, where);
      assert.deepEqual(decoded.value, value, where);
      assert.deepEqual(interpretDecode(message, encoded, version), decoded, where);
    }
  }
});

test(`compiled and interpreted decoders refuse the same damaged bytes (${repeat})`, () => {
  const random = seededRandom(seed + 1);
  for (const [message, version] of messagesAndVersions()) {
    const value = randomStruct(message.fields, version, random, defaultOf);
    const encoded = message.encode(value as never, version);
    for (let round = 0; round < 6; round++) {
      const damaged = damage(encoded, random);
      const compiled = outcome(() => message.decodeAt(damaged, version, 0));
      const interpreted = outcome(() => interpretDecode(message, damaged, version));
      assert.deepEqual(
        compiled,
        interpreted,
        `${message.name} version ${version}: ${damaged.toString('hex')}`,
      );
    }
  }
});

function damage(bytes: Buffer, random: () => number): Buffer {
  const damaged = Buffer.from(
    bytes.subarray(0, random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length),
  );
  const changes = damaged.length === 0 ? 0 : Math.floor(random() * 4);
  for (let i = 0; i < changes; i++) {
    damaged[Math.floor(random() * damaged.length)] = [0, 1, 0x7f, 0x80, 0xff][Math.floor(random() * 5)]!;
  }
  return damaged;
}

function outcome(decode: () => unknown): unknown {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return 'malformed';
  }
}

test('encodes what is left out as its default', () => {
  for (const [message, version] of messagesAndVersions()) {
    const defaults = Object.fromEntries(
      Object.entries(message.fields).map(([name, field]) => [name, defaultOf(field)]),
    );
    assert.deepEqual(outcomeOfEncode(message, {}, version), outcomeOfEncode(message, defaults, version));
  }
});

function outcomeOfEncode(message: AnyMessage, value: object, version: number): unknown {
  try {
    return message.encode(value as never, version);
  } catch (error) {
    return String(error);
  }
}

test('no array has elements that take no bytes, so every count is bounded by the bytes that are left', () => {
  const visit = (fields: Fields, message: AnyMessage, version: number): void => {
    for (const field of Object.values(fields)) visitField(field, message, version);
  };
  const visitField = (field: AnyField, message: AnyMessage, version: number): void => {
    const { type } = field;
    if (version < field.options.firstVersion || version > field.options.lastVersion) return;
    if (type.kind === 'struct') visit(type.fields, message, version);
    if (type.kind !== 'array') return;
    const sizeBytes = minimumSizeBytes(type.element, version, message.isFlexible(version));
    assert.ok(sizeBytes > 0, `${message.name} version ${version}`);
    visitField(type.element, message, version);
  };
  for (const [message, version] of messagesAndVersions()) visit(message.fields, message, version);
});
