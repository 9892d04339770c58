// What handling a command yields: the records that make it true, and the answer to give once they are committed.

import type { MetadataRecord } from '@moldau/metadata';
import type { KafkaError } from '@moldau/protocol';
import { ErrorCode } from '@moldau/protocol';

export interface Outcome<Response> {
  readonly records: readonly MetadataRecord[];
  readonly response: Response;
}

export interface ItemResult {
  readonly errorCode: number;
  /** null when all went well. */
  readonly errorMessage: string | null;
}

export const OK: ItemResult = { errorCode: ErrorCode.NONE, errorMessage: null };

export function failed(error: KafkaError): ItemResult {
  return { errorCode: error.code, errorMessage: error.message };
}

/** The items whose key stands in the list more than once, each key once, and the rest. */
export function splitDuplicates<T>(items: readonly T[], keyOf: (item: T) => string) {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  const duplicates = [...counts].filter(([, count]) => count > 1).map(([key]) => key);
  return { duplicates, single: items.filter((item) => counts.get(keyOf(item)) === 1) };
}
