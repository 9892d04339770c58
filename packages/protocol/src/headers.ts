// Owns the headers in front of requests and responses, and which version of a header goes with a message.

import assert from 'node:assert';
import { header, type Infer } from './message.ts';
import { int16, int32, string } from './schema.ts';

/** The client id keeps its int16 length in version 2, so that a broker can read it before it knows the version. */
export const requestHeader = header('RequestHeader', { versions: [1, 2], flexibleSince: 2 }, () => ({
  requestApiKey: int16,
  requestApiVersion: int16,
  correlationId: int32,
  clientId: string.nullable().neverCompact(),
}));
export type RequestHeader = Infer<typeof requestHeader>;

export const responseHeader = header('ResponseHeader', { versions: [0, 1], flexibleSince: 1 }, () => ({
  correlationId: int32,
}));
export type ResponseHeader = Infer<typeof responseHeader>;

const API_VERSIONS = 18;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * The first flexible version of each API by key, so that a header can be read before the API's messages are loaded.
 * Null stands for keys that Kafka no longer has (4 to 7), Infinity for APIs that never became flexible.
 */
// biome-ignore format: a table of ten a row
const FLEXIBLE_SINCE: readonly (number | null)[] = [
  /*  0 */ 9, 12, 6, 9, null, null, null, null, 8, 6,
  /* 10 */ 3, 6, 4, 4, 4, 5, 3, NEVER, 3, 5,
  /* 20 */ 4, 2, 2, 4, 3, 3, 3, 1, 3, 2,
  /* 30 */ 2, 2, 4, 2, 2, 2, 2, 2, 2, 2,
  /* 40 */ 2, 2, 2, 2, 1, 0, 0, NEVER, 1, 1,
  /* 50 */ 0, 0, 0, 1, 1, 0, 0, 0, 0, 0,
  /* 60 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  /* 70 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  /* 80 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  /* 90 */ 0, 0, 0,
];

/**
 * The version of the request header in front of a request: 2 when the request is flexible, else 1. The version may lie
 * beyond those that are known (ApiVersions is answered also then); the API must exist.
 */
export function requestHeaderVersion(apiKey: number, version: number): number {
  return isFlexible(apiKey, version) ? 2 : 1;
}

/** The version of the response header: 1 when the response is flexible, else 0; for ApiVersions always 0. */
export function responseHeaderVersion(apiKey: number, version: number): number {
  return apiKey !== API_VERSIONS && isFlexible(apiKey, version) ? 1 : 0;
}

function isFlexible(apiKey: number, version: number): boolean {
  const flexibleSince = FLEXIBLE_SINCE[apiKey];
  assert(typeof flexibleSince === 'number', `no API has the key ${apiKey}`);
  return version >= flexibleSince;
}
