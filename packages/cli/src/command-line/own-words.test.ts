import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kafka, propertiesByClient } from '@moldau/client';
import { inOwnWords, PROPERTIES_OF_OPTIONS } from './own-words.ts';

test('errors name options as -X takes them, and calls as commands', async () => {
  assert.equal(
    inOwnWords('the record has 9 bytes, and maxRequestBytes of the producer allows 5: raise it there'),
    'the record has 9 bytes, and -X max.request.size of the producer allows 5: raise it there',
  );
  assert.equal(
    inOwnWords("autoOffsetReset is 'none'. Create it with admin.topics.create()."),
    "-X auto.offset.reset is 'none'. Create it with `moldau topic create`.",
  );
  const other = "the topic 'groupId', and myBatchBytes";
  assert.equal(inOwnWords(other), other);
  // Each is one that some client takes: nobody is sent to what is refused.
  for (const name of PROPERTIES_OF_OPTIONS.values()) {
    const { shared } = propertiesByClient({ [name]: '1' });
    await using _kafka = new Kafka({ brokers: 'a', properties: shared });
  }
});

test('whatever the client says of an option that has a property is in words of the command', async () => {
  const brokers = 'a';
  await using kafka = new Kafka({ brokers });
  for (const [wrong, expected] of [
    [
      () => kafka.producer({ idempotent: true, maxInFlight: 9 }),
      /^-X max\.in\.flight\.requests\.per\.connection is 9/,
    ],
    [
      () => kafka.consumer({ groupId: 'g', heartbeatIntervalMs: 9, sessionTimeoutMs: 9 }),
      /^-X heartbeat\.interval\.ms is 9, and -X session\.timeout\.ms 9/,
    ],
  ] as const) {
    assert.throws(wrong, ({ message }: Error) => expected.test(inOwnWords(message)));
  }
});
