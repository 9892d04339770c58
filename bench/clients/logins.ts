// Logs in with SCRAM-SHA-512 at a steady RATE a second, each time on a new connection that it closes, for WINDOWS times SECONDS with as long a pause
// before each. Prints {"windows": [[FROM_MS, TO_MS], ...], "logins": COUNT, "p99": MS}, the times of the wall clock.
//
//     logins.ts PORT RATE SECONDS WINDOWS USER PASSWORD

import { setTimeout as sleep } from 'node:timers/promises';
import { logInWithScram, RawClient } from '@moldau/testing';

const [port, rate, seconds, windowCount] = process.argv.slice(2, 6).map(Number) as [
  number,
  number,
  number,
  number,
];
const [user, password] = process.argv.slice(6) as [string, string];

async function logIn(): Promise<number> {
  const begin = performance.now();
  const client = await RawClient.dial({ port });
  try {
    await logInWithScram(client, user, password);
  } finally {
    client.close();
  }
  return performance.now() - begin;
}

const tookMs: number[] = [];
const windows: [number, number][] = [];
await logIn();
for (let window = 0; window < windowCount; window++) {
  await sleep(1000 * seconds);
  const from = Date.now();
  const begin = performance.now();
  const pending: Promise<number>[] = [];
  for (let elapsedMs = 0; elapsedMs < 1000 * seconds; elapsedMs = performance.now() - begin) {
    while (pending.length < (elapsedMs / 1000) * rate) pending.push(logIn());
    await sleep(1);
  }
  windows.push([from, Date.now()]);
  tookMs.push(...(await Promise.all(pending)));
}
tookMs.sort((a, b) => a - b);
const p99 = tookMs[Math.floor(tookMs.length * 0.99)];
process.stdout.write(`${JSON.stringify({ windows, logins: tookMs.length, p99 })}\n`);
