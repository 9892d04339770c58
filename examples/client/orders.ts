// What the other examples share: a topic, records to fill it with, and a handler that stops after so many.

import { json, type Kafka, notNull, string, topic } from '@moldau/client';

// #region topic
export interface Order {
  readonly id: number;
  readonly amount: number;
}

export const orders = topic('orders', { key: string(), value: notNull(json<Order>()) });
// #endregion

export async function sendOrders(kafka: Kafka, count: number): Promise<void> {
  await using producer = kafka.producer();
  await producer.send(
    orders,
    Array.from({ length: count }, (_, id) => ({ key: `u${id % 3}`, value: { id, amount: id * 10 } })),
  );
}

/** Remembers what it is given, and aborts its signal when that were `count`. */
export function stopAfter<T = unknown>(count: number) {
  const stop = new AbortController();
  const seen: T[] = [];
  const handle = async (...values: [T, ...unknown[]]): Promise<void> => {
    seen.push(values[0]);
    if (seen.length >= count) stop.abort();
  };
  return { signal: stop.signal, seen, handle };
}
