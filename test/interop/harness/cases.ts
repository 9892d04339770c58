// What the programs in JavaScript share: naming cases, running them with time-outs, records to send, and the group that rebalances.
// The Python programs have the same in clients/python/interop.py.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

export interface Header {
  key: string;
  value: Buffer;
}

export interface TestRecord {
  key: Buffer | null;
  value: Buffer | null;
  headers: Header[];
}

export interface SeenMessage {
  partition: number;
  offset: number;
  value: string;
}

/** A member of a group, as a client's program makes it. */
export interface Member {
  /** The partitions it holds now; empty while it holds none. */
  assignment(): readonly number[];
  /** All it has seen so far, in any order; what it sees it commits. */
  seen: readonly SeenMessage[];
  /** Leaves the group. */
  close(): Promise<void>;
}

export const RUN = randomBytes(4).toString('hex');
/** An hour ago: old enough to differ from the time of sending, too young for retention to remove. */
export const FIRST_MS = Date.now() - 3_600_000;
const CASE_TIMEOUT_MS = 90_000;

type Case = (bootstrap: string) => Promise<string | undefined>;
const cases = new Map<string, Case>();

export function testCase(name: string, run: Case): void {
  cases.set(name, run);
}

export function topicName(name: string): string {
  return `${name}-${RUN}`;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until the condition holds, and answers what it answered. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for: ${what}`);
    await sleep(20);
  }
}

/** A small repeatable generator (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Bytes that are half random and half repetitive, the same for the same arguments. */
export function body(index: number, size: number): Buffer {
  const bytes = Buffer.alloc(size, `line ${index} of a log that repeats itself again and again; `);
  const random = randomFrom(index * 1_000_003 + size);
  for (let at = 0; at + 4 <= size / 2; at += 4) bytes.writeUInt32LE(random(), at);
  return bytes;
}

/** Records of many sizes, with null keys and values, empty ones, and headers. */
export function records(count: number, options: { headers?: boolean } = {}): TestRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const size = [0, 1, 17, 100, 1000, 9000][index % 6] ?? 0;
    const key = index % 7 === 3 ? null : index % 7 === 5 ? Buffer.alloc(0) : Buffer.from(`key-${index}`);
    const value = index % 11 === 5 && key !== null && key.length > 0 ? null : body(index, size);
    const headers =
      options.headers !== false && index % 5 === 0
        ? [
            { key: 'trace', value: Buffer.from([0, 255, 128, index & 255]) },
            { key: 'empty', value: Buffer.alloc(0) },
          ]
        : [];
    return { key, value, headers };
  });
}

export function largeRecords(count = 24): TestRecord[] {
  const random = randomFrom(7);
  return Array.from({ length: count }, (_, index) => ({
    key: Buffer.from(String(index)),
    value: body(index, 100_000 + (random() % 400_000)),
    headers: [],
  }));
}

/** Compares every byte of keys, values and headers, in order. */
export function sameRecords(actual: readonly TestRecord[], expected: readonly TestRecord[]): void {
  assert.equal(actual.length, expected.length, `${actual.length} records instead of ${expected.length}`);
  const same = (a: Buffer | null | undefined, b: Buffer | null) =>
    b === null ? a === null || a === undefined : a !== null && a !== undefined && Buffer.compare(a, b) === 0;
  for (const [index, want] of expected.entries()) {
    const got = actual[index];
    assert.ok(same(got?.key, want.key), `key of record ${index}: ${got?.key?.toString('hex').slice(0, 80)}`);
    assert.ok(
      same(got?.value, want.value),
      `value of record ${index}: ${got?.value?.toString('hex').slice(0, 80)}`,
    );
    assert.equal(got?.headers.length, want.headers.length, `count of headers of record ${index}`);
    for (const [at, header] of want.headers.entries()) {
      assert.equal(got?.headers[at]?.key, header.key, `header of record ${index}`);
      assert.ok(
        same(got?.headers[at]?.value, header.value),
        `value of header ${header.key} of record ${index}`,
      );
    }
  }
}

export function totalBytes(wanted: readonly TestRecord[]): string {
  return `${wanted.reduce((sum, record) => sum + (record.value?.length ?? 0), 0)} bytes`;
}

/**
 * One member, a second joins, a third joins, one leaves; nothing is lost, and who comes after them resumes where they committed.
 * send() resolves when the broker has the record.
 */
export async function rebalancingGroup(
  makeMember: () => Promise<Member>,
  send: (partition: number, value: string) => Promise<void>,
  partitions = 6,
  settleMs = 60_000,
): Promise<string> {
  const sent = new Set<string>();
  const sendRound = async (name: string) => {
    for (let partition = 0; partition < partitions; partition += 1)
      for (let index = 0; index < 5; index += 1) {
        const value = `${name}-${partition}-${index}`;
        await send(partition, value);
        sent.add(value);
      }
  };
  const members: Member[] = [];
  const everyone: Member[] = [];
  const isSettled = () => {
    const shares = members.map((member) => member.assignment());
    const count = shares.reduce((sum, share) => sum + share.length, 0);
    return (
      count === partitions &&
      new Set(shares.flat()).size === partitions &&
      shares.every((share) => share.length > 0)
    );
  };
  const isSeen = (by: readonly Member[]) => {
    const values = new Set(by.flatMap((member) => member.seen.map((message) => message.value)));
    return [...sent].every((value) => values.has(value));
  };
  for (const name of ['first', 'second', 'third']) {
    const member = await makeMember();
    members.push(member);
    everyone.push(member);
    await until(`${members.length} members share ${partitions} partitions`, isSettled, settleMs);
    await sendRound(`with-${name}`);
    await until(`all that was sent is seen after the ${name} joined`, () => isSeen(everyone), 40_000);
  }
  const [leaver] = members.splice(1, 1);
  await leaver?.close();
  await until('the others take over from the one that left', isSettled, settleMs);
  await sendRound('after-leave');
  await until('all that was sent is seen after one left', () => isSeen(everyone), 40_000);
  for (const member of members) await member.close();
  const before = new Set(sent);
  sent.clear();
  await sendRound('resumed');
  const late = await makeMember();
  await until('the late member sees what was sent last', () => isSeen([late]), settleMs);
  await late.close();
  const old = late.seen.filter((message) => before.has(message.value));
  assert.deepEqual(old, [], 'the late member saw what had been committed');
  const total = everyone.reduce((sum, member) => sum + member.seen.length, 0);
  return `${before.size} records, ${total - before.size} seen twice`;
}

/** Runs the cases named on the command line, each within its time, and ends the process. */
export async function main(): Promise<void> {
  const [bootstrap = '', ...names] = process.argv.slice(2);
  for (const name of names.length > 0 ? names : cases.keys()) {
    let ok = true;
    let detail = '';
    let timer: NodeJS.Timeout | undefined;
    try {
      const run = cases.get(name);
      if (run === undefined) throw new Error('there is no such case');
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`the case took longer than ${CASE_TIMEOUT_MS} ms`)),
          CASE_TIMEOUT_MS,
        );
      });
      detail = (await Promise.race([run(bootstrap), late])) ?? '';
    } catch (error) {
      ok = false;
      detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (error instanceof Error && 'errors' in error) detail += `\n${JSON.stringify(error.errors)}`;
      detail = detail.slice(0, 2_000);
    }
    clearTimeout(timer);
    await new Promise((resolve) =>
      process.stdout.write(`${JSON.stringify({ case: name, ok, detail })}\n`, resolve),
    );
  }
  process.exit(0);
}
