// Bytes that are no requests, or not quite.

import {
  apiVersionsRequest,
  encodeRequestFrame,
  metadataRequest,
  requestHeaderVersion,
} from '@moldau/protocol';
import { ApiVersions, inEveryVersion, Metadata, type Scenario } from '../scenario.ts';

const SIZE_BYTES = 4;
const METADATA_KEY = 3;
const API_VERSIONS_KEY = 18;
const FIRST_FLEXIBLE_METADATA = 9;

/** A frame with its size in front. */
function framed(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
}

function header(apiKey: number, version: number, clientId = 'raw'): Buffer {
  const start = Buffer.alloc(10);
  start.writeInt16BE(apiKey, 0);
  start.writeInt16BE(version, 2);
  start.writeInt32BE(7, 4);
  start.writeInt16BE(clientId.length, 8);
  const isServed = apiKey === METADATA_KEY || apiKey === API_VERSIONS_KEY;
  const isFlexible = isServed && requestHeaderVersion(apiKey, version) >= 2;
  return Buffer.concat([start, Buffer.from(clientId), Buffer.alloc(isFlexible ? 1 : 0)]);
}

function metadataFrame(version: number): Buffer {
  const body = { topics: [{ name: 'none' }], allowAutoTopicCreation: false };
  return Buffer.concat(encodeRequestFrame(metadataRequest, version, 7, 'raw', body));
}

/** The same with other bytes behind, and the size that fits. */
function resized(frame: Buffer, length: number): Buffer {
  const body = Buffer.alloc(length);
  frame.copy(body, 0, SIZE_BYTES);
  return framed(body);
}

export const malformedScenarios: readonly Scenario[] = [
  inEveryVersion(
    ApiVersions,
    'frames that are none',
    async (side) => {
      const number = (value: number) => {
        const bytes = Buffer.alloc(SIZE_BYTES);
        bytes.writeInt32BE(value);
        return bytes;
      };
      await side.raw(number(-1), 'size -1');
      await side.raw(number(0x7fff_ffff), 'size 2^31-1');
      await side.raw(number(104_857_601), 'one byte above the limit');
      await side.raw(number(0), 'an empty frame');
      await side.raw(framed(Buffer.alloc(1)), 'one byte');
      await side.raw(framed(Buffer.alloc(7)), 'a header cut short');
      await side.raw(framed(header(999, 0)), 'unknown API');
      await side.raw(framed(header(-1, 0)), 'negative API');
      await side.raw(framed(header(METADATA_KEY, 99)), 'unknown version');
      await side.raw(framed(header(METADATA_KEY, -1)), 'negative version');
      await side.raw(framed(header(API_VERSIONS_KEY, 99)), 'unknown version of ApiVersions', true);
      await side.raw(framed(header(API_VERSIONS_KEY, -1)), 'negative version of ApiVersions', true);
      const longClientId = header(METADATA_KEY, 4);
      longClientId.writeInt16BE(1000, 8);
      await side.raw(framed(longClientId), 'a client id beyond the end');
      await side.raw(Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'HTTP');
    },
    { from: 4 },
  ),
  inEveryVersion(Metadata, 'bodies that do not fit', async (side, version) => {
    const whole = metadataFrame(version);
    const bodyLength = whole.length - SIZE_BYTES;
    await side.raw(whole, 'whole');
    for (const missing of [1, 3, 5, 8])
      await side.raw(resized(whole, bodyLength - missing), `${missing} bytes too short`);
    await side.raw(resized(whole, bodyLength + 5), '5 bytes behind');
    const isFlexible = version >= FIRST_FLEXIBLE_METADATA;
    const counts: [string, number[]][] = isFlexible
      ? [
          ['null', [0]],
          ['1000 topics', [0xe9, 7]],
          ['2^31-1 topics', [0x80, 0x80, 0x80, 0x80, 0x08]],
          ['an endless number of topics', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
        ]
      : [
          ['null', [0xff, 0xff, 0xff, 0xff]],
          ['-2 topics', [0xff, 0xff, 0xff, 0xfe]],
          ['1000 topics', [0, 0, 3, 0xe8]],
          ['2^31-1 topics', [0x7f, 0xff, 0xff, 0xff]],
        ];
    for (const [label, bytes] of counts)
      await side.raw(framed(header(METADATA_KEY, version), Buffer.from(bytes)), label);
    if (isFlexible) return;
    const nullName = Buffer.from([0, 0, 0, 1, 0xff, 0xff, 0, 0, 0]);
    await side.raw(framed(header(METADATA_KEY, version), nullName), 'a topic whose name is null');
  }),
  inEveryVersion(
    ApiVersions,
    'tagged fields that nobody knows',
    async (side, version) => {
      const software = { clientSoftwareName: 'a', clientSoftwareVersion: '1' };
      const whole = Buffer.concat(encodeRequestFrame(apiVersionsRequest, version, 7, 'raw', software));
      const body = whole.subarray(SIZE_BYTES, -1);
      await side.raw(framed(body, Buffer.from([1, 77, 2, 1, 2])), 'one');
      await side.raw(framed(body, Buffer.from([2, 77, 0, 78, 1, 9])), 'two');
      await side.raw(framed(body, Buffer.from([2, 77, 0, 77, 0])), 'the same twice');
      await side.raw(framed(body, Buffer.from([2, 78, 0, 77, 0])), 'not in order');
      await side.raw(framed(body, Buffer.from([1, 77, 100, 1, 2])), 'longer than the rest');
      await side.raw(framed(body, Buffer.from([100])), 'a hundred, none of them there');
    },
    { from: 3 },
  ),
];
