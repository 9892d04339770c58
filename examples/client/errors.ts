// What goes wrong, and what it says.

import assert from 'node:assert/strict';
import { Kafka, KafkaError, NoBrokerReachableError } from '@moldau/client';

export async function kinds(kafka: Kafka): Promise<void> {
  const producer = kafka.producer({ maxRequestBytes: 1000 });
  let seen = '';
  const report = (message: string) => {
    seen = message;
  };
  // #region kinds
  try {
    await producer.send('events', { value: 'x'.repeat(5000) });
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    if (error.code === 'MESSAGE_TOO_LARGE') report(error.message);
    else if (error.retriable) console.warn(`later perhaps: ${error.message}`);
    else if (error.fatal) await producer.close();
  }
  // #endregion
  assert.match(seen, /maxRequestBytes of the producer allows 1000/);
}

export async function nobodyThere(): Promise<void> {
  const tried: string[] = [];
  const report = (address: string, _message: string) => void tried.push(address);
  // #region unreachable
  await using kafka = new Kafka({ brokers: ['localhost:1', '127.0.0.1:2'], apiTimeoutMs: 1_000 });
  try {
    await kafka.admin().cluster.describe();
  } catch (error) {
    if (!(error instanceof NoBrokerReachableError)) throw error;
    for (const { address, error: cause } of error.attempts) report(address, cause.message);
  }
  // #endregion
  assert.deepEqual(tried.toSorted(), ['127.0.0.1:2', 'localhost:1']);
}

export async function signals(kafka: Kafka): Promise<void> {
  // #region signals
  const offsets = await kafka
    .admin()
    .offsets.list(
      { topic: 'orders', partition: 0, at: 'latest' },
      { timeoutMs: 5_000, signal: AbortSignal.timeout(6_000) },
    );
  // #endregion
  assert.ok(offsets);
  const aborted = AbortSignal.abort(new Error('enough'));
  await assert.rejects(kafka.admin().topics.list({ signal: aborted }), /enough/);
}
