// Owns the headers in front of requests and responses, and which version of a header goes with a message.

import assert from 'node:assert';
import { apiByKey } from './apis.ts';
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

/**
 * The version of the request header in front of a request: 2 when the request is flexible, else 1. The version may lie
 * beyond those that are known (ApiVersions is answered also then); the API must exist.
 */
export function requestHeaderVersion(apiKey: number, version: number): number {
  return existingApi(apiKey).request.isFlexible(version) ? 2 : 1;
}

/** The version of the response header: 1 when the response is flexible, else 0; for ApiVersions always 0. */
export function responseHeaderVersion(apiKey: number, version: number): number {
  if (apiKey === API_VERSIONS) return 0;
  return existingApi(apiKey).response.isFlexible(version) ? 1 : 0;
}

function existingApi(apiKey: number) {
  const api = apiByKey(apiKey);
  assert(api !== undefined, `no API has the key ${apiKey}`);
  return api;
}
