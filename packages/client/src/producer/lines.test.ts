import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, seedOf } from '@moldau/testing';
import type { FailedRecord, ProducerOptions } from './producer-options.ts';
import type { LinesOptions } from './record-calls.ts';
import { closed, type Sent, setup } from './testing-producer.ts';

/** What of it a consumer sees. */
function seen(sent: readonly Sent[]): object[] {
  return sent.flatMap(({ partition, records }) =>
    records.map(({ key, value, headers, timestamp }) => ({
      ...{ partition, timestamp, headers: headers.map((header) => [header.key, String(header.value)]) },
      ...{ key: key === null ? null : String(key), value: String(value) },
    })),
  );
}

const SIZES = [0, 1, 60, 130, 2_047, 2_048, 9_000, 70_000];

test('lines are sent as if each was posted by itself, whatever their size and what they have in common', async () => {
  const seed = seedOf();
  const random = new SeededRandom(seed);
  for (let round = 0; round < 60; round++) {
    const delimiter = random.pick(['\n', '\0']);
    const lines = Array.from({ length: random.below(60) }, (_, index) =>
      `${index}`.padEnd(random.pick(SIZES.slice(0, 1 + random.below(SIZES.length))), random.pick(['x', 'é'])),
    );
    const isEnded = lines.at(-1) === '' || random.below(2) === 0;
    const text = Buffer.from(lines.join(delimiter) + (isEnded && lines.length > 0 ? delimiter : ''));
    const common: LinesOptions = {
      ...{ partition: random.below(2), timestampMs: random.pick([0, 5, 1_700_000_000_000]) },
      ...random.pick<LinesOptions>([{}, {}, { key: 'k' }, { headers: { h: 'v' } }]),
    };
    const options: ProducerOptions = {
      lingerMs: random.pick([0, 5]),
      batchBytes: random.pick([1_000, 20_000, 1_000_000]),
    };
    const [one, other] = [setup(options), setup(options)];
    for (const { producer, world } of [one, other])
      if (round % 2 === 0) await world.until(producer.send('t', { value: 'before', timestampMs: 3 }));
    for (const value of lines) one.producer.post('t', { ...common, value: Buffer.from(value) });
    for (let from = 0; from < text.length; ) {
      // Cut behind any delimiter.
      const end = text.indexOf(delimiter, from + random.below(text.length)) + 1 || text.length;
      other.producer.postLines('t', text.subarray(from, end), {
        ...common,
        delimiter: delimiter.charCodeAt(0),
      });
      from = end;
    }
    for (const { producer, world } of [one, other]) await world.until(producer.flush());
    assert.deepEqual(seen(other.sent), seen(one.sent), `SEED=${seed}`);
    assert.deepEqual(
      other.sent.map(({ records }) => records.length),
      one.sent.map(({ records }) => records.length),
      `in batches of the same size, SEED=${seed}`,
    );
    await closed(one);
    await closed(other);
  }
});

test('lines without a partition change it with each 64 KiB, and all are sent', async () => {
  const all = setup();
  const { producer, world, sent, values } = all;
  await world.until(producer.send('t', { value: 'before' }));
  const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`.padEnd(100));
  producer.postLines('t', Buffer.from(lines.join('\n')));
  await world.until(producer.flush());
  assert.deepEqual(values().slice(1).sort(), lines.sort());
  const counts = [0, 1].map(
    (partition) => seen(sent.filter((batch) => batch.partition === partition)).length,
  );
  for (const count of counts) assert.ok(count > 2_000, `${counts}`);
  await closed(all);
});

test('a line that is too large is told of, and the others are sent; who posts much in one turn is asked to wait', async () => {
  const failed: FailedRecord[] = [];
  const all = setup({ maxRequestBytes: 100_000, onPostFailed: (_, record) => failed.push(record) });
  const { producer, world, values } = all;
  await world.until(producer.send('t', { value: 'before' }));
  const lines = ['one', 'x'.repeat(110_000), 'three'];
  assert.equal(producer.postLines('t', Buffer.from(lines.join('\n')), { partition: 0 }), true);
  assert.equal(
    producer.postLines('t', Buffer.alloc(530_000, `${'x'.repeat(99)}\n`), { partition: 1 }),
    false,
  );
  await assert.rejects(world.until(producer.flush()), { code: 'MESSAGE_TOO_LARGE' });
  assert.deepEqual(
    failed.map(({ topic, value }) => [topic, value?.length]),
    [['t', 110_000]],
  );
  assert.deepEqual(
    values().filter((value) => value.length < 99),
    ['before', 'one', 'three'],
  );
  assert.equal(values().length, 5_303);
  await closed(all);
  assert.throws(() => producer.postLines('t', Buffer.from('one\n')), { code: 'CLOSED' });
});

test('lines that each go by themselves count once for what one turn may post', async () => {
  const all = setup();
  const { producer, world } = all;
  await world.until(producer.send('t', { value: 'before' }));
  const text = Buffer.alloc(300_000, `${'x'.repeat(99)}\n`);
  assert.equal(producer.postLines('t', text, { partition: 0, key: 'k' }), true);
  assert.equal(producer.postLines('t', text, { partition: 0, key: 'k' }), false);
  await world.until(producer.flush());
  await closed(all);
});

test('what lines take of the buffer is free when they are acknowledged', async () => {
  const all = setup({ bufferBytes: 1_000_000 });
  const { producer, world, held } = all;
  await world.until(producer.send('t', { value: 'before' }));
  all.isHolding = true;
  const kilobytes = Buffer.alloc(600_000, `${'x'.repeat(99)}\n`);
  for (let time = 0; time < 2; time++) producer.postLines('t', kilobytes, { partition: 0 });
  let isReady = false;
  const ready = producer.ready().then(() => {
    isReady = true;
  });
  await world.time.advance(1_000);
  assert.ok(held.length > 0);
  assert.equal(isReady, false);
  all.isHolding = false;
  for (const release of held) release();
  await world.until(ready);
  await closed(all);
});
